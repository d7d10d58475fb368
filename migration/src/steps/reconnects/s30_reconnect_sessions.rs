//! Reconnect sessions: what a browser may do for one person, for minutes. `asset_ids` is JSON.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000030_reconnect_sessions",
    tenant_table: Some("reconnect_sessions"),
    up: "
CREATE TABLE reconnect_sessions (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    person_id TEXT,
    require_person {bool} NOT NULL,
    asset_ids TEXT NOT NULL,
    uses_left {int} NOT NULL CHECK (uses_left >= 0),
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    ended_at {int},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE INDEX reconnect_sessions_by_end ON reconnect_sessions (tenant_id, expires_at);
ALTER TABLE reconnects ADD COLUMN session_id {uuid};",
    down: "
ALTER TABLE reconnects DROP COLUMN session_id;
DROP TABLE reconnect_sessions;",
};
