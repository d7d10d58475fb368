//! The rows that record a change of a chain's key, which pruning and verifying look for. An index over them alone is small.
//!
//! On PostgreSQL it is built while the audit is written. Where that was broken off, an index is left that serves nothing, so
//! each statement can be repeated.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261130_000090_audit_key_changes",
    tenant_table: None,
    up: "
DROP INDEX {concurrently} IF EXISTS audit_events_key_changes;
CREATE INDEX {concurrently} audit_events_key_changes ON audit_events (tenant_id, seq)
    WHERE action = 'audit.key_replaced';",
    down: "
DROP INDEX {concurrently} IF EXISTS audit_events_key_changes;",
};
