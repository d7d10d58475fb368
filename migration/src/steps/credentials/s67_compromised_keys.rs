//! Data keys that leaked: what they sealed is sealed again first. They only open, like those that a rotation replaced.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000067_compromised_keys",
    tenant_table: None,
    up: "
ALTER TABLE tenant_keys ADD COLUMN compromised_at {int};
CREATE INDEX tenant_keys_compromised ON tenant_keys (compromised_at) WHERE compromised_at IS NOT NULL;
{postgres_only}
CREATE FUNCTION tenants_with_compromised_keys() RETURNS SETOF UUID
    LANGUAGE sql STABLE SECURITY DEFINER AS '
    SELECT k.tenant_id FROM tenant_keys k WHERE k.compromised_at IS NOT NULL';
DO $$
BEGIN
    -- The function runs as the owner: it must find this table, whatever the caller puts in its search path.
    EXECUTE format('ALTER FUNCTION tenants_with_compromised_keys() SET search_path = %I, pg_temp', current_schema());
    REVOKE ALL ON FUNCTION tenants_with_compromised_keys() FROM PUBLIC;
END $$;",
    down: "
DROP INDEX tenant_keys_compromised;
ALTER TABLE tenant_keys DROP COLUMN compromised_at;
{postgres_only}
DROP FUNCTION tenants_with_compromised_keys();",
};
