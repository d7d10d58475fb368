//! Request proofs that were seen; each is accepted once.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000028_client_proofs",
    tenant_table: Some("client_proofs"),
    up: "
CREATE TABLE client_proofs (
    tenant_id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    proof {bytes} NOT NULL,
    expires_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, client_id, proof)
) {strict};
CREATE INDEX client_proofs_by_end ON client_proofs (tenant_id, expires_at);",
    down: "DROP TABLE client_proofs;",
};
