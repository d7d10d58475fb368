//! The credentials behind assets: active, candidate and standby ones, without their sealed records.

use std::collections::HashMap;

use regrant_domain::{AssetId, forecast::CredentialOutlook};

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, decode_rows},
};

/// When credential `c` of grant `g` expires, as it was read last. A page token that was minted from a person's token expires
/// with it only where it had an end when it was sealed: that of a long-lived token has none.
pub(crate) const NEWEST_EXPIRY: &str = "CASE WHEN g.id IS NULL THEN c.expires_at
    WHEN c.kind <> 'page' OR g.kind <> 'user' OR c.expires_at IS NOT NULL THEN g.expires_at END";
/// When data access of credential `c` of grant `g` expires, as it was read last.
pub(crate) const NEWEST_DATA_ACCESS: &str =
    "CASE WHEN g.id IS NULL THEN c.data_access_expires_at ELSE g.data_access_expires_at END";

impl TenantTx {
    /// The credentials of these assets in every slot but `previous`, by asset.
    pub async fn find_standby_facts(
        &self,
        assets: &[AssetId],
    ) -> Result<HashMap<AssetId, Vec<CredentialOutlook>>, Error> {
        let mut found: HashMap<AssetId, Vec<CredentialOutlook>> =
            HashMap::with_capacity(assets.len());
        for chunk in assets.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT c.asset_id, c.slot, c.kind, c.person_id, {expires_at} AS expires_at,
                         {data_access} AS data_access_expires_at,
                         c.proved_at IS NOT NULL AS proved,
                         coalesce(g.sealed IS NOT NULL AND g.refresh_failed_at IS NULL
                             AND g.kind IN ('user', 'system_user'), 0 = 1)
                             AS renewable,
                         coalesce(g.kind, c.kind) = 'system_user' AS system_user
                     FROM credentials c
                     LEFT JOIN grants g ON g.tenant_id = c.tenant_id AND g.id = c.grant_id
                     WHERE c.tenant_id = :tenant AND c.slot <> 'previous' AND c.asset_id IN :ids
                     ORDER BY c.asset_id, c.created_at, c.id",
                )
                .fill("expires_at", NEWEST_EXPIRY)
                .fill("data_access", NEWEST_DATA_ACCESS)
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            let rows = self.fetch_all(query).await?;
            let decode = |row: &Row| Ok((row.parse("asset_id")?, standby_from_row(row)?));
            for (asset, outlook) in decode_rows("credentials", &rows, decode) {
                found.entry(asset).or_default().push(outlook);
            }
        }
        Ok(found)
    }
}

fn standby_from_row(row: &Row) -> Result<CredentialOutlook, Error> {
    Ok(CredentialOutlook {
        slot: row.parse("slot")?,
        kind: row.parse("kind")?,
        system_user: row.get("system_user")?,
        person_id: row.maybe_parse("person_id")?,
        proved: row.get("proved")?,
        refreshable: row.get("renewable")?,
        expires_at: row.maybe_time("expires_at")?,
        data_access_expires_at: row.maybe_time("data_access_expires_at")?,
    })
}
