//! On PostgreSQL one call reads the assets that a token is asked for with the credentials that serve them, and one call
//! appends the audit of reads. Both name the tenant first, so that row-level security confines them; they run with the
//! rights of the caller.
//!
//! The rows are found by their keys, however small the tables were when a plan was made: each wanted asset and what
//! belongs to it is read in subqueries that the planner cannot turn into joins. So one plan fits all calls, and it is kept:
//! to plan takes five times as long as to read one asset.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000053_read_functions",
    tenant_table: None,
    up: "{postgres_only}
CREATE FUNCTION served_assets(tenant UUID, wanted TEXT[])
    RETURNS TABLE (asset assets, credential credentials, next_check_at BIGINT, refresh_failed BOOLEAN,
        parked BOOLEAN, standby BOOLEAN)
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off SET plan_cache_mode = force_generic_plan
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', tenant::text, true);
    RETURN QUERY
        SELECT a.stored, c.stored,
            (SELECT p.due_at FROM probe_due p WHERE p.tenant_id = tenant AND p.asset_id = w.id),
            coalesce(c.refresh_failed, FALSE),
            (SELECT count(*) > 0 FROM credentials o
                WHERE o.tenant_id = tenant AND o.asset_id = w.id AND o.slot = 'candidate'),
            (SELECT count(*) > 0 FROM credentials o
                WHERE o.tenant_id = tenant AND o.asset_id = w.id AND o.slot = 'standby')
        FROM unnest(wanted) AS w (id)
        CROSS JOIN LATERAL (
            SELECT a AS stored FROM assets a WHERE a.tenant_id = tenant AND a.id = w.id OFFSET 0
        ) a
        LEFT JOIN LATERAL (
            SELECT c AS stored, (SELECT g.refresh_failed_at IS NOT NULL FROM grants g
                WHERE g.tenant_id = tenant AND g.id = c.grant_id) AS refresh_failed
            FROM credentials c
            WHERE c.tenant_id = tenant AND c.asset_id = w.id AND c.slot = 'active' OFFSET 0
        ) c ON TRUE;
END $$;
CREATE FUNCTION append_audit(tenant UUID, end_seq BIGINT, end_hash BYTEA, new_seq BIGINT, new_hash BYTEA,
        ids UUID[], ats BIGINT[], actors TEXT[], actions TEXT[], subjects TEXT[], details TEXT[], seqs BIGINT[],
        hashes BYTEA[])
    RETURNS BOOLEAN
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off
    AS $$
BEGIN
    PERFORM set_config('app.tenant_id', tenant::text, true);
    UPDATE audit_heads h SET seq = new_seq, hash = new_hash
        WHERE h.tenant_id = tenant AND h.seq = end_seq AND h.hash = end_hash;
    IF NOT FOUND THEN
        RETURN FALSE;
    END IF;
    INSERT INTO audit_events (tenant_id, id, at, actor, action, subject, detail, seq, hash)
        SELECT tenant, * FROM unnest(ids, ats, actors, actions, subjects, details, seqs, hashes);
    RETURN TRUE;
END $$;
REVOKE ALL ON FUNCTION served_assets(UUID, TEXT[]) FROM PUBLIC;
REVOKE ALL ON FUNCTION append_audit(UUID, BIGINT, BYTEA, BIGINT, BYTEA, UUID[], BIGINT[], TEXT[], TEXT[], TEXT[],
    TEXT[], BIGINT[], BYTEA[]) FROM PUBLIC;",
    down: "{postgres_only}
DROP FUNCTION append_audit(UUID, BIGINT, BYTEA, BIGINT, BYTEA, UUID[], BIGINT[], TEXT[], TEXT[], TEXT[], TEXT[],
    BIGINT[], BYTEA[]);
DROP FUNCTION served_assets(UUID, TEXT[]);",
};
