//! Confirming that active credentials still work.

use regrant_domain::{AssetId, CutOff, ObjectCondition, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, maybe_micros, to_json, to_micros},
};

/// A probe result `works` of an active credential.
#[derive(Debug, Clone)]
pub struct Confirmation {
    /// The asset.
    pub asset_id: AssetId,
    /// The cut-off from here on, where one is known.
    pub cut_off: Option<CutOff>,
    /// Tasks the probe proved.
    pub tasks: Vec<String>,
    /// What Graph says of the object beside access.
    pub condition: Option<ObjectCondition>,
}

impl TenantTx {
    /// Notes that active credentials work. Lock the assets and read their active credentials in this
    /// transaction first. A proof that is older than what is stored changes nothing about its asset.
    ///
    /// # Errors
    /// [`Error::Stale`]: an asset has no active credential.
    pub async fn confirm_credentials(
        &self,
        confirmations: &[Confirmation],
        at: Timestamp,
    ) -> Result<(), Error> {
        for chunk in confirmations.chunks(CHUNK) {
            self.note_proved(chunk, at).await?;
            let rows: Vec<[Value; 2]> = chunk
                .iter()
                .map(|it| Ok([it.asset_id.as_str().into(), to_json(&it.tasks)?.into()]))
                .collect::<Result<_, Error>>()?;
            let query = self
                .query(
                    "WITH proof (asset_id, tasks) AS (VALUES :proofs)
                     UPDATE credentials AS c SET tasks = proof.tasks, proved_at = CASE
                         WHEN c.proved_at > :at THEN c.proved_at ELSE :at END
                     FROM proof
                     WHERE c.tenant_id = :tenant AND c.asset_id = proof.asset_id
                         AND c.slot = 'active'",
                )
                .bind_rows("proofs", rows)
                .bind("at", to_micros(at));
            self.execute_exactly(chunk.len(), query).await?;
        }
        Ok(())
    }

    async fn note_proved(
        &self,
        confirmations: &[Confirmation],
        at: Timestamp,
    ) -> Result<(), Error> {
        let rows = confirmations.iter().map(|it| -> [Value; 5] {
            [
                it.asset_id.as_str().into(),
                maybe_micros(it.cut_off.map(|it| it.at)).into(),
                it.cut_off.map(|it| it.source.as_str().to_owned()).into(),
                maybe_micros(it.cut_off.map(|it| it.learned_at)).into(),
                it.condition.map(|it| it.as_str().to_owned()).into(),
            ]
        });
        let query = self
            .query(
                "WITH proof (asset_id, cut_off, source, learned_at, condition) AS (VALUES :proofs)
                 UPDATE assets AS a SET failing_since = NULL, failing_reason = NULL, failures = 0,
                     unclassified_refusals = 0, refusal_counted_at = NULL, definitive = (0 = 1),
                     condition = proof.condition, condition_read_at = CASE
                         WHEN proof.condition IS NULL THEN NULL ELSE :at END,
                     cut_off = proof.cut_off, cut_off_source = proof.source,
                     cut_off_learned_at = proof.learned_at,
                     working_since = CASE
                         WHEN a.proved_at IS NULL OR a.failing_since IS NOT NULL
                             OR a.working_since IS NULL
                         THEN :at ELSE a.working_since END,
                     proved_at = :at,
                     checked_at = CASE WHEN a.checked_at > :at THEN a.checked_at ELSE :at END
                 FROM proof WHERE a.tenant_id = :tenant AND a.id = proof.asset_id
                     AND (a.proved_at IS NULL OR a.proved_at <= :at)
                     AND (a.refusal_counted_at IS NULL OR a.refusal_counted_at <= :at)",
            )
            .bind_rows("proofs", rows)
            .bind("at", to_micros(at));
        self.execute(query).await.map(drop)
    }
}
