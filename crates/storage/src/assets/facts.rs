//! Facts that probes and events leave on assets.

use regrant_domain::{AssetId, Refusals, Timestamp, state::Status};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, maybe_micros, to_json, to_micros},
};

/// The refusals of an asset after one more was counted.
#[derive(Debug, Clone)]
pub struct CountedRefusal {
    /// The asset.
    pub asset_id: AssetId,
    /// All refusals of its active credential since the last proof, as `domain` counts them.
    pub refusals: Refusals,
}

/// The dates of an asset's active token, as they were read last.
#[derive(Debug, Clone)]
pub struct DateReading {
    /// The asset.
    pub asset_id: AssetId,
    /// When the token expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When its data access expires, if it does.
    pub data_access_expires_at: Option<Timestamp>,
    /// When Graph said so.
    pub read_at: Timestamp,
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

    /// Writes the refusals of these assets. Lock the assets and count the refusals in this transaction first.
    pub async fn write_refusals(
        &self,
        refused: &[CountedRefusal],
        checked_at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in refused.chunks(CHUNK) {
            let rows: Vec<[Value; 7]> =
                chunk.iter().map(to_refusal_row).collect::<Result<_, _>>()?;
            let query = self
                .query(
                    "WITH refused (asset_id, since, counted_at, reason, classified, unclassified,
                         definitive) AS (VALUES :refused)
                     UPDATE assets AS a SET failing_since = refused.since,
                         refusal_counted_at = refused.counted_at, failing_reason = refused.reason,
                         failures = refused.classified, unclassified_refusals = refused.unclassified,
                         definitive = refused.definitive, checked_at = CASE
                             WHEN a.checked_at > :at THEN a.checked_at ELSE :at END
                     FROM refused WHERE a.tenant_id = :tenant AND a.id = refused.asset_id",
                )
                .bind_rows("refused", rows)
                .bind("at", to_micros(checked_at));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Writes the dates of these assets' active tokens. A reading that is not newer than the stored one changes nothing.
    pub async fn write_date_readings(&self, readings: &[DateReading]) -> Result<(), Error> {
        for chunk in readings.chunks(CHUNK) {
            let rows = chunk.iter().map(|it| -> [Value; 4] {
                [
                    it.asset_id.as_str().into(),
                    maybe_micros(it.expires_at).into(),
                    maybe_micros(it.data_access_expires_at).into(),
                    to_micros(it.read_at).into(),
                ]
            });
            let query = self
                .query(
                    "WITH reading (asset_id, expires_at, data_access_expires_at, read_at)
                         AS (VALUES :readings)
                     UPDATE assets AS a SET expires_at = reading.expires_at,
                         data_access_expires_at = reading.data_access_expires_at,
                         dates_read_at = reading.read_at
                     FROM reading WHERE a.tenant_id = :tenant AND a.id = reading.asset_id
                         AND (a.dates_read_at IS NULL OR a.dates_read_at < reading.read_at)",
                )
                .bind_rows("readings", rows);
            self.execute(query).await?;
        }
        Ok(())
    }
}

fn to_refusal_row(it: &CountedRefusal) -> Result<[Value; 7], Error> {
    let refusals = &it.refusals;
    Ok([
        it.asset_id.as_str().into(),
        to_micros(refusals.since).into(),
        to_micros(refusals.counted_at).into(),
        to_json(&refusals.reason)?.into(),
        i64::from(refusals.classified).into(),
        i64::from(refusals.unclassified).into(),
        refusals.definitive.into(),
    ])
}
