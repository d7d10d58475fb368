//! How often in a row work on a due object failed.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000047_run_failures",
    tenant_table: None,
    up: "
ALTER TABLE due ADD COLUMN failures {int} NOT NULL DEFAULT 0;",
    down: "
ALTER TABLE due DROP COLUMN failures;",
};
