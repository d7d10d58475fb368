//! Undo: the reconnect that a reconnect undoes, and that one's number, which stays known when it is past retention.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000062_undo",
    tenant_table: None,
    up: "
ALTER TABLE reconnects ADD COLUMN undo_of {uuid};
ALTER TABLE reconnects ADD COLUMN undo_seq {int};
CREATE INDEX reconnects_by_undone ON reconnects (tenant_id, undo_of) WHERE undo_of IS NOT NULL;",
    down: "
DROP INDEX reconnects_by_undone;
ALTER TABLE reconnects DROP COLUMN undo_seq;
ALTER TABLE reconnects DROP COLUMN undo_of;",
};
