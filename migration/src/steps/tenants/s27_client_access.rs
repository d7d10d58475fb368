//! Limits of a client: expiry, networks, assets, proofs, two secrets; and the use of its scopes. Lists are
//! JSON; null is no limit.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000027_client_access",
    tenant_table: Some("client_scopes"),
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
