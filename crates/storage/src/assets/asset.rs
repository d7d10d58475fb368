//! Assets: read, locked and deleted.
//!
//! The rule: to decide about an asset, read it through [`TenantTx::lock_assets`] in the transaction that
//! writes the decision.

use regrant_domain::{
    Asset, AssetFacts, AssetId, AssetKind, CutOff, ObjectCondition, Refusals, Timestamp,
};

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Dialect, LenientRow, Query, Row, decode_rows},
};

/// The assets `a` of a tenant: `{of_asset}` is what its own row says, and `{credentials}` is what the others say of it.
const SELECT: &str = "
    SELECT {of_asset}, (SELECT p.due_at FROM probe_due p
            WHERE p.tenant_id = :tenant AND p.asset_id = a.id) AS next_check_at,
        {credentials}
    WHERE a.tenant_id = :tenant";

const OF_ASSET: &str = "
    a.id, a.kind, a.name, a.business_id, a.business_source, a.person_id, a.generation, a.intent_seq,
    a.proved_at, a.checked_at, a.failing_since, a.failing_reason, a.failures,
    a.unclassified_refusals, a.refusal_counted_at, a.definitive, a.dates_read_at, a.condition,
    a.condition_read_at,
    a.cut_off, a.cut_off_source, a.cut_off_learned_at, a.expires_at, a.data_access_expires_at,
    a.working_since, a.notified_state, a.created_at";

const CREDENTIALS_ON_SQLITE: &str = "
    (SELECT CASE WHEN c.kind = 'page' AND (SELECT g.kind FROM grants g
                WHERE g.tenant_id = :tenant AND g.id = c.grant_id) = 'system_user'
            THEN 'system_user' ELSE c.kind END
        FROM credentials c
        WHERE c.tenant_id = :tenant AND c.asset_id = a.id AND c.slot = 'active') AS active,
    coalesce((SELECT (SELECT g.refresh_failed_at IS NOT NULL FROM grants g
            WHERE g.tenant_id = :tenant AND g.id = c.grant_id)
        FROM credentials c
        WHERE c.tenant_id = :tenant AND c.asset_id = a.id AND c.slot = 'active'), FALSE)
        AS refresh_failed,
    EXISTS (SELECT 1 FROM credentials c
        WHERE c.tenant_id = :tenant AND c.asset_id = a.id AND c.slot = 'candidate') AS parked,
    EXISTS (SELECT 1 FROM credentials c
        WHERE c.tenant_id = :tenant AND c.asset_id = a.id AND c.slot = 'standby') AS standby
    FROM assets a";

/// One look at the credentials of an asset. The sums keep PostgreSQL from joining all rows of the tenant, which it would do
/// before the first `ANALYZE`, when it believes that a tenant has few rows.
const CREDENTIALS_ON_POSTGRES: &str = "
    c.active, coalesce(c.refresh_failed, FALSE) AS refresh_failed,
    coalesce(c.parked, FALSE) AS parked, coalesce(c.standby, FALSE) AS standby
    FROM assets a
    CROSS JOIN LATERAL (
        SELECT max(CASE WHEN c.kind = 'page' AND (SELECT g.kind FROM grants g
                    WHERE g.tenant_id = :tenant AND g.id = c.grant_id) = 'system_user'
                THEN 'system_user' ELSE c.kind END) FILTER (WHERE c.slot = 'active') AS active,
            bool_or(c.slot = 'candidate') AS parked, bool_or(c.slot = 'standby') AS standby,
            bool_or((SELECT g.refresh_failed_at IS NOT NULL FROM grants g
                WHERE g.tenant_id = :tenant AND g.id = c.grant_id))
                FILTER (WHERE c.slot = 'active') AS refresh_failed
        FROM credentials c WHERE c.tenant_id = :tenant AND c.asset_id = a.id) c";

/// What an asset without credentials and without a planned probe would give.
const ALONE: &str = "
    SELECT {of_asset}, NULL AS next_check_at, NULL AS active, 0 = 1 AS refresh_failed, 0 = 1 AS parked,
        0 = 1 AS standby
    FROM assets a
    WHERE a.tenant_id = :tenant AND a.id IN :ids";

/// Fills the part `{select}` of a statement with [`SELECT`].
pub(crate) fn fill_select(query: Query, dialect: Dialect) -> Query {
    let credentials = dialect.choose(CREDENTIALS_ON_SQLITE, CREDENTIALS_ON_POSTGRES);
    query
        .fill("select", SELECT)
        .fill("of_asset", OF_ASSET)
        .fill("credentials", credentials)
}

