//! The installation's keys that sign access tokens, sealed.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000003_signing_keys",
    tenant_table: None,
    up: "
CREATE TABLE signing_keys (
    kid TEXT NOT NULL PRIMARY KEY,
    sealed {bytes} NOT NULL,
    created_at {int} NOT NULL,
    retired_at {int}
) {strict};",
    down: "DROP TABLE signing_keys;",
};
