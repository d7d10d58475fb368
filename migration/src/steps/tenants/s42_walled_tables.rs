//! On PostgreSQL the application writes rows of one tenant at a time, in every table. What must be found before a tenant
//! is known is found by functions of the owner, each of which does one thing.
//!
//! Clients are read by id through `client_for_login`; rows of `due` and `probe_due` are leased, renewed and released by
//! functions that write the lease and nothing else; a notice is made due for the tenants that know its person by another.
//! Reading ids, times, hashes and settings across tenants stays open.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000042_walled_tables",
    tenant_table: None,
    up: "{postgres_only}
ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
ALTER TABLE clients FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON clients
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON clients TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON tenants
    USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON tenants TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON tenants FOR SELECT USING (TRUE);
ALTER TABLE due ENABLE ROW LEVEL SECURITY;
ALTER TABLE due FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON due
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON due TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON due FOR SELECT USING (TRUE);
ALTER TABLE probe_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE probe_due FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON probe_due
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON probe_due TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON probe_due FOR SELECT USING (TRUE);
ALTER TABLE person_directory ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_directory FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON person_directory
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON person_directory TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON person_directory FOR SELECT USING (TRUE);
ALTER TABLE tenant_origins ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_origins FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON tenant_origins
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY owner ON tenant_origins TO CURRENT_USER USING (TRUE) WITH CHECK (TRUE);
CREATE POLICY read_by_all ON tenant_origins FOR SELECT USING (TRUE);
CREATE FUNCTION client_for_login(wanted UUID) RETURNS SETOF clients
    LANGUAGE sql STABLE SECURITY DEFINER
    AS 'SELECT c.* FROM clients c WHERE c.id = wanted';
