//! Reads tokens: the tenant receives the token that serves an asset.
//!
//! The rule: commit the audit event before the token is returned. A token that is known to be dead is never returned, and
//! a person's token never as a page's. A token that no probe has proved comes without a proof: a proof of text that a
//! caller chose would make the app secret sign anything.
//! Start at [`Vault::look_up_tokens`]; `shared_reads.rs` reads the rows of concurrent reads together, and `read_audit.rs`
//! commits their audit events together. `inspection.rs` says what a submitted token is,
//! `discovery.rs` what it lists.

pub(crate) mod discovery;
pub(crate) mod inspection;
pub(crate) mod read_audit;
pub(crate) mod shared_reads;

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, AssetId, Credential, CredentialKind, PersonId, ReadReason, Reason,
    ReasonCode, Timestamp,
    state::{AssetState, Status, reason_not_attributed, reason_unreadable},
};
use regrant_graph::{AppCredentials, AppSecretProof};
use regrant_storage::{AuditEvent, ServedAsset, SlottedCredential};
use serde_json::json;

use crate::{
    Conflict, Error, Principal, RepeatableRequest, Resource, Vault,
    assets::spellings::{NamedAsset, fold_spellings, list_spellings},
    credentials::attribution::is_fault_of_record,
};

/// Up to how many tokens are read on the thread that answers the call.
const SHORT: usize = 8;

/// A token that serves an asset.
pub struct ServedToken {
    /// The asset.
    pub asset_id: AssetId,
    /// The token.
    pub access_token: AccessToken,
    /// The kind of the token.
    pub kind: CredentialKind,
    /// The person that the token belongs to.
    pub person_id: Option<PersonId>,
    /// When the token expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When the token loses data access, if it does.
    pub data_access_expires_at: Option<Timestamp>,
    /// The asset's state.
    pub state: AssetState,
    /// The proof for calls to Graph, valid for five minutes; `None` until a probe has proved the token.
    pub proof: Option<AppSecretProof>,
}

/// The result of a lookup for one asset.
pub enum TokenLookup {
    /// The token.
    Served(Box<ServedToken>),
    /// The asset has no token that works.
    NoToken(Reason),
    /// The tenant has no such asset.
    Unknown,
}

impl Vault {
    /// Reads the token that serves an asset.
    ///
    /// # Errors
    /// `NotFound`; `Conflict(NoToken)` with the reason where none works.
    pub async fn read_token(&self, caller: &Principal, id: &AssetId) -> Result<ServedToken, Error> {
        let mut found = self
            .look_up_tokens(caller, std::slice::from_ref(id), None)
            .await?;
        match found.pop() {
            Some((_, TokenLookup::Served(token))) => Ok(*token),
            Some((id, TokenLookup::NoToken(reason))) => {
                Err(Error::Conflict(Conflict::NoToken { asset: id, reason }))
            }
            Some((_, TokenLookup::Unknown)) | None => Err(Error::NotFound(Resource::Asset)),
        }
    }

