//! Clients of tenants, with hashes of random secrets. Looked up by id before a tenant is known.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000004_clients",
    tenant_table: None,
    up: "
CREATE TABLE clients (
    tenant_id {uuid} NOT NULL REFERENCES tenants (id),
    id {uuid} NOT NULL,
    name TEXT NOT NULL,
    secret_hash {bytes} NOT NULL,
    scopes TEXT NOT NULL,
    created_at {int} NOT NULL,
    disabled_at {int},
    last_used_at {int},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE INDEX clients_by_id ON clients (id);",
    down: "DROP TABLE clients;",
};
