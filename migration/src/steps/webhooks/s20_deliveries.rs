//! Deliveries: one event on its way to one endpoint.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000020_deliveries",
    tenant_table: Some("deliveries"),
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
