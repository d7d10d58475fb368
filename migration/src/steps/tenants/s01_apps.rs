//! Meta apps of the installation; their secrets are sealed under the installation's own data key.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000001_apps",
    tenant_table: None,
    up: "
CREATE TABLE apps (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    secret_sealed {bytes} NOT NULL,
    verify_token_sealed {bytes},
    created_at {int} NOT NULL
) {strict};",
    down: "DROP TABLE apps;",
};
