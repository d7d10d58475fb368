//! Key-encryption keys are replaced while processes run: which of them each process can open, and the oldest version
//! that may still wrap. The bytes 27 to 46 of a wrapped key name the key and version that wrapped it.
//!
//! On PostgreSQL functions of the owner read wrapped keys of all tenants; each is written by its own tenant's transaction.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000055_key_rotation",
    tenant_table: None,
    up: "
CREATE TABLE nodes (
    id {uuid} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    opens {bytes} NOT NULL,
    wraps_with {bytes} NOT NULL,
    seen_at {int} NOT NULL
) {strict};
CREATE TABLE kek_floor (
    kek_id {uuid} NOT NULL PRIMARY KEY,
    version {int} NOT NULL
) {strict};
CREATE INDEX tenant_keys_by_kek ON tenant_keys (substr(wrapped, 27, 20));
CREATE INDEX tenant_keys_by_age ON tenant_keys (state, created_at);
{postgres_only}
CREATE POLICY read_by_owner ON tenant_keys FOR SELECT TO CURRENT_USER USING (TRUE);
CREATE FUNCTION count_keys_by_kek() RETURNS TABLE (kek BYTEA, data_keys BIGINT)
    LANGUAGE sql STABLE SECURITY DEFINER AS '
    SELECT substr(k.wrapped, 27, 20), count(*) FROM tenant_keys k GROUP BY 1';
CREATE FUNCTION wrapped_keys(lowest BYTEA, below BYTEA, after_tenant UUID, after_key UUID, batch BIGINT)
    RETURNS TABLE (tenant_id UUID, key_id UUID, version BIGINT, wrapped BYTEA)
    LANGUAGE sql STABLE SECURITY DEFINER AS '
    SELECT k.tenant_id, k.key_id, k.version, k.wrapped FROM tenant_keys k
    WHERE substr(k.wrapped, 27, 20) >= lowest AND substr(k.wrapped, 27, 20) < below
        AND (k.tenant_id, k.key_id) > (after_tenant, after_key)
    ORDER BY k.tenant_id, k.key_id LIMIT batch';
CREATE FUNCTION tenants_with_keys(of_state TEXT, made_before BIGINT) RETURNS SETOF UUID
    LANGUAGE sql STABLE SECURITY DEFINER AS '
    SELECT k.tenant_id FROM tenant_keys k WHERE k.state = of_state AND k.created_at < made_before';
DO $$
DECLARE function TEXT;
BEGIN
    FOREACH function IN ARRAY ARRAY[
        'count_keys_by_kek()', 'wrapped_keys(BYTEA, BYTEA, UUID, UUID, BIGINT)',
        'tenants_with_keys(TEXT, BIGINT)'
    ] LOOP
        -- The function runs as the owner: it must find this table, whatever the caller puts in its search path.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END $$;",
    down: "
DROP INDEX tenant_keys_by_age;
DROP INDEX tenant_keys_by_kek;
DROP TABLE kek_floor;
DROP TABLE nodes;
{postgres_only}
DROP FUNCTION tenants_with_keys(TEXT, BIGINT);
DROP FUNCTION wrapped_keys(BYTEA, BYTEA, UUID, UUID, BIGINT);
DROP FUNCTION count_keys_by_kek();
DROP POLICY read_by_owner ON tenant_keys;",
};
