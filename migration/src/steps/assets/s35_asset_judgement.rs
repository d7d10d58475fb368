//! What the judgement of an asset needs beside its dates: refusals without a class, when a refusal counted last, when
//! the dates were read, and what Graph says of the object itself.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000035_asset_judgement",
    tenant_table: None,
    up: "
ALTER TABLE assets ADD COLUMN unclassified_refusals {int} NOT NULL DEFAULT 0;
ALTER TABLE assets ADD COLUMN refusal_counted_at {int};
ALTER TABLE assets ADD COLUMN dates_read_at {int};
ALTER TABLE assets ADD COLUMN condition TEXT;
ALTER TABLE assets ADD COLUMN condition_read_at {int};",
    down: "
ALTER TABLE assets DROP COLUMN condition_read_at;
ALTER TABLE assets DROP COLUMN condition;
ALTER TABLE assets DROP COLUMN dates_read_at;
ALTER TABLE assets DROP COLUMN refusal_counted_at;
ALTER TABLE assets DROP COLUMN unclassified_refusals;",
};
