//! Assets with the credentials that serve them, read in one round trip.
//!
//! The rule: the rows come from one statement, so that asset and credential show the same moment. On PostgreSQL a function
//! of the schema names the tenant first (step 53); it runs with the rights of the caller. The nodes of a distributed
//! database do not learn a tenant that is named so, and would show no rows: there a transaction names it by a command.

use regrant_domain::{Asset, AssetId};

use crate::{
    Error, SlottedCredential, Store, TenantScope,
    assets::asset::asset_from_row,
    integrity::slotted_from_row,
    sql::{CHUNK, Query, Row, decode_rows},
};

/// An asset, and the credential in the slot that serves it.
#[derive(Debug, Clone)]
pub struct ServedAsset {
    /// The asset.
    pub asset: Asset,
    /// The credential, if the asset has one that can be read.
    pub active: Option<SlottedCredential>,
}

/// Before the names of a credential's columns.
const PREFIX: &str = "c_";

/// The columns of the asset `{a}` and of its credential `{c}`.
const COLUMNS: &str = "
    {a}.id, {a}.kind, {a}.name, {a}.business_id, {a}.business_source, {a}.person_id, {a}.generation,
    {a}.intent_seq, {a}.proved_at, {a}.checked_at, {a}.failing_since, {a}.failing_reason, {a}.failures,
    {a}.unclassified_refusals, {a}.refusal_counted_at, {a}.definitive, {a}.dates_read_at, {a}.condition,
    {a}.condition_read_at, {a}.cut_off, {a}.cut_off_source, {a}.cut_off_learned_at, {a}.expires_at,
    {a}.data_access_expires_at, {a}.working_since, {a}.notified_state, {a}.created_at, {c}.kind AS active,
    {c}.id AS c_id, {c}.asset_id AS c_asset_id, {a}.kind AS c_asset_kind, {c}.slot AS c_slot,
    {c}.kind AS c_kind, {c}.generation AS c_generation, {c}.grant_id AS c_grant_id,
    {c}.person_id AS c_person_id, {c}.intent_seq AS c_intent_seq, {c}.sealed AS c_sealed,
    {c}.fingerprint AS c_fingerprint, {c}.tasks AS c_tasks, {c}.expires_at AS c_expires_at,
    {c}.data_access_expires_at AS c_data_access_expires_at, {c}.proved_at AS c_proved_at,
    {c}.created_at AS c_created_at, {c}.slot_seal AS c_slot_seal, {a}.generation AS c_asset_generation";

/// Each table is confined to the tenant by itself, so that a distributed database finds the node of each.
const PLAIN: &str = "
    SELECT {columns}, p.due_at AS next_check_at, g.refresh_failed_at IS NOT NULL AS refresh_failed,
        EXISTS (SELECT 1 FROM credentials o WHERE o.tenant_id = :tenant AND o.asset_id = a.id
            AND o.slot = 'candidate') AS parked,
        EXISTS (SELECT 1 FROM credentials o WHERE o.tenant_id = :tenant AND o.asset_id = a.id
            AND o.slot = 'standby') AS standby
    FROM assets a
    LEFT JOIN credentials c ON c.tenant_id = :tenant AND c.asset_id = a.id AND c.slot = 'active'
    LEFT JOIN grants g ON g.tenant_id = :tenant AND g.id = c.grant_id
    LEFT JOIN probe_due p ON p.tenant_id = :tenant AND p.asset_id = a.id
    WHERE a.tenant_id = :tenant AND a.id IN :ids";

const BY_FUNCTION: &str = "
    SELECT {columns}, s.next_check_at, s.refresh_failed, s.parked, s.standby
    FROM served_assets(:tenant, ARRAY(VALUES :ids)) s";

impl Store {
    /// Those of the assets that exist, in any order.
    ///
    /// # Errors
    /// [`Error::TenantBusy`], [`Error::Busy`]: the turn of this read did not come.
    pub async fn read_served_assets(
        &self,
        scope: &TenantScope,
        ids: &[AssetId],
    ) -> Result<Vec<ServedAsset>, Error> {
        let mut served = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            for row in self.fetch_served(scope, chunk).await? {
                served.extend(self.served_from_row(scope, row)?);
            }
        }
        Ok(served)
    }

    async fn fetch_served(&self, scope: &TenantScope, ids: &[AssetId]) -> Result<Vec<Row>, Error> {
        if self.is_distributed {
            let tx = self.begin_short_read(scope).await?;
            return tx.fetch_all(plain_query(scope, ids)).await;
        }
        let query = self
            .dialect
            .choose(plain_query(scope, ids), function_query(scope, ids));
        self.fetch_shortly(scope.tenant(), query).await
    }

    /// `None` where the asset's row cannot be read.
    fn served_from_row(&self, scope: &TenantScope, row: Row) -> Result<Option<ServedAsset>, Error> {
        let seals = self.row_seals()?;
        let mut assets = decode_rows("assets", [&row], asset_from_row);
        let Some(asset) = assets.pop() else {
            return Ok(None);
        };
        let has_credential = row.get::<Option<String>>("c_asset_id")?.is_some();
        let row = row.with_prefix(PREFIX);
        let row = has_credential.then_some(&row);
        let mut active = decode_rows("credentials", row, |row| {
            slotted_from_row(seals, scope.tenant(), row)
        });
        Ok(Some(ServedAsset {
            asset,
            active: active.pop(),
        }))
    }
}

/// A list has one of a few lengths, so that its statements stay prepared.
fn plain_query(scope: &TenantScope, ids: &[AssetId]) -> Query {
    served_query(scope, PLAIN, "a", "c").bind_list("ids", ids.iter().map(AssetId::as_str))
}

fn function_query(scope: &TenantScope, ids: &[AssetId]) -> Query {
    served_query(scope, BY_FUNCTION, "(s.asset)", "(s.credential)")
        .bind_rows("ids", ids.iter().map(|id| [id.as_str().into()]))
}

fn served_query(
    scope: &TenantScope,
    sql: &'static str,
    asset: &'static str,
    credential: &'static str,
) -> Query {
    Query::tenant(scope.tenant(), sql)
        .fill("columns", COLUMNS)
        .fill("a", asset)
        .fill("c", credential)
}
