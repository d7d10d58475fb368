//! Credentials by person: finds the credentials of one person in every slot without reading their records.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000024_credentials_by_person",
    tenant_table: None,
    up: "
CREATE INDEX credentials_by_person ON credentials (tenant_id, person_id, slot, asset_id)
    WHERE person_id IS NOT NULL;",
    down: "DROP INDEX credentials_by_person;",
};
