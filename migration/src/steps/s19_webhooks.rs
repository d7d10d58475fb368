//! Webhooks outwards: where a tenant is told its events, and how each is on its way.

use crate::step::Step;

/// A share is what claims of one kind of work are divided fairly between, within a tenant.
pub(crate) const ENDPOINTS: Step = Step {
    name: "m20261122_000019_webhooks",
    walled: Some("webhook_endpoints"),
    up: "
CREATE TABLE webhook_endpoints (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    url TEXT NOT NULL,
    kinds TEXT,
    generation {int} NOT NULL,
    sealed {bytes} NOT NULL,
    older_sealed {bytes},
    older_until {int},
    status TEXT NOT NULL CHECK (status IN ('enabled', 'disabled')),
    disabled_reason TEXT,
    disabled_at {int},
    failing_since {int},
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((older_sealed IS NULL) = (older_until IS NULL)),
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL)),
    CHECK ((status = 'disabled') = (disabled_at IS NOT NULL))
) {strict};
ALTER TABLE due ADD COLUMN share {uuid};
CREATE INDEX due_by_share ON due (tenant_id, share) WHERE share IS NOT NULL;",
    down: "
DROP INDEX due_by_share;
ALTER TABLE due DROP COLUMN share;
DROP TABLE webhook_endpoints;",
};

/// One event on its way to one endpoint.
pub(crate) const DELIVERIES: Step = Step {
    name: "m20261122_000019_webhooks_deliveries",
    walled: Some("deliveries"),
    up: "
CREATE TABLE deliveries (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    endpoint_id {uuid} NOT NULL,
    event_id {uuid} NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed')),
    attempts {int} NOT NULL,
    response_status {int},
    error TEXT,
    created_at {int} NOT NULL,
    next_at {int},
    finished_at {int},
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, endpoint_id) REFERENCES webhook_endpoints (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, event_id) REFERENCES events (tenant_id, id) ON DELETE CASCADE,
    CHECK ((status = 'pending') = (next_at IS NOT NULL)),
    CHECK ((status = 'pending') = (finished_at IS NULL))
) {strict};
CREATE UNIQUE INDEX deliveries_once ON deliveries (tenant_id, event_id, endpoint_id);
CREATE INDEX deliveries_by_endpoint ON deliveries (tenant_id, endpoint_id, id);",
    down: "DROP TABLE deliveries;",
};
