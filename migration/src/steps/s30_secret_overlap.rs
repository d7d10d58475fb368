//! When a secret that was replaced stops counting, and from when a signing key signs.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000030_secret_overlap",
    walled: None,
    up: "
ALTER TABLE apps ADD COLUMN previous_secret_until {int};
ALTER TABLE signing_keys ADD COLUMN active_from {int};",
    down: "
ALTER TABLE signing_keys DROP COLUMN active_from;
ALTER TABLE apps DROP COLUMN previous_secret_until;",
};
