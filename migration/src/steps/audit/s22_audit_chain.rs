//! The audit as a chain: the number and link of each row, the end of each chain, the key that links. Rows
//! from before have number 0 and are outside the chain.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000022_audit_chain",
    tenant_table: Some("audit_heads"),
    up: "
ALTER TABLE audit_events ADD COLUMN seq {int} NOT NULL DEFAULT 0;
ALTER TABLE audit_events ADD COLUMN hash {bytes};
CREATE UNIQUE INDEX audit_events_seq ON audit_events (tenant_id, seq) WHERE seq > 0;
CREATE TABLE audit_heads (
    tenant_id {uuid} NOT NULL PRIMARY KEY,
    seq {int} NOT NULL,
    hash {bytes} NOT NULL
) {strict};
CREATE TABLE audit_keys (
    name TEXT NOT NULL PRIMARY KEY,
    sealed {bytes} NOT NULL,
    created_at {int} NOT NULL
) {strict};
ALTER TABLE tenants ADD COLUMN reason_required {bool} NOT NULL DEFAULT {false};",
    down: "
ALTER TABLE tenants DROP COLUMN reason_required;
DROP TABLE audit_keys;
DROP TABLE audit_heads;
DROP INDEX audit_events_seq;
ALTER TABLE audit_events DROP COLUMN hash;
ALTER TABLE audit_events DROP COLUMN seq;",
};
