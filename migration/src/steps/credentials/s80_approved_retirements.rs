//! When the request to destroy a version of the key-encryption key (KEK) was approved. Null until then. From then on it says
//! that the version may be destroyed, also to a later call that completes what was cut off.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261130_000080_approved_retirements",
    tenant_table: None,
    up: "
ALTER TABLE kek_retirements ADD COLUMN approved_at {int};
{postgres_only}
COMMENT ON COLUMN kek_retirements.approved_at IS 'When it was approved (microseconds since 1970)';",
    down: "
ALTER TABLE kek_retirements DROP COLUMN approved_at;",
};
