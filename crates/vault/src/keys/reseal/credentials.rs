//! Seals credentials again, of every slot.
//!
//! The rule: the sealed bytes are copied as they are, whatever the columns say. A credential that was put into its slot
//! around the application is left as it is, so that it is never sealed as if it belonged there.

use std::{collections::HashMap, sync::Arc, time::Instant};

use futures_util::future::try_join_all;
use regrant_crypto::DataKey;
use regrant_domain::{AccessToken, Credential, CredentialId, GrantId};
use regrant_storage::{ResealedCredential, SlottedCredential, TenantScope, TenantTx};
use tracing::error;

use super::Pacing;
use crate::{
    Error, Vault,
    audit::credentials_resealed_event,
    credentials::payload::{credential_context, parse_payload},
};

/// The actor of the audit rows.
const ACTOR: &str = "vault";
/// How many chunks are sealed side by side where nothing rests: while one waits for the database, another one is sealed.
const SIDE_BY_SIDE: usize = 2;

/// The tokens of grants from which credentials of a chunk come.
type GrantTokens = HashMap<GrantId, AccessToken>;

impl Vault {
    pub(super) async fn reseal_credentials(
        &self,
        scope: &TenantScope,
        key: &Arc<DataKey>,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let lanes = match pacing {
            // SQLite has one writer.
            Pacing::Unthrottled if !self.store.is_sqlite() => SIDE_BY_SIDE,
            _ => 1,
        };
        let lanes = (0..lanes).map(|_| self.reseal_credentials_in_order(scope, key, pacing));
        Ok(try_join_all(lanes).await?.into_iter().sum())
    }

    /// Several of these at once share the credentials: each leaves out the rows that another one holds.
    async fn reseal_credentials_in_order(
        &self,
        scope: &TenantScope,
        key: &Arc<DataKey>,
        pacing: Pacing,
    ) -> Result<u64, Error> {
        let (mut all, mut after) = (0_u64, None);
        while !self.runs.stop.is_cancelled() {
            let began = Instant::now();
            let chunk = self.reseal_credential_chunk(scope, key, after, pacing.credentials());
            let (resealed, last) = chunk.await?;
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
        limit: u32,
    ) -> Result<(u64, Option<CredentialId>), Error> {
        let tx = self.store.begin(scope).await?;
        let read = tx
            .lock_credentials_to_reseal(key.id(), after, limit)
            .await?;
        let Some(last) = read.last().map(|it| it.stored.credential.id) else {
            return Ok((0, None));
        };
        let tokens = self.open_grant_tokens(scope, &tx, &read).await?;
        let mut resealed = Vec::with_capacity(read.len());
        for slotted in &read {
            let one = self.reseal_credential(scope, &tokens, key, slotted);
            resealed.extend(one.await?);
        }
        let replaced = tx.reseal_credentials(&resealed).await?;
        if !resealed.is_empty() {
            let credentials = resealed.iter().map(|it| &it.resealed);
            let event = credentials_resealed_event(ACTOR, scope.tenant(), credentials);
            tx.write_audit_events(&[event], self.clock.now()).await?;
        }
        tx.commit().await?;
        Ok((replaced, Some(last)))
    }

    /// The tokens of the grants of these credentials: a page's credential carries the fingerprint of the token that its own
    /// was minted from.
    async fn open_grant_tokens(
        &self,
        scope: &TenantScope,
        tx: &TenantTx,
        read: &[SlottedCredential],
    ) -> Result<GrantTokens, Error> {
        let mut ids: Vec<_> = read
            .iter()
            .filter_map(|it| it.stored.credential.grant_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let mut tokens = GrantTokens::new();
        for stored in tx.find_grant_tokens(&ids).await? {
            let (id, Some(sealed)) = (stored.grant.id, stored.sealed) else {
                continue;
            };
            if let Ok(token) = self.open_grant_token(scope, id, &sealed).await {
                tokens.insert(id, token);
            }
        }
        Ok(tokens)
    }

    /// The credential under the new key; `None` if it stays as it is.
    async fn reseal_credential(
        &self,
        scope: &TenantScope,
        tokens: &GrantTokens,
        key: &DataKey,
        slotted: &SlottedCredential,
    ) -> Result<Option<ResealedCredential>, Error> {
        if !slotted.check_slot() {
            return Ok(None);
        }
        let stored = &slotted.stored.credential;
        match self.seal_again(scope, tokens, key, stored).await {
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
        tokens: &GrantTokens,
        key: &DataKey,
        stored: &Credential,
    ) -> Result<Credential, Error> {
        let old = self.data_keys.key_of_record(scope, &stored.sealed).await?;
        let context = credential_context(scope.tenant(), stored);
        let plain = old.open_record(&context, &stored.sealed)?;
        let print_of = |it: &AccessToken| print_again((&old, key), stored, it.expose().as_bytes());
        let own = parse_payload(&plain, stored).ok();
        let of_grant = || stored.grant_id.and_then(|it| tokens.get(&it));
        let print = own
            .as_ref()
            .and_then(print_of)
            .or_else(|| of_grant().and_then(print_of));
        Ok(Credential {
            sealed: key.seal_record(&context, &plain)?,
            fingerprint: print.unwrap_or_else(|| stored.fingerprint.clone()),
            ..stored.clone()
        })
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
