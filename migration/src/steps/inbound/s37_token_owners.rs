//! Tokens that Graph was asked about and of which no person is known, so that a notice about a person does not ask
//! again. The index finds earlier notices about a person whose token comes in.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000037_token_owners",
    tenant_table: None,
    up: "
ALTER TABLE credentials ADD COLUMN ownerless_since {int};
CREATE INDEX inbox_by_person ON inbox (app_id, person_hash);",
    down: "
DROP INDEX inbox_by_person;
ALTER TABLE credentials DROP COLUMN ownerless_since;",
};
