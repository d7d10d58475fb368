//! On PostgreSQL the application lets the tables be analysed that have grown to twice their size since.
//!
//! Before the first `ANALYZE` the planner believes that a tenant has one row in two hundred, and reads all rows of the
//! tenant where it should look a few hundred up. Autovacuum comes within a minute where it is on; the assets of a tenant
//! come within seconds.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000057_statistics",
    tenant_table: None,
    up: "{postgres_only}
CREATE FUNCTION analyze_grown_tables() RETURNS VOID
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    AS $$
DECLARE grown REGCLASS;
BEGIN
    -- Citus analyses its shards by itself; and one caller at a time is enough.
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL
        OR NOT pg_try_advisory_xact_lock(hashtext('regrant.analyze_grown_tables')) THEN
        RETURN;
    END IF;
    FOR grown IN SELECT c.oid FROM pg_catalog.pg_class c
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
            AND c.relname IN ('assets', 'credentials', 'grants', 'probe_due', 'reconnects', 'reconnect_items', 'due')
            AND pg_relation_size(c.oid) / current_setting('block_size')::bigint >= 2 * greatest(c.relpages, 4)
    LOOP
        EXECUTE format('ANALYZE (SKIP_LOCKED) %s', grown);
    END LOOP;
END $$;
DO $$
BEGIN
    -- The function runs as the owner: it must find these tables, whatever the caller puts in its search path.
    EXECUTE format('ALTER FUNCTION analyze_grown_tables() SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION analyze_grown_tables() FROM PUBLIC;
END $$;",
    down: "{postgres_only}
DROP FUNCTION analyze_grown_tables();",
};
