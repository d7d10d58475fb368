//! The application leases due work within each tenant's row-level security. The functions that wrote leases of several
//! tenants go.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000051_tenant_leases",
    tenant_table: None,
    up: "{postgres_only}
DROP FUNCTION release_leases(TEXT, TEXT);
DROP FUNCTION release_probes(TEXT);
DROP FUNCTION renew_probes(TEXT, BIGINT);
DROP FUNCTION lease_probes(TEXT, BIGINT, BIGINT, UUID[], TEXT[]);
DROP FUNCTION lease_due(TEXT, BIGINT, BIGINT, TEXT, UUID[], UUID[]);",
    down: "{postgres_only}
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
DO $$
DECLARE function TEXT;
BEGIN
    FOREACH function IN ARRAY ARRAY[
        'lease_due(TEXT, BIGINT, BIGINT, TEXT, UUID[], UUID[])', 'release_leases(TEXT, TEXT)',
        'lease_probes(TEXT, BIGINT, BIGINT, UUID[], TEXT[])', 'renew_probes(TEXT, BIGINT)',
        'release_probes(TEXT)'
    ] LOOP
        -- The function runs as the owner: it must find these tables, whatever the caller puts in its search path.
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', function, current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
    END LOOP;
END $$;",
};
