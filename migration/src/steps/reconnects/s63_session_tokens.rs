//! Which tokens of a reconnect session are valid: the newest, and until a moment the one before. Null in a session that
//! was never refreshed: its only token is valid.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000063_session_tokens",
    tenant_table: None,
    up: "
ALTER TABLE reconnect_sessions ADD COLUMN token_id {uuid};
ALTER TABLE reconnect_sessions ADD COLUMN older_token_id {uuid};
ALTER TABLE reconnect_sessions ADD COLUMN older_token_until {int};",
    down: "
ALTER TABLE reconnect_sessions DROP COLUMN older_token_until;
ALTER TABLE reconnect_sessions DROP COLUMN older_token_id;
ALTER TABLE reconnect_sessions DROP COLUMN token_id;",
};