    /// Reads the tokens that serve these assets: one result for each distinct asset, in the request's order.
    ///
    /// # Errors
    /// `TooMany`; `Invalid` for an empty list.
    pub async fn look_up_tokens(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Vec<(AssetId, TokenLookup)>, Error> {
        if ids.len() <= SHORT {
            return self.read_tokens(caller, ids, repeatable).await;
        }
        let (vault, caller, ids) = (self.clone(), caller.clone(), ids.to_vec());
        let reading = async move { vault.read_tokens(&caller, &ids, repeatable).await };
        Box::pin(self.run_apart(reading)).await
    }

    async fn read_tokens(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Vec<(AssetId, TokenLookup)>, Error> {
        self.check_lookup_count(ids.len())?;
        caller.require_read_reason()?;
        self.check_key(&caller.scope, caller.caller_id(), repeatable)
            .await?;
        let now = self.clock.now();
        let answers = self.open_tokens(caller, ids, now).await?;
        self.record_reads(caller, &answers, now).await?;
        Ok(answers)
    }

    /// Opens the tokens. The audit comes after this, so the result must not be returned to the caller yet.
    pub(crate) async fn open_tokens(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<Vec<(AssetId, TokenLookup)>, Error> {
        let app = self.open_app_credentials(caller.scope.app_id()).await?;
        let served = self.read_settled_assets(caller, ids, now).await?;
        let now = self.clock.now().max(now);
        let named = fold_spellings(ids, served.iter().map(|it| &it.asset));
        let mut opened = HashMap::new();
        for ServedAsset { asset, active } in served {
            let found = match active {
                Some(stored) => self.open_token(caller, &app, &asset, stored, now).await?,
                None => TokenLookup::NoToken(self.state_of(&asset, now).reason),
            };
            opened.insert(asset.id, found);
        }
        let lookup = |it: NamedAsset| {
            let found = it.known.and_then(|id| opened.remove(&id));
            (it.requested, found.unwrap_or(TokenLookup::Unknown))
        };
        Ok(named.into_iter().map(lookup).collect())
    }

    /// The assets within the caller's reach and their active credentials. Pages whose own token is pending, and assets
    /// with a date that has arrived unconfirmed, are checked first, if their probe is due.
    async fn read_settled_assets(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<Vec<ServedAsset>, Error> {
        let served = self.read_reached_assets(caller, ids).await?;
        let is_due = |it: &&ServedAsset| {
            let state = self.state_of(&it.asset, now);
            let is_pending = |it: &SlottedCredential| it.stored.credential.is_page_token_pending();
            let awaits_end = state.reason.code == ReasonCode::EndNotConfirmed;
            (awaits_end || it.active.as_ref().is_some_and(is_pending))
                && it.asset.facts.next_check_at.is_some_and(|at| at <= now)
                && state.is_serving()
        };
        let due = served.iter().filter(is_due);
        let due: Vec<_> = due.map(|it| it.asset.id.clone()).collect();
        if due.is_empty() {
            return Ok(served);
        }
        // On the heap: every read holds this future, and few need it.
        Box::pin(self.check_before_read(&caller.scope, &due)).await?;
        self.read_reached_assets(caller, ids).await
    }

    /// The assets within the caller's reach, in both spellings of each id, and their active credentials.
    async fn read_reached_assets(
        &self,
        caller: &Principal,
        ids: &[AssetId],
    ) -> Result<Vec<ServedAsset>, Error> {
        let spellings = list_spellings(ids);
        let reads = &self.shared_reads;
        let mut served = reads.read_served_assets(&caller.scope, spellings).await?;
        served.retain(|it| caller.can_reach(&it.asset));
        Ok(served)
    }

    async fn open_token(
        &self,
        caller: &Principal,
        app: &AppCredentials,
        asset: &Asset,
        slotted: SlottedCredential,
        now: Timestamp,
    ) -> Result<TokenLookup, Error> {
        let state = self.state_of(asset, now);
        if let Some(reason) = find_obstacle(&state, &slotted.stored.credential) {
            return Ok(TokenLookup::NoToken(reason));
        }
        if !slotted.check_slot() {
            return Ok(TokenLookup::NoToken(reason_unreadable()));
        }
        let stored = slotted.stored;
        let access_token = match self.open_stored_token(&caller.scope, &stored).await {
            Ok(token) => token,
            Err(error) if is_fault_of_record(&error) => {
                return Ok(TokenLookup::NoToken(reason_unreadable()));
            }
            Err(error) => return Err(error),
        };
        let credential = stored.credential;
        let is_proved = credential.proved_at.is_some();
        let proof = is_proved.then(|| self.graph.sign_appsecret_proof(app, &access_token));
        Ok(TokenLookup::Served(Box::new(ServedToken {
            asset_id: asset.id.clone(),
            access_token,
            kind: credential.kind,
            person_id: credential.person_id,
            // As they were read last; the sealed copy has them as they were when it was sealed.
            expires_at: asset.facts.expires_at,
            data_access_expires_at: asset.facts.data_access_expires_at,
            state,
            proof,
        })))
    }

    fn state_of(&self, asset: &Asset, now: Timestamp) -> AssetState {
        asset.state_at(now, self.settings.assets.notice)
    }

    /// Commits the audit events of the tokens that are about to be returned.
    async fn record_reads(
        &self,
        caller: &Principal,
        answers: &[(AssetId, TokenLookup)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = caller.require_read_reason()?.map(ReadReason::as_str);
        let event = |(_, it): &(AssetId, TokenLookup)| match it {
            TokenLookup::Served(token) => Some(AuditEvent::new(
                caller.audit_name(),
                "token.read",
                &token.asset_id,
                audit_detail(token.kind, reason),
            )),
            TokenLookup::NoToken(_) | TokenLookup::Unknown => None,
        };
        let events: Vec<_> = answers.iter().filter_map(event).collect();
        if events.is_empty() {
            return Ok(());
        }
        self.read_audit
            .record_reads(&caller.scope, events, now)
            .await
    }

    fn check_lookup_count(&self, n: usize) -> Result<(), Error> {
        let limit = self.settings.max_lookup_assets;
        match n {
            0 => {
                let reason = "expected at least one asset".to_owned();
                Err(Error::Invalid {
                    field: "asset_ids".to_owned(),
                    reason,
                })
            }
            n if n > limit => Err(Error::TooMany {
                field: "asset_ids",
                limit,
            }),
            _ => Ok(()),
        }
    }
}

fn audit_detail(kind: CredentialKind, reason: Option<&str>) -> serde_json::Value {
    match reason {
        None => json!({ "kind": kind }),
        Some(reason) => json!({ "kind": kind, "reason": reason }),
    }
}

/// Why the token is not returned; `None` where it is. A person's token is never returned as a page's.
fn find_obstacle(state: &AssetState, credential: &Credential) -> Option<Reason> {
    if !state.is_serving() {
        return Some(state.reason.clone());
    }
    credential.is_page_token_pending().then(|| {
        // Where Graph refused the token, its refusal is the reason.
        if state.status == Status::Suspect {
            state.reason.clone()
        } else {
            reason_not_attributed()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RequestCredentials;

    fn size_of_future<A, F: Future>(_: impl Fn(A) -> F) -> usize {
        size_of::<F>()
    }

    /// A future is moved when it is made and when it is boxed; those of calls are made by the thousand each second. What
    /// few calls need belongs on the heap.
    #[test]
    fn what_a_read_keeps_while_it_waits_is_small() {
        type Parts = (&'static Vault, &'static Principal, &'static AssetId);
        type Call = (&'static Vault, RequestCredentials<'static>);
        let read = size_of_future(|(vault, caller, id): Parts| vault.read_token(caller, id));
        assert!(read <= 4_096, "{read} bytes");
        let log_in = size_of_future(|(vault, it): Call| vault.authenticate_request(it));
        assert!(log_in <= 1_024, "{log_in} bytes");
    }
}
