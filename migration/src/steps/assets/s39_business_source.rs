//! Who named the business of an asset: a confined client reaches by business only what Graph or a client of the whole
//! tenant named. Businesses from before are of unknown source, and count again once a probe or such a client names them.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000039_business_source",
    up: "ALTER TABLE assets ADD COLUMN business_source TEXT;",
    down: "ALTER TABLE assets DROP COLUMN business_source;",
    tenant_table: None,
};
