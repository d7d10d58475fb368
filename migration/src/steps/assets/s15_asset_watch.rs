//! What watching an asset learns: since when it works, how its cut-off is known, and the state that the
//! tenant was last notified of.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000015_asset_watch",
    tenant_table: None,
    up: "
ALTER TABLE assets ADD COLUMN working_since {int};
ALTER TABLE assets ADD COLUMN cut_off_source TEXT;
ALTER TABLE assets ADD COLUMN cut_off_learned_at {int};
ALTER TABLE assets ADD COLUMN notified_state TEXT;",
    down: "
ALTER TABLE assets DROP COLUMN notified_state;
ALTER TABLE assets DROP COLUMN cut_off_learned_at;
ALTER TABLE assets DROP COLUMN cut_off_source;
ALTER TABLE assets DROP COLUMN working_since;",
};
