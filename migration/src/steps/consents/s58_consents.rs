//! Consents: sealed log-ins that were not yet used. `missing_scopes` is JSON.
//!
//! `consent_codes` has a row for every code whose exchange was begun, so that no code is sent to Meta twice.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000058_consents",
    tenant_table: Some("consents"),
    up: "
CREATE TABLE consents (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    owner_kind TEXT NOT NULL CHECK (owner_kind IN ('session', 'client')),
    owner_id {uuid} NOT NULL,
    sealed {bytes} NOT NULL,
    person_id {graph_id} NOT NULL,
    person_name TEXT,
    kind TEXT NOT NULL,
    is_work_account {bool},
    token_expires_at {int},
    missing_scopes TEXT NOT NULL,
    created_at {int} NOT NULL,
    ends_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE UNIQUE INDEX consents_one_each ON consents (tenant_id, owner_kind, owner_id) WHERE owner_kind <> 'client';
CREATE INDEX consents_by_owner ON consents (tenant_id, owner_kind, owner_id, id);
CREATE INDEX consents_by_end ON consents (tenant_id, ends_at);
CREATE TABLE consent_codes (
    tenant_id {uuid} NOT NULL,
    code_hash {bytes} NOT NULL,
    owner_id {uuid} NOT NULL,
    call_key TEXT,
    begun_at {int} NOT NULL,
    ended_at {int},
    PRIMARY KEY (tenant_id, code_hash)
) {strict};
CREATE INDEX consent_codes_by_begin ON consent_codes (tenant_id, begun_at);
{postgres_only}
ALTER TABLE consent_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE consent_codes FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON consent_codes
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);",
    down: "
DROP TABLE consent_codes;
DROP TABLE consents;",
};
