//! Events to tenants, written in the transaction of the change they report.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000018_events",
    tenant_table: Some("events"),
    up: "
CREATE TABLE events (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {strict};",
    down: "DROP TABLE events;",
};
