//! Reconnects. `submitted` is the sealed token, wiped when the reconnect is finished; `event_seq` counts the
//! events of its items.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000009_reconnects",
    tenant_table: Some("reconnects"),
    up: "
CREATE TABLE reconnects (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    intent_seq {int} NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'cancelled')),
    token_validated {bool} NOT NULL DEFAULT {false},
    grant_id {uuid},
    expect_person TEXT,
    submitted {bytes},
    submitted_kind TEXT,
    event_seq {int} NOT NULL DEFAULT 0,
    total {int} NOT NULL,
    created_by {uuid} NOT NULL,
    created_at {int} NOT NULL,
    finished_at {int},
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, intent_seq),
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
) {strict};",
    down: "DROP TABLE reconnects;",
};
