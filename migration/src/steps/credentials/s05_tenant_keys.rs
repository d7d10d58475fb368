//! Wrapped data keys. The nil tenant is the installation itself, so there is no foreign key to `tenants`.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000005_tenant_keys",
    tenant_table: Some("tenant_keys"),
    up: "
CREATE TABLE tenant_keys (
    tenant_id {uuid} NOT NULL,
    key_id {uuid} NOT NULL,
    version {int} NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'decrypt_only')),
    wrapped {bytes} NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, key_id, version)
) {strict};
CREATE UNIQUE INDEX tenant_keys_one_active ON tenant_keys (tenant_id) WHERE state = 'active';",
    down: "DROP TABLE tenant_keys;",
};
