//! Facts that probes and events leave on assets.

use regrant_domain::{AssetId, Reason, Timestamp, state::Status};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, to_json, to_micros},
};

/// A probe result `refused` of the active credential of an asset.
#[derive(Debug, Clone)]
pub struct FailedProbe {
    /// The asset.
    pub asset_id: AssetId,
    /// Why the Graph API refused.
    pub reason: Reason,
    /// Whether no second probe is needed to believe it.
    pub definitive: bool,
}

impl TenantTx {
    /// Notes that these assets were probed and nothing changed.
    pub async fn note_assets_checked(&self, ids: &[AssetId], at: Timestamp) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE assets SET checked_at = :at WHERE tenant_id = :tenant AND id IN :ids",
                )
                .bind("at", to_micros(at))
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Notes the state of each asset that the tenant was last notified of.
    pub async fn note_notified_states(&self, notified: &[(AssetId, Status)]) -> Result<(), Error> {
        for chunk in notified.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|(id, it)| -> [Value; 2] { [id.as_str().into(), it.as_str().into()] });
            let query = self
                .query(
                    "WITH notified (asset_id, state) AS (VALUES :notified)
                     UPDATE assets AS a SET notified_state = notified.state FROM notified
                     WHERE a.tenant_id = :tenant AND a.id = notified.asset_id",
                )
                .bind_rows("notified", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Notes that probes of the active credentials of these assets failed.
    pub async fn note_failed_probes(
        &self,
        failed: &[FailedProbe],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in failed.chunks(CHUNK) {
            let row = |it: &FailedProbe| {
                let reason = to_json(&it.reason)?;
                Ok([
                    it.asset_id.as_str().into(),
                    reason.into(),
                    it.definitive.into(),
                ])
            };
            let rows: Vec<[Value; 3]> = chunk.iter().map(row).collect::<Result<_, Error>>()?;
            let query = self
                .query(
                    "WITH failed (asset_id, reason, definitive) AS (VALUES :failed)
                     UPDATE assets AS a SET failures = a.failures + 1,
                         failing_reason = failed.reason, checked_at = :at,
                         definitive = (a.definitive OR failed.definitive),
                         failing_since = coalesce(a.failing_since, :at)
                     FROM failed WHERE a.tenant_id = :tenant AND a.id = failed.asset_id",
                )
                .bind_rows("failed", rows)
                .bind("at", to_micros(at));
            self.execute(query).await?;
        }
        Ok(())
    }
}
