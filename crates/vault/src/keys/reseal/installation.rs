//! Seals the installation's own secrets again: secrets of apps, keys of the audit, of seals and of hashes, signing keys.
//!
//! The rule: none of them changes, so that links, seals, hashes, tokens and receipts stay valid.

use std::time::Instant;

use regrant_crypto::{Context, DataKey, Purpose};
use regrant_domain::{SealedRecord, error_chain};
use regrant_storage::{InstallationColumn, InstallationSecret, ResealedInstallationSecret};
use tracing::error;

use super::{CHUNK, Pacing};
use crate::{Error, Vault};

impl Vault {
    pub(super) async fn reseal_installation(&self, pacing: Pacing) -> Result<u64, Error> {
        let system = self.store.system_scope();
        if self.data_keys.list_old_keys(&system).await?.is_empty() {
            return Ok(0);
        }
        self.data_keys.open_old_keys(&system).await?;
        let (key, mut all) = (self.data_keys.newest(&system).await?, 0_u64);
        for column in InstallationColumn::ALL {
            let mut after: Option<String> = None;
            while !self.runs.stop.is_cancelled() {
                let began = Instant::now();
                let chunk = self.reseal_installation_chunk(&key, column, after.as_deref());
                let (resealed, last) = chunk.await?;
                all = all.saturating_add(resealed);
                let Some(last) = last else { break };
                after = Some(last);
                self.rest_after_chunk(pacing, began).await?;
            }
        }
        Ok(all)
    }

    /// Returns how many were sealed again, and the last row that was read.
    async fn reseal_installation_chunk(
        &self,
        key: &DataKey,
        column: InstallationColumn,
        after: Option<&str>,
    ) -> Result<(u64, Option<String>), Error> {
        let system = self.store.system_scope();
        let tx = self.begin_reading_to_reseal(&system).await?;
        let read = tx
            .list_installation_secrets(column, key.id(), after, CHUNK)
            .await?;
        let last = read.last().map(|it| it.row.clone());
        let mut resealed = Vec::with_capacity(read.len());
        for secret in read {
            match self.seal_installation_secret(key, column, &secret).await {
                Ok(sealed) => resealed.push(ResealedInstallationSecret {
                    read: secret,
                    sealed,
                }),
                Err(cause) if Self::is_passing(&cause) => return Err(cause),
                Err(cause) => error!(
                    alarm = "record_unreadable",
                    column = column.as_str(),
                    row = secret.row,
                    error = error_chain(&cause),
                    "a record does not open, so it cannot be sealed again"
                ),
            }
        }
        let tx = self.begin_replacing(&system, tx).await?;
        let replaced = tx.reseal_installation_secrets(column, &resealed).await?;
        tx.commit_unsynced().await?;
        Ok((replaced, last))
    }

    async fn seal_installation_secret(
        &self,
        key: &DataKey,
        column: InstallationColumn,
        secret: &InstallationSecret,
    ) -> Result<SealedRecord, Error> {
        let purpose = match column {
            InstallationColumn::AppSecret | InstallationColumn::OlderAppSecret => {
                Purpose::AppSecret
            }
            InstallationColumn::VerifyToken => Purpose::VerifyToken,
            InstallationColumn::AuditKey => Purpose::AuditKey,
            InstallationColumn::SigningKey => Purpose::SigningKey,
        };
        let context = Context::of_installation(purpose, &secret.row);
        let system = self.store.system_scope();
        let plain = self
            .data_keys
            .open_record(&system, &context, &secret.sealed)
            .await?;
        Ok(key.seal_record(&context, &plain)?)
    }
}
