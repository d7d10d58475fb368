//! Seals the tenant's other secrets again: tokens of grants, secrets of webhooks, keys of request proofs.

use std::{sync::Arc, time::Instant};

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{SealedRecord, TenantId};
use regrant_storage::{ResealedSecret, SealedSecret, SecretColumn, TenantScope};
use tracing::error;
use uuid::Uuid;

use super::{CHUNK, Pacing};
use crate::{Error, Vault};

impl Vault {
    pub(super) async fn reseal_secrets(
        &self,
        scope: &TenantScope,
        key: &Arc<DataKey>,
        column: SecretColumn,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let (mut all, mut after) = (0_u64, None);
        while !self.runs.stop.is_cancelled() {
            let began = Instant::now();
            let (resealed, last) = self.reseal_secret_chunk(scope, key, column, after).await?;
            let Some(last) = last else { break };
            after = Some(last);
            all = all.saturating_add(resealed);
            self.rest_after_chunk(pacing, began).await?;
        }
        Ok(all)
    }

    /// Returns how many were sealed again, and the last row that was read.
    async fn reseal_secret_chunk(
        &self,
        scope: &TenantScope,
        key: &DataKey,
        column: SecretColumn,
        after: Option<Uuid>,
    ) -> Result<(u64, Option<Uuid>), Error> {
        let tx = self.begin_reading_to_reseal(scope).await?;
        let read = tx
            .lock_secrets_to_reseal(column, key.id(), after, CHUNK)
            .await?;
        let last = read.last().map(|it| it.row);
        let mut resealed = Vec::with_capacity(read.len());
        for secret in read {
            match self.seal_secret_again(scope, key, column, &secret).await {
                Ok(sealed) => resealed.push(ResealedSecret {
                    read: secret,
                    sealed,
                }),
                Err(cause) if Self::is_passing(&cause) => return Err(cause),
                Err(cause) => error!(
                    alarm = "record_unreadable",
                    tenant.id = %scope.tenant(),
                    column = column.as_str(),
                    row.id = %secret.row,
                    error = regrant_domain::error_chain(&cause),
                    "a record does not open, so it cannot be sealed again"
                ),
            }
        }
        let tx = self.begin_replacing(scope, tx).await?;
        let replaced = tx.reseal_secrets(column, &resealed).await?;
        tx.commit_unsynced().await?;
        Ok((replaced, last))
    }

    async fn seal_secret_again(
        &self,
        scope: &TenantScope,
        key: &DataKey,
        column: SecretColumn,
        secret: &SealedSecret,
    ) -> Result<SealedRecord, Error> {
        let context = context_of(scope.tenant(), column, secret);
        let plain = self
            .data_keys
            .open_record(scope, &context, &secret.sealed)
            .await?;
        Ok(key.seal_record(&context, &plain)?)
    }
}

/// What the records of a column are bound to.
fn context_of(tenant: TenantId, column: SecretColumn, secret: &SealedSecret) -> Context<'static> {
    let purpose = match column {
        SecretColumn::GrantToken => Purpose::GrantToken,
        SecretColumn::WebhookSecret | SecretColumn::OlderWebhookSecret => Purpose::WebhookSecret,
        SecretColumn::ProofKey | SecretColumn::OlderProofKey => Purpose::ProofKey,
    };
    Context {
        generation: secret.generation.unsigned_abs(),
        ..Context::of_row(tenant, secret.row, purpose)
    }
}
