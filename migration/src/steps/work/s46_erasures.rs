//! Deletions whose bytes are still to leave a SQLite file. On PostgreSQL the table stays empty: bytes leave it by
//! vacuum, and the log and its copies by their own retention.
//!
//! No foreign key: the subject (a tenant, a notice) may be deleted first. What was deleted before this step is owed.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000046_erasures",
    tenant_table: None,
    up: "
CREATE TABLE erasures (
    subject_id {uuid} NOT NULL PRIMARY KEY,
    cause TEXT NOT NULL,
    owed_at {int} NOT NULL,
    erased_at {int}
) {strict};
CREATE INDEX erasures_owed ON erasures (owed_at) WHERE erased_at IS NULL;
INSERT INTO erasures (subject_id, cause, owed_at)
    SELECT id, 'deleted_person', done_at FROM inbox
    WHERE {is_sqlite} AND kind = 'data_deletion' AND done_at IS NOT NULL;
INSERT INTO erasures (subject_id, cause, owed_at)
    SELECT id, 'destroyed_keys', coalesce(deleted_at, shredded_at) FROM tenants
    WHERE {is_sqlite} AND coalesce(deleted_at, shredded_at) IS NOT NULL;",
    down: "
DROP TABLE erasures;",
};
