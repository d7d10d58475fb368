//! Tenants. `intent_seq` numbers the tenant's reconnects in the order they were accepted.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000002_tenants",
    tenant_table: None,
    up: "
CREATE TABLE tenants (
    id {uuid} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    app_id TEXT NOT NULL REFERENCES apps (id),
    status TEXT NOT NULL CHECK (status IN ('active', 'suspended')),
    intent_seq {int} NOT NULL DEFAULT 0,
    created_at {int} NOT NULL
) {strict};",
    down: "DROP TABLE tenants;",
};
