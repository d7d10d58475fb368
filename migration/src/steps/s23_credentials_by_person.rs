//! Credentials by their person: what one person serves, stands by for and is parked for, without reading
//! the records themselves.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000023_credentials_by_person",
    walled: None,
    up: "
CREATE INDEX credentials_by_person ON credentials (tenant_id, person_id, slot, asset_id)
    WHERE person_id IS NOT NULL;",
    down: "DROP INDEX credentials_by_person;",
};
