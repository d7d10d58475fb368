//! Seals credentials again, of every slot.
//!
//! The rule: the sealed bytes are copied as they are, whatever the columns say. A credential that was put into its slot
//! around the application is left as it is, so that it is never sealed as if it belonged there.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
    time::Instant,
};

use futures_util::future::try_join_all;
use regrant_crypto::{DataKey, KeyRef};
use regrant_domain::{Credential, CredentialId, SealedRecord};
use regrant_storage::{ResealedCredential, SlottedCredential, TenantScope, TenantTx};
use tokio::sync::Mutex;
use tracing::error;

use super::Pacing;
use crate::{
    Error, Vault,
    audit::credentials_resealed_event,
    credentials::{
        payload::{credential_context, parse_payload},
        token_prints::{GrantTokens, renew_print},
    },
};

/// The actor of the audit rows.
const ACTOR: &str = "vault";
/// How many chunks are sealed side by side where nothing rests: while one waits for the database, others are sealed.
const SIDE_BY_SIDE: usize = 3;

/// One pass over the credentials of a tenant, which several tasks may share.
#[derive(Clone)]
struct CredentialPass {
    scope: TenantScope,
    key: Arc<DataKey>,
    old_keys: Arc<HashMap<KeyRef, Arc<DataKey>>>,
    pacing: Pacing,
    /// How many credentials one transaction seals again.
    chunk: u32,
    /// The last credential that was read. Each task locks the next ones, so that none reads what another one holds.
    after: Arc<Mutex<Option<CredentialId>>>,
}

/// Credentials to seal again, and the transaction that read them.
struct ReadChunk {
    tx: TenantTx,
    /// The last credential before them.
    before: Option<CredentialId>,
    read: Vec<SlottedCredential>,
}

/// What became of a chunk.
struct Resealed {
    replaced: u64,
    /// How many were changed by others since they were read.
    changed: usize,
}

impl Vault {
    pub(super) async fn reseal_credentials(
        &self,
        scope: &TenantScope,
        key: &Arc<DataKey>,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let pass = CredentialPass {
            scope: scope.clone(),
            key: Arc::clone(key),
            old_keys: Arc::new(self.data_keys.open_old_keys(scope).await?),
            pacing,
            chunk: pacing.credentials(self.store.is_sqlite()),
            after: Arc::default(),
        };
        // SQLite has one writer.
        if pacing == Pacing::BesideCalls || self.store.is_sqlite() {
            return self.reseal_next_credentials(&pass).await;
        }
        let tasks = (0..SIDE_BY_SIDE).map(|_| {
            let (vault, pass) = (self.clone(), pass.clone());
            self.run_apart(async move { vault.reseal_next_credentials(&pass).await })
        });
        Ok(try_join_all(tasks).await?.into_iter().sum())
    }

    /// Seals chunk after chunk, until none is left.
    async fn reseal_next_credentials(&self, pass: &CredentialPass) -> Result<u64, Error> {
        let (mut all, mut read_again) = (0_u64, None);
        while !self.runs.stop.is_cancelled() {
            let began = Instant::now();
            let Some(chunk) = self.read_next_credentials(pass).await? else {
                break;
            };
            let before = chunk.before;
            let Resealed { replaced, changed } = self.reseal_credential_chunk(pass, chunk).await?;
            all = all.saturating_add(replaced);
            if changed > 0 && read_again != Some(before) {
                // Only where rows are not locked, and so in the only task. What is still under an old key is read again,
                // once: a damaged row must not keep the pass from the others.
                read_again = Some(before);
                *pass.after.lock().await = before;
            }
            self.rest_after_chunk(pass.pacing, began).await?;
        }
        Ok(all)
    }

    /// Reads the next credentials in a transaction of their own.
    async fn read_next_credentials(
        &self,
        pass: &CredentialPass,
    ) -> Result<Option<ReadChunk>, Error> {
        let mut after = pass.after.lock().await;
        let before = *after;
        let tx = self.begin_reading_to_reseal(&pass.scope).await?;
        let read = tx
            .lock_credentials_to_reseal(pass.key.id(), *after, pass.chunk)
            .await?;
        let Some(last) = read.last() else {
            return Ok(None);
        };
        *after = Some(last.stored.credential.id);
        Ok(Some(ReadChunk { tx, before, read }))
    }

