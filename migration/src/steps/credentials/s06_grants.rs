//! The facts of each received token. Holds no secret.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000006_grants",
    tenant_table: Some("grants"),
    up: "
CREATE TABLE grants (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    app_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT,
    is_work_account {bool},
    scopes TEXT NOT NULL,
    issued_at {int},
    expires_at {int},
    data_access_expires_at {int},
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {strict};",
    down: "DROP TABLE grants;",
};
