//! Facts of a grant that are read again: whose page token it is, when its dates were read, and that a refresh did not
//! move its end. The index finds credentials whose token was never inspected.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000036_grant_facts",
    tenant_table: None,
    up:
        "
ALTER TABLE grants ADD COLUMN profile_id TEXT;
ALTER TABLE grants ADD COLUMN read_at {int};
ALTER TABLE grants ADD COLUMN refresh_failed_at {int};
CREATE INDEX credentials_without_grant ON credentials (tenant_id, asset_id) WHERE grant_id IS NULL;",
    down: "
DROP INDEX credentials_without_grant;
ALTER TABLE grants DROP COLUMN refresh_failed_at;
ALTER TABLE grants DROP COLUMN read_at;
ALTER TABLE grants DROP COLUMN profile_id;",
};
