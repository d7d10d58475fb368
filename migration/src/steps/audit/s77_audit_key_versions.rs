//! The number of the key that links the next row of a chain. A row of the chain records each change of the key.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000077_audit_key_versions",
    tenant_table: None,
    up: "
ALTER TABLE audit_heads ADD COLUMN key_version {int} NOT NULL DEFAULT 1;",
    down: "
ALTER TABLE audit_heads DROP COLUMN key_version;",
};
