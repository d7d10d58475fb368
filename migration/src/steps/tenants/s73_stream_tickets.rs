//! Tickets with which a page in a browser opens one stream of events, once. Of the secret only the hash is stored.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000073_stream_tickets",
    tenant_table: Some("stream_tickets"),
    up: "
CREATE TABLE stream_tickets (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    secret_hash {bytes} NOT NULL,
    stream TEXT NOT NULL,
    client_id {uuid} NOT NULL,
    client_version {int} NOT NULL,
    session_id {uuid},
    session_token {uuid},
    expires_at {int} NOT NULL,
    seal {bytes},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE UNIQUE INDEX stream_tickets_by_secret ON stream_tickets (tenant_id, secret_hash);
CREATE INDEX stream_tickets_by_end ON stream_tickets (tenant_id, expires_at);",
    down: "
DROP TABLE stream_tickets;",
};
