//! Webhook endpoints: where a tenant receives its events. A `share` is a part of one tenant's due work:
//! claims are divided fairly between shares.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000019_webhook_endpoints",
    tenant_table: Some("webhook_endpoints"),
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