    async fn reseal_credential_chunk(
        &self,
        pass: &CredentialPass,
        ReadChunk { tx, read, .. }: ReadChunk,
    ) -> Result<Resealed, Error> {
        let tokens = self.open_grants_of(&pass.scope, &tx, &read).await?;
        let mut resealed = Vec::with_capacity(read.len());
        for slotted in read {
            resealed.extend(self.reseal_credential(pass, &tokens, slotted).await?);
        }
        let tx = self.begin_replacing(&pass.scope, tx).await?;
        let replaced: HashSet<_> = tx
            .reseal_credentials(&resealed)
            .await?
            .into_iter()
            .collect();
        let sealed = resealed.len();
        // One that was replaced meanwhile, or left its slot, stays as it is.
        resealed.retain(|it| replaced.contains(&it.resealed.id));
        if !resealed.is_empty() {
            let credentials = resealed.iter().map(|it| &it.resealed);
            let event = credentials_resealed_event(ACTOR, pass.scope.tenant(), credentials)?;
            tx.write_audit_events(&[event], self.clock.now()).await?;
        }
        tx.commit_unsynced().await?;
        Ok(Resealed {
            replaced: u64::try_from(resealed.len()).unwrap_or(u64::MAX),
            changed: sealed - resealed.len(),
        })
    }

    /// The tokens of the grants of these credentials.
    async fn open_grants_of(
        &self,
        scope: &TenantScope,
        tx: &TenantTx,
        read: &[SlottedCredential],
    ) -> Result<GrantTokens, Error> {
        let grants = read.iter().filter_map(|it| it.stored.credential.grant_id);
        let mut ids: Vec<_> = grants.collect();
        ids.sort_unstable();
        ids.dedup();
        let stored = tx.find_grant_tokens(&ids).await?;
        Ok(self.open_grant_tokens(scope, stored).await)
    }

    /// The credential under the new key; `None` if it stays as it is.
    async fn reseal_credential(
        &self,
        pass: &CredentialPass,
        tokens: &GrantTokens,
        slotted: SlottedCredential,
    ) -> Result<Option<ResealedCredential>, Error> {
        if !slotted.check_slot() {
            return Ok(None);
        }
        let mut resealed = slotted.stored.credential;
        match self.seal_again(pass, tokens, &resealed).await {
            Ok((sealed, print)) => {
                let read = mem::replace(&mut resealed.sealed, sealed);
                resealed.fingerprint = print.unwrap_or(resealed.fingerprint);
                Ok(Some(ResealedCredential { read, resealed }))
            }
            Err(cause) if Self::is_passing(&cause) => Err(cause),
            Err(cause) => {
                error!(
                    alarm = "record_unreadable",
                    tenant.id = %pass.scope.tenant(),
                    credential.id = %resealed.id,
                    error = regrant_domain::error_chain(&cause),
                    "a credential does not open, so it cannot be sealed again"
                );
                Ok(None)
            }
        }
    }

    /// The record under the new key, and the fingerprint if it changes.
    async fn seal_again(
        &self,
        pass: &CredentialPass,
        tokens: &GrantTokens,
        stored: &Credential,
    ) -> Result<(SealedRecord, Option<Vec<u8>>), Error> {
        let old = self.find_old_key(pass, &stored.sealed).await?;
        let context = credential_context(pass.scope.tenant(), stored);
        let plain = old.open_record(&context, &stored.sealed)?;
        let own = parse_payload(&plain, stored).ok();
        let print = renew_print((&old, &pass.key), stored, own.as_ref(), tokens);
        Ok((pass.key.seal_record(&context, &plain)?, print))
    }

    async fn find_old_key(
        &self,
        pass: &CredentialPass,
        sealed: &SealedRecord,
    ) -> Result<Arc<DataKey>, Error> {
        match pass.old_keys.get(&KeyRef::from_record(sealed)?) {
            Some(key) => Ok(Arc::clone(key)),
            // It is newer than the pass, or did not open when the pass began.
            None => self.data_keys.key_of_record(&pass.scope, sealed).await,
        }
    }
}
