//! A row of the audit that is past retention keeps its place and the digest of what it said.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000031_audit_pruning",
    walled: None,
    up: "
ALTER TABLE audit_events ADD COLUMN pruned {bytes};
CREATE INDEX audit_events_unpruned ON audit_events (tenant_id, at) WHERE pruned IS NULL;",
    down: "
DROP INDEX audit_events_unpruned;
ALTER TABLE audit_events DROP COLUMN pruned;",
};
