//! Idempotency keys of every call, with the response as JSON without a secret.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000033_idempotent_responses",
    tenant_table: Some("idempotency"),
    up: "
DROP TABLE idempotency;
CREATE TABLE idempotency (
    tenant_id {uuid} NOT NULL,
    caller_id {uuid} NOT NULL,
    route TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint {bytes} NOT NULL,
    key_version {int} NOT NULL,
    response TEXT NOT NULL,
    reconnect_id {uuid},
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, caller_id, route, key),
    FOREIGN KEY (tenant_id, reconnect_id) REFERENCES reconnects (tenant_id, id)
        ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
) {strict};
CREATE INDEX idempotency_by_reconnect ON idempotency (tenant_id, reconnect_id);
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);",
    down: "
DROP TABLE idempotency;
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
CREATE INDEX idempotency_by_reconnect ON idempotency (tenant_id, reconnect_id);
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);",
};
