//! On PostgreSQL one call finds all clients that wait to be authenticated. The function keeps its plan, which an SQL
//! function does not.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000050_client_lookups",
    tenant_table: None,
    up: "{postgres_only}
CREATE FUNCTION clients_for_login(wanted UUID[]) RETURNS SETOF clients
    LANGUAGE plpgsql STABLE ROWS 4 SECURITY DEFINER SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
    AS 'BEGIN RETURN QUERY SELECT c.* FROM clients c WHERE c.id = ANY (wanted); END';
DO $$
BEGIN
    -- The function runs as the owner: it must find this table, whatever the caller puts in its search path.
    EXECUTE format('ALTER FUNCTION clients_for_login(UUID[]) SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION clients_for_login(UUID[]) FROM PUBLIC;
END $$;",
    down: "{postgres_only}
DROP FUNCTION clients_for_login(UUID[]);",
};
