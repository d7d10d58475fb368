//! What became of the app's access at Meta for the persons of a deletion, as JSON: by tenant where a tenant was shredded, by
//! notice where a person's data was deleted. Null where it was not asked for.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000076_revocations",
    tenant_table: None,
    up: "
ALTER TABLE deletions ADD COLUMN revocation TEXT;
ALTER TABLE inbox ADD COLUMN revocation TEXT;",
    down: "
ALTER TABLE inbox DROP COLUMN revocation;
ALTER TABLE deletions DROP COLUMN revocation;",
};
