//! Audit events: written in the transaction of the change they record, never changed.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000012_audit_events",
    tenant_table: Some("audit_events"),
    up: "
CREATE TABLE audit_events (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    at {int} NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {strict};",
    down: "DROP TABLE audit_events;",
};
