//! When a secret that was replaced stops being valid, and when a signing key begins to sign.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000031_secret_overlap",
    tenant_table: None,
    up: "
ALTER TABLE apps ADD COLUMN previous_secret_until {int};
ALTER TABLE signing_keys ADD COLUMN active_from {int};",
    down: "
ALTER TABLE signing_keys DROP COLUMN active_from;
ALTER TABLE apps DROP COLUMN previous_secret_until;",
};
