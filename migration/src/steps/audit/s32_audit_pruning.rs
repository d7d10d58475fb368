//! A pruned row of the audit keeps its position and the digest of its content.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000032_audit_pruning",
    tenant_table: None,
    up: "
ALTER TABLE audit_events ADD COLUMN pruned {bytes};
CREATE INDEX audit_events_unpruned ON audit_events (tenant_id, at) WHERE pruned IS NULL;",
    down: "
DROP INDEX audit_events_unpruned;
ALTER TABLE audit_events DROP COLUMN pruned;",
};
