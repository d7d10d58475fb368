//! Requests to destroy a version of the key-encryption key (KEK): another operator approves each.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000066_kek_retirements",
    tenant_table: None,
    up: "
CREATE TABLE kek_retirements (
    id {uuid} NOT NULL PRIMARY KEY,
    kek {bytes} NOT NULL UNIQUE,
    requester_id {uuid},
    requested_at {int} NOT NULL,
    seal {bytes}
) {strict};",
    down: "
DROP TABLE kek_retirements;",
};
