//! Seals of the rows that decide who may do what, and of the slot of the credential that serves.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000041_row_seals",
    tenant_table: None,
    up: "
ALTER TABLE tenants ADD COLUMN seal {bytes};
ALTER TABLE clients ADD COLUMN seal {bytes};
ALTER TABLE reconnect_sessions ADD COLUMN seal {bytes};
ALTER TABLE operators ADD COLUMN seal {bytes};
ALTER TABLE operator_sessions ADD COLUMN seal {bytes};
ALTER TABLE credentials ADD COLUMN slot_seal {bytes};",
    down: "
ALTER TABLE credentials DROP COLUMN slot_seal;
ALTER TABLE operator_sessions DROP COLUMN seal;
ALTER TABLE operators DROP COLUMN seal;
ALTER TABLE reconnect_sessions DROP COLUMN seal;
ALTER TABLE clients DROP COLUMN seal;
ALTER TABLE tenants DROP COLUMN seal;",
};