impl TenantTx {
    /// The asset with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_asset(&self, id: &AssetId) -> Result<Asset, Error> {
        let query = self
            .query("{select} AND a.id = :id")
            .bind("id", id.as_str());
        let query = fill_select(query, self.dialect);
        let row = self.fetch_one(query).await?;
        asset_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// Those of the assets that exist, in any order.
    pub async fn find_assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
        let mut assets = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("{select} AND a.id IN :ids")
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let rows = self.fetch_all(fill_select(query, self.dialect)).await?;
            assets.extend(decode_rows("assets", &rows, asset_from_row));
        }
        Ok(assets)
    }

    /// Those of the assets that exist, in any order, by their own rows alone: as if they had no credential and no planned
    /// probe. Enough to name them, and to see whose they are; their states need [`TenantTx::find_assets`].
    pub async fn find_assets_alone(&self, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
        let mut assets = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(ALONE)
                .fill("of_asset", OF_ASSET)
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let rows = self.fetch_all(query).await?;
            assets.extend(decode_rows("assets", &rows, asset_from_row));
        }
        Ok(assets)
    }

    /// Those of the assets that exist, by id, locked until this transaction ends.
    ///
    /// All transactions lock in the order of ids, so that two never wait for each other. The assets are
    /// read after all are locked, so that they show what the transaction before wrote.
    pub async fn lock_assets(&self, ids: &[AssetId]) -> Result<Vec<Asset>, Error> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        if self.dialect.locks_rows() {
            ids = self.lock_rows(&ids).await?;
        }
        let mut assets = self.find_assets(&ids).await?;
        assets.sort_unstable_by(|a, b| a.id.cmp(&b.id));
        Ok(assets)
    }

    /// Locks the rows of these assets; returns those that exist.
    async fn lock_rows(&self, ids: &[AssetId]) -> Result<Vec<AssetId>, Error> {
        let mut locked = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT id FROM assets
                     WHERE tenant_id = :tenant AND id IN :ids ORDER BY id {for_update}",
                )
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            for row in self.fetch_all(query).await? {
                locked.push(row.parse("id")?);
            }
        }
        Ok(locked)
    }

    /// Deletes an asset with its credentials.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn delete_asset(&self, id: &AssetId) -> Result<(), Error> {
        let query = self
            .query("DELETE FROM assets WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.as_str());
        match self.execute(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// The asset of a row. Where a column does not parse, the asset is unreadable.
pub(crate) fn asset_from_row(row: &Row) -> Result<Asset, Error> {
    let (id, lenient): (AssetId, _) = (row.parse("id")?, LenientRow::new());
    let facts = lenient.or_default(asset_facts_from_row(row));
    let mut asset = Asset {
        id,
        kind: lenient.or(row.parse("kind"), AssetKind::Page),
        name: lenient.or_default(row.get("name")),
        business_id: lenient.or_default(row.maybe_parse("business_id")),
        business_source: lenient.or_default(row.maybe_parse("business_source")),
        person_id: lenient.or_default(row.maybe_parse("person_id")),
        generation: lenient.or_default(row.counter("generation")),
        intent_seq: lenient.or_default(row.counter("intent_seq")),
        notified_status: lenient.or_default(row.maybe_parse("notified_state")),
        created_at: lenient.or(row.time("created_at"), facts.registered_at),
        facts,
    };
    asset.facts.is_unreadable = lenient.report_fault("assets", asset.id.as_str());
    Ok(asset)
}

fn asset_facts_from_row(row: &Row) -> Result<AssetFacts, Error> {
    Ok(AssetFacts {
        proved_at: row.maybe_time("proved_at")?,
        checked_at: row.maybe_time("checked_at")?,
        refusals: refusals_from_row(row)?,
        cut_off: cut_off_from_row(row)?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
        dates_read_at: row.maybe_time("dates_read_at")?,
        refresh_failed: row.get("refresh_failed")?,
        condition: condition_from_row(row)?,
        active: row.maybe_parse("active")?,
        has_candidate: row.get("parked")?,
        has_standby: row.get("standby")?,
        working_since: row.maybe_time("working_since")?,
        next_check_at: row.maybe_time("next_check_at")?,
        registered_at: row.time("created_at")?,
        is_unreadable: false,
    })
}

/// The refusals since the last proof, if there are any.
fn refusals_from_row(row: &Row) -> Result<Option<Refusals>, Error> {
    let since = row.maybe_time("failing_since")?;
    let Some((since, reason)) = since.zip(row.maybe_json("failing_reason")?) else {
        return Ok(None);
    };
    Ok(Some(Refusals {
        since,
        counted_at: row.maybe_time("refusal_counted_at")?.unwrap_or(since),
        reason,
        classified: row.unsigned("failures")?,
        unclassified: row.unsigned("unclassified_refusals")?,
        definitive: row.get("definitive")?,
    }))
}

fn condition_from_row(row: &Row) -> Result<Option<(ObjectCondition, Timestamp)>, Error> {
    let condition = row.maybe_parse("condition")?;
    Ok(condition.zip(row.maybe_time("condition_read_at")?))
}

/// The cut-off in force, if one is known.
fn cut_off_from_row(row: &Row) -> Result<Option<CutOff>, Error> {
    let Some(at) = row.maybe_time("cut_off")? else {
        return Ok(None);
    };
    let source = row
        .maybe_parse("cut_off_source")?
        .ok_or(Error::Corrupt("cut_off_source"))?;
    let learned_at = row
        .maybe_time("cut_off_learned_at")?
        .ok_or(Error::Corrupt("cut_off_learned_at"))?;
    Ok(Some(CutOff {
        at,
        source,
        learned_at,
    }))
}
