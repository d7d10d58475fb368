//! Idempotency keys: which earlier call a repeated call replays. The body is known only by its keyed
//! fingerprint.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000011_idempotency",
    tenant_table: Some("idempotency"),
    up: "
CREATE TABLE idempotency (
    tenant_id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    key_version {int} NOT NULL,
    reconnect_id {uuid} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, client_id, route, key),
    FOREIGN KEY (tenant_id, reconnect_id) REFERENCES reconnects (tenant_id, id)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) {strict};
CREATE INDEX idempotency_by_reconnect ON idempotency (tenant_id, reconnect_id);",
    down: "DROP TABLE idempotency;",
};
