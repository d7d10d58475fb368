//! What narrows a client: an end, addresses, assets, proofs, two secrets; and which scopes it uses.

use crate::step::Step;

/// Columns of `clients`. Lists are JSON; null is no limit.
pub(crate) const LIMITS: Step = Step {
    name: "m20261122_000026_client_access",
    walled: Some("client_scopes"),
    up: "
ALTER TABLE clients ADD COLUMN previous_secret_hash {bytes};
ALTER TABLE clients ADD COLUMN previous_secret_until {int};
ALTER TABLE clients ADD COLUMN proof_key_sealed {bytes};
ALTER TABLE clients ADD COLUMN previous_proof_key_sealed {bytes};
ALTER TABLE clients ADD COLUMN expires_at {int};
ALTER TABLE clients ADD COLUMN token_version {int} NOT NULL DEFAULT 0;
ALTER TABLE clients ADD COLUMN networks TEXT;
ALTER TABLE clients ADD COLUMN asset_ids TEXT;
ALTER TABLE clients ADD COLUMN business_ids TEXT;
ALTER TABLE clients ADD COLUMN proof_required {bool} NOT NULL DEFAULT {false};
ALTER TABLE clients ADD COLUMN keep_unused_scopes {bool} NOT NULL DEFAULT {false};
CREATE TABLE client_scopes (
    tenant_id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    scope TEXT NOT NULL,
    granted_at {int} NOT NULL,
    used_at {int},
    PRIMARY KEY (tenant_id, client_id, scope)
) {strict};",
    down: "
DROP TABLE client_scopes;
ALTER TABLE clients DROP COLUMN keep_unused_scopes;
ALTER TABLE clients DROP COLUMN proof_required;
ALTER TABLE clients DROP COLUMN business_ids;
ALTER TABLE clients DROP COLUMN asset_ids;
ALTER TABLE clients DROP COLUMN networks;
ALTER TABLE clients DROP COLUMN token_version;
ALTER TABLE clients DROP COLUMN expires_at;
ALTER TABLE clients DROP COLUMN previous_proof_key_sealed;
ALTER TABLE clients DROP COLUMN proof_key_sealed;
ALTER TABLE clients DROP COLUMN previous_secret_until;
ALTER TABLE clients DROP COLUMN previous_secret_hash;",
};

/// Proofs that were seen; one counts once.
pub(crate) const PROOFS: Step = Step {
    name: "m20261122_000027_client_proofs",
    walled: Some("client_proofs"),
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
