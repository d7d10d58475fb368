//! The sealed token of a grant, stored while a credential comes from the grant: to probe, to mint and to
//! refresh.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000017_grant_tokens",
    tenant_table: None,
    up: "
ALTER TABLE grants ADD COLUMN sealed {bytes};
ALTER TABLE grants ADD COLUMN key_id {uuid};
ALTER TABLE grants ADD COLUMN key_version {int};
ALTER TABLE grants ADD COLUMN refresh_tried_at {int};
CREATE INDEX credentials_by_grant ON credentials (tenant_id, grant_id, slot) WHERE grant_id IS NOT NULL;
CREATE INDEX grants_by_person ON grants (tenant_id, person_id);
ALTER TABLE reconnects ADD COLUMN origin TEXT NOT NULL DEFAULT 'call';",
    down: "
ALTER TABLE reconnects DROP COLUMN origin;
DROP INDEX grants_by_person;
DROP INDEX credentials_by_grant;
ALTER TABLE grants DROP COLUMN refresh_tried_at;
ALTER TABLE grants DROP COLUMN key_version;
ALTER TABLE grants DROP COLUMN key_id;
ALTER TABLE grants DROP COLUMN sealed;",
};
