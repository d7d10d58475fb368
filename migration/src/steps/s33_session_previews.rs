//! How often a reconnect session may still look at what a reconnect would do.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000033_session_previews",
    walled: None,
    up:
        "
ALTER TABLE reconnect_sessions ADD COLUMN previews_left {int} NOT NULL DEFAULT 20 CHECK (previews_left >= 0);",
    down: "
ALTER TABLE reconnect_sessions DROP COLUMN previews_left;",
};
