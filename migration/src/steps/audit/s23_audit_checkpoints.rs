//! Signed statements of where an audit chain ended. They help once a copy is stored elsewhere.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000023_audit_checkpoints",
    tenant_table: Some("audit_checkpoints"),
    up: "
CREATE TABLE audit_checkpoints (
    tenant_id {uuid} NOT NULL,
    seq {int} NOT NULL,
    statement TEXT NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, seq)
) {strict};",
    down: "DROP TABLE audit_checkpoints;",
};
