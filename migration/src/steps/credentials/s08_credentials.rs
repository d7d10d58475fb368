//! Sealed tokens. An asset has at most one active, one candidate and one previous, and one standby for each
//! person.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000008_credentials",
    tenant_table: Some("credentials"),
    up: "
CREATE TABLE credentials (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    asset_id {graph_id} NOT NULL,
    slot TEXT NOT NULL CHECK (slot IN ('active', 'candidate', 'previous', 'standby')),
    kind TEXT NOT NULL,
    generation {int} NOT NULL,
    grant_id {uuid},
    person_id TEXT,
    intent_seq {int} NOT NULL,
    sealed {bytes} NOT NULL,
    key_id {uuid} NOT NULL,
    key_version {int} NOT NULL,
    fingerprint {bytes} NOT NULL,
    tasks TEXT NOT NULL,
    expires_at {int},
    data_access_expires_at {int},
    proved_at {int},
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, grant_id) REFERENCES grants (tenant_id, id) DEFERRABLE INITIALLY DEFERRED
) {strict};
CREATE INDEX credentials_by_asset ON credentials (tenant_id, asset_id);
CREATE UNIQUE INDEX credentials_one_active ON credentials (tenant_id, asset_id) WHERE slot = 'active';
CREATE UNIQUE INDEX credentials_one_candidate ON credentials (tenant_id, asset_id) WHERE slot = 'candidate';
CREATE UNIQUE INDEX credentials_one_previous ON credentials (tenant_id, asset_id) WHERE slot = 'previous';
CREATE UNIQUE INDEX credentials_one_standby ON credentials (tenant_id, asset_id, person_id) WHERE slot = 'standby';",
    down: "DROP TABLE credentials;",
};
