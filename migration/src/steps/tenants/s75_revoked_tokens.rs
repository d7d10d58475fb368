//! The access tokens of a client that were revoked one by one, with the times at which they end by themselves, as JSON.
//! Null if none was.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000075_revoked_tokens",
    tenant_table: None,
    up: "
ALTER TABLE clients ADD COLUMN revoked_tokens TEXT;",
    down: "
ALTER TABLE clients DROP COLUMN revoked_tokens;",
};
