//! What a deletion waits for: which key-encryption keys (KEKs) ever wrapped a data key, which KEKs are destroyed, and what
//! was deleted when. A copy of a wrapped key or of a sealed record stays of use until the last of these KEKs is destroyed.
//!
//! All outlive the tenant. A data key that was deleted before this step counts as wrapped by every KEK in use.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000056_deletions",
    tenant_table: None,
    up: "
CREATE TABLE key_wraps (
    tenant_id {uuid} NOT NULL,
    key_id {uuid} NOT NULL,
    kek {bytes} NOT NULL,
    made_at {int} NOT NULL,
    deleted_at {int},
    PRIMARY KEY (tenant_id, key_id, kek)
) {strict};
CREATE TABLE deletions (
    tenant_id {uuid} NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('shred', 'tenant', 'person')),
    subject_id {uuid} NOT NULL,
    deleted_at {int} NOT NULL,
    items {int} NOT NULL,
    effective_at {int},
    PRIMARY KEY (tenant_id, cause, subject_id)
) {strict};
CREATE INDEX deletions_by_subject ON deletions (subject_id);
CREATE INDEX deletions_that_wait ON deletions (tenant_id) WHERE effective_at IS NULL;
CREATE TABLE destroyed_keks (
    kek {bytes} NOT NULL PRIMARY KEY,
    destroyed_at {int} NOT NULL
) {strict};
INSERT INTO key_wraps (tenant_id, key_id, kek, made_at)
    SELECT tenant_id, key_id, substr(wrapped, 27, 20), created_at FROM tenant_keys;
INSERT INTO deletions (tenant_id, cause, subject_id, deleted_at, items)
    SELECT id, 'shred', id, shredded_at, 0 FROM tenants WHERE shredded_at IS NOT NULL
    UNION ALL SELECT id, 'tenant', id, deleted_at, 0 FROM tenants WHERE deleted_at IS NOT NULL;
INSERT INTO key_wraps (tenant_id, key_id, kek, made_at, deleted_at)
    SELECT t.id, t.id, k.kek, t.created_at, coalesce(t.shredded_at, t.deleted_at)
    FROM tenants t CROSS JOIN (SELECT DISTINCT kek FROM key_wraps) k
    WHERE coalesce(t.shredded_at, t.deleted_at) IS NOT NULL;
{postgres_only}
ALTER TABLE key_wraps ENABLE ROW LEVEL SECURITY;
ALTER TABLE key_wraps FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON key_wraps
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON key_wraps TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON key_wraps FOR SELECT USING (TRUE);
ALTER TABLE deletions ENABLE ROW LEVEL SECURITY;
ALTER TABLE deletions FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON deletions
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON deletions TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON deletions FOR SELECT USING (TRUE);
CREATE FUNCTION rewrite_tenant_keys() RETURNS VOID
    LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '500ms' AS $$
BEGIN
    -- Of the commands that rewrite a table without its dead rows, this one runs in a function, so that the application
    -- needs no right to the table itself.
    EXECUTE 'CLUSTER tenant_keys USING tenant_keys_pkey';
END $$;
DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION rewrite_tenant_keys() SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION rewrite_tenant_keys() FROM PUBLIC;
END $$;",
    down: "
DROP TABLE destroyed_keks;
DROP TABLE deletions;
DROP TABLE key_wraps;
{postgres_only}
DROP FUNCTION rewrite_tenant_keys();",
};
