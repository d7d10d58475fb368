//! How many previews a reconnect session may still request.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000034_session_previews",
    tenant_table: None,
    up:
        "
ALTER TABLE reconnect_sessions ADD COLUMN previews_left {int} NOT NULL DEFAULT 20 CHECK (previews_left >= 0);",
    down: "
ALTER TABLE reconnect_sessions DROP COLUMN previews_left;",
};
