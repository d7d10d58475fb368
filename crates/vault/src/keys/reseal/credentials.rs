//! Seals credentials again, of every slot.
//!
//! The rule: the sealed bytes are copied as they are, whatever the columns say. A credential that was put into its slot
//! around the application is left as it is, so that it is never sealed as if it belonged there.

use std::{sync::Arc, time::Instant};

use regrant_crypto::DataKey;
use regrant_domain::{Credential, CredentialId, GrantId};
use regrant_storage::{ResealedCredential, SlottedCredential, TenantScope, TenantTx};
use tracing::error;

use super::{CHUNK, Pacing};
use crate::{
    Error, Vault,
    audit::credential_sealed_event,
    credentials::{
        payload::{credential_context, parse_payload},
        seal::grant_context,
    },
};

/// The actor of the audit rows.
const ACTOR: &str = "vault";

impl Vault {
    pub(super) async fn reseal_credentials(
        &self,
        scope: &TenantScope,
        key: &Arc<DataKey>,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let (mut all, mut after) = (0_u64, None);
        while !self.runs.stop.is_cancelled() {
            let began = Instant::now();
            let (resealed, last) = self.reseal_credential_chunk(scope, key, after).await?;
            let Some(last) = last else { break };
            after = Some(last);
            all = all.saturating_add(resealed);
            self.rest_after_chunk(pacing, began).await?;
        }
        Ok(all)
    }

    /// Returns how many were sealed again, and the last that was read.
    async fn reseal_credential_chunk(
        &self,
        scope: &TenantScope,
        key: &DataKey,
        after: Option<CredentialId>,
    ) -> Result<(u64, Option<CredentialId>), Error> {
        let tx = self.store.begin(scope).await?;
        let read = tx
            .lock_credentials_to_reseal(key.id(), after, CHUNK)
            .await?;
        let last = read.last().map(|it| it.stored.credential.id);
        let mut resealed = Vec::with_capacity(read.len());
        for slotted in &read {
            resealed.extend(self.reseal_credential(scope, &tx, key, slotted).await?);
        }
        let events: Vec<_> = resealed
            .iter()
            .map(|it| {
                credential_sealed_event(ACTOR.to_owned(), "credential.resealed", &it.resealed)
            })
            .collect();
        let replaced = tx.reseal_credentials(&resealed).await?;
        tx.write_audit_events(&events, self.clock.now()).await?;
        tx.commit().await?;
        Ok((replaced, last))
    }

    /// The credential under the new key; `None` if it stays as it is.
    async fn reseal_credential(
        &self,
        scope: &TenantScope,
        tx: &TenantTx,
        key: &DataKey,
        slotted: &SlottedCredential,
    ) -> Result<Option<ResealedCredential>, Error> {
        if !slotted.check_slot() {
            return Ok(None);
        }
        let stored = &slotted.stored.credential;
        match self.seal_again(scope, tx, key, stored).await {
            Ok(resealed) => Ok(Some(ResealedCredential {
                read: stored.sealed.clone(),
                resealed,
            })),
            Err(cause) if Self::is_passing(&cause) => Err(cause),
            Err(cause) => {
                error!(
                    alarm = "record_unreadable",
                    tenant.id = %scope.tenant(),
                    credential.id = %stored.id,
                    error = regrant_domain::error_chain(&cause),
                    "a credential does not open, so it cannot be sealed again"
                );
                Ok(None)
            }
        }
    }

    async fn seal_again(
        &self,
        scope: &TenantScope,
        tx: &TenantTx,
        key: &DataKey,
        stored: &Credential,
    ) -> Result<Credential, Error> {
        let old = self.data_keys.key_of_record(scope, &stored.sealed).await?;
        let context = credential_context(scope.tenant(), stored);
        let plain = old.open_record(&context, &stored.sealed)?;
        let print = match parse_payload(&plain, stored) {
            Ok(token) => print_again((&old, key), stored, token.expose().as_bytes()),
            Err(_) => None,
        };
        let print = match stored.grant_id.filter(|_| print.is_none()) {
            Some(grant) => {
                self.print_of_grant(scope, tx, (&old, key), (stored, grant))
                    .await
            }
            None => print,
        };
        Ok(Credential {
            sealed: key.seal_record(&context, &plain)?,
            fingerprint: print.unwrap_or_else(|| stored.fingerprint.clone()),
            ..stored.clone()
        })
    }

    /// A page's credential carries the fingerprint of the token that its own was minted from.
    async fn print_of_grant(
        &self,
        scope: &TenantScope,
        tx: &TenantTx,
        keys: (&DataKey, &DataKey),
        (stored, grant): (&Credential, GrantId),
    ) -> Option<Vec<u8>> {
        let sealed = tx.find_grant_token(grant).await.ok()?.sealed?;
        let context = grant_context(scope.tenant(), grant);
        let token = self.data_keys.open_record(scope, &context, &sealed).await;
        print_again(keys, stored, &token.ok()?)
    }
}

/// The fingerprint under the new key, if the stored one is this token's under the old key.
fn print_again(
    (old, new): (&DataKey, &DataKey),
    stored: &Credential,
    token: &[u8],
) -> Option<Vec<u8>> {
    let is_its = old.compute_fingerprint(token).as_bytes() == stored.fingerprint.as_slice();
    is_its.then(|| new.compute_fingerprint(token).as_bytes().to_vec())
}