CREATE FUNCTION lease_due(process TEXT, wall BIGINT, until BIGINT, of_kind TEXT, tenants UUID[], objects UUID[])
    RETURNS SETOF due LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH free AS (
        SELECT d.tenant_id, d.object_id FROM due d
        JOIN unnest(tenants, objects) AS w (tenant_id, object_id)
            ON w.tenant_id = d.tenant_id AND w.object_id = d.object_id
        WHERE d.kind = of_kind AND (d.owner IS NULL OR d.leased_until <= wall)
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE due SET owner = process, leased_until = until, fencing = due.fencing + 1 FROM free
    WHERE due.tenant_id = free.tenant_id AND due.kind = of_kind AND due.object_id = free.object_id
    RETURNING due.*';
CREATE FUNCTION lease_probes(process TEXT, wall BIGINT, until BIGINT, tenants UUID[], assets TEXT[])
    RETURNS SETOF probe_due LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH free AS (
        SELECT d.tenant_id, d.asset_id FROM probe_due d
        JOIN unnest(tenants, assets) AS w (tenant_id, asset_id)
            ON w.tenant_id = d.tenant_id AND w.asset_id = d.asset_id
        WHERE d.owner IS NULL OR d.leased_until <= wall
        FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE probe_due SET owner = process, leased_until = until, fencing = probe_due.fencing + 1 FROM free
    WHERE probe_due.tenant_id = free.tenant_id AND probe_due.asset_id = free.asset_id
    RETURNING probe_due.*';
CREATE FUNCTION renew_probes(process TEXT, until BIGINT) RETURNS BIGINT
    LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH renewed AS (
        UPDATE probe_due SET leased_until = until WHERE (tenant_id, asset_id) IN (
            SELECT d.tenant_id, d.asset_id FROM probe_due d
            WHERE d.owner = process FOR UPDATE OF d SKIP LOCKED)
        RETURNING 1
    ) SELECT count(*) FROM renewed';
CREATE FUNCTION release_probes(process TEXT) RETURNS BIGINT
    LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH released AS (
        UPDATE probe_due SET owner = NULL, leased_until = NULL WHERE (tenant_id, asset_id) IN (
            SELECT d.tenant_id, d.asset_id FROM probe_due d
            WHERE d.owner = process FOR UPDATE OF d SKIP LOCKED)
        RETURNING 1
    ) SELECT count(*) FROM released';
CREATE FUNCTION release_leases(process TEXT, parts TEXT) RETURNS BIGINT
    LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH of_due AS (
        UPDATE due SET owner = NULL, leased_until = NULL WHERE owner = process OR owner LIKE parts RETURNING 1
    ), of_probes AS (
        UPDATE probe_due SET owner = NULL, leased_until = NULL WHERE owner = process OR owner LIKE parts RETURNING 1
    ) SELECT (SELECT count(*) FROM of_due) + (SELECT count(*) FROM of_probes)';
CREATE FUNCTION make_notices_due(notices UUID[], unattributed BYTEA, due_at BIGINT) RETURNS BIGINT
    LANGUAGE sql VOLATILE SECURITY DEFINER AS '
    WITH made AS (
        INSERT INTO due (tenant_id, kind, object_id, due_at)
        SELECT DISTINCT p.tenant_id, ''inbox'', i.id, make_notices_due.due_at
        FROM inbox i
        JOIN person_directory p ON p.app_id = i.app_id AND (p.person_hash = i.person_hash
            OR p.person_hash = unattributed AND i.person_id IS NOT NULL)
        WHERE i.id = ANY (notices)
        RETURNING 1
    ) SELECT count(*) FROM made';
DO $$
DECLARE function TEXT;
BEGIN
    FOREACH function IN ARRAY ARRAY[
        'client_for_login(UUID)', 'lease_due(TEXT, BIGINT, BIGINT, TEXT, UUID[], UUID[])',
        'lease_probes(TEXT, BIGINT, BIGINT, UUID[], TEXT[])', 'renew_probes(TEXT, BIGINT)',
        'release_probes(TEXT)', 'release_leases(TEXT, TEXT)',
        'make_notices_due(UUID[], BYTEA, BIGINT)'
    ] LOOP
        -- The function runs as the owner: it must find these tables, whatever the caller puts in its search path.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END $$;",
    down: "{postgres_only}
DROP FUNCTION make_notices_due(UUID[], BYTEA, BIGINT);
DROP FUNCTION release_leases(TEXT, TEXT);
DROP FUNCTION release_probes(TEXT);
DROP FUNCTION renew_probes(TEXT, BIGINT);
DROP FUNCTION lease_probes(TEXT, BIGINT, BIGINT, UUID[], TEXT[]);
DROP FUNCTION lease_due(TEXT, BIGINT, BIGINT, TEXT, UUID[], UUID[]);
DROP FUNCTION client_for_login(UUID);
DROP POLICY read_by_all ON tenant_origins;
DROP POLICY owner ON tenant_origins;
DROP POLICY one_tenant ON tenant_origins;
ALTER TABLE tenant_origins NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenant_origins DISABLE ROW LEVEL SECURITY;
DROP POLICY read_by_all ON person_directory;
DROP POLICY owner ON person_directory;
DROP POLICY one_tenant ON person_directory;
ALTER TABLE person_directory NO FORCE ROW LEVEL SECURITY;
ALTER TABLE person_directory DISABLE ROW LEVEL SECURITY;
DROP POLICY read_by_all ON probe_due;
DROP POLICY owner ON probe_due;
DROP POLICY one_tenant ON probe_due;
ALTER TABLE probe_due NO FORCE ROW LEVEL SECURITY;
ALTER TABLE probe_due DISABLE ROW LEVEL SECURITY;
DROP POLICY read_by_all ON due;
DROP POLICY owner ON due;
DROP POLICY one_tenant ON due;
ALTER TABLE due NO FORCE ROW LEVEL SECURITY;
ALTER TABLE due DISABLE ROW LEVEL SECURITY;
DROP POLICY read_by_all ON tenants;
DROP POLICY owner ON tenants;
DROP POLICY one_tenant ON tenants;
ALTER TABLE tenants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE tenants DISABLE ROW LEVEL SECURITY;
DROP POLICY owner ON clients;
DROP POLICY one_tenant ON clients;
ALTER TABLE clients NO FORCE ROW LEVEL SECURITY;
ALTER TABLE clients DISABLE ROW LEVEL SECURITY;",
};
