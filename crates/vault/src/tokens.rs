//! A token out: the audited act.
//!
//! The rule: the audit record is committed before the token leaves, and a token that is known to be
//! dead never leaves without the caller being told.

pub(crate) mod read_audit;

use std::collections::{HashMap, HashSet};

use regrant_domain::{
    AccessToken, Asset, AssetId, CredentialKind, PersonId, ReadReason, Reason, Timestamp,
    state::AssetState,
};
use regrant_graph::AppCredentials;
use regrant_storage::{AuditEvent, StoredCredential};
use serde_json::json;

use crate::{
    Conflict, Error, Principal, Repeatable, Resource, Vault,
    credentials::payload::{context, read_credential},
};

/// A token on its way to its tenant.
pub struct ServedToken {
    /// The asset it serves.
    pub asset_id: AssetId,
    /// The token.
    pub access_token: AccessToken,
    /// Its kind.
    pub kind: CredentialKind,
    /// Whose it is.
    pub person_id: Option<PersonId>,
    /// Its end, if it has one.
    pub expires_at: Option<Timestamp>,
    /// The end of data access, if there is one.
    pub data_access_expires_at: Option<Timestamp>,
    /// The asset's state.
    pub state: AssetState,
    /// Proof for the call to the Graph (`appsecret_proof`), hex.
    pub appsecret_proof: String,
    /// The proof's time in Unix seconds (`appsecret_time`); good for five minutes.
    pub appsecret_time: i64,
}

/// One answer of a lookup.
pub enum Lookup {
    /// The token.
    Served(Box<ServedToken>),
    /// There is none that works.
    NoToken(Reason),
    /// The tenant has no such asset.
    Unknown,
}

impl Vault {
    /// The token that serves an asset.
    ///
    /// # Errors
    /// `NotFound`; `Conflict(NoToken)` with the reason where none works.
    pub async fn token(&self, caller: &Principal, id: &AssetId) -> Result<ServedToken, Error> {
        let mut found = self.lookup(caller, std::slice::from_ref(id), None).await?;
        match found.pop() {
            Some((_, Lookup::Served(token))) => Ok(*token),
            Some((id, Lookup::NoToken(reason))) => {
                Err(Error::Conflict(Conflict::NoToken { asset: id, reason }))
            }
            Some((_, Lookup::Unknown)) | None => Err(Error::NotFound(Resource::Asset)),
        }
    }

    /// The tokens that serve these assets: one answer for each distinct id, in the caller's order.
    ///
    /// # Errors
    /// `TooMany`; `Invalid` for an empty list.
    pub async fn lookup(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        repeatable: Option<Repeatable>,
    ) -> Result<Vec<(AssetId, Lookup)>, Error> {
        self.check_lookup(ids.len())?;
        caller.read_reason()?;
        self.read_once(&caller.scope, caller.id(), repeatable)
            .await?;
        let now = self.clock.now();
        let answers = self.opened(caller, ids, now).await?;
        self.record_reads(caller, &answers, now).await?;
        Ok(answers)
    }

    /// The answers, before their audit: they must not leave yet.
    pub(crate) async fn opened(
        &self,
        caller: &Principal,
        ids: &[AssetId],
        now: Timestamp,
    ) -> Result<Vec<(AssetId, Lookup)>, Error> {
        let app = self.app(caller.scope.app_id()).await?;
        let spellings: Vec<_> = ids
            .iter()
            .flat_map(|id| [id.clone(), id.as_ad_account()])
            .collect();
        let tx = self.store.begin_read(&caller.scope).await?;
        let reached = tx
            .assets(&spellings)
            .await?
            .into_iter()
            .filter(|it| caller.reaches(it));
        let assets: HashMap<_, _> = reached.map(|it| (it.id.clone(), it)).collect();
        let known: Vec<_> = assets.keys().cloned().collect();
        let held = tx.active_credentials(&known).await?;
        tx.commit().await?;
        let mut held: HashMap<_, _> = held
            .into_iter()
            .map(|it| (it.credential.asset_id.clone(), it))
            .collect();

        let mut opened = HashMap::new();
        for asset in assets.values() {
            let found = match held.remove(&asset.id) {
                Some(stored) => self.open_token(caller, &app, asset, stored, now).await?,
                None => Lookup::NoToken(asset.state(now, self.settings.assets.notice).reason),
            };
            opened.insert(asset.id.clone(), found);
        }
        Ok(answers(ids, opened))
    }

    async fn open_token(
        &self,
        caller: &Principal,
        app: &AppCredentials,
        asset: &Asset,
        stored: StoredCredential,
        now: Timestamp,
    ) -> Result<Lookup, Error> {
        let state = asset.state(now, self.settings.assets.notice);
        if !state.serves() {
            return Ok(Lookup::NoToken(state.reason));
        }
        let credential = stored.credential;
        let context = context(caller.tenant(), &credential);
        let plain = self
            .keys
            .open(&caller.scope, &context, &credential.sealed)
            .await?;
        let access_token = read_credential(&plain, &credential)?;
        let proof = self.graph.appsecret_proof(app, &access_token);
        Ok(Lookup::Served(Box::new(ServedToken {
            asset_id: asset.id.clone(),
            access_token,
            kind: credential.kind,
            person_id: credential.person_id,
            expires_at: credential.expires_at,
            data_access_expires_at: credential.data_access_expires_at,
            state,
            appsecret_proof: proof.proof,
            appsecret_time: proof.time,
        })))
    }

    /// Commits the audit record of what is about to leave.
    async fn record_reads(
        &self,
        caller: &Principal,
        answers: &[(AssetId, Lookup)],
        now: Timestamp,
    ) -> Result<(), Error> {
        let reason = caller.read_reason()?.map(ReadReason::as_str);
        let event = |(_, it): &(AssetId, Lookup)| match it {
            Lookup::Served(token) => Some(AuditEvent::new(
                caller.actor(),
                "token.read",
                &token.asset_id,
                detail(token.kind, reason),
            )),
            Lookup::NoToken(_) | Lookup::Unknown => None,
        };
        let events: Vec<_> = answers.iter().filter_map(event).collect();
        if events.is_empty() {
            return Ok(());
        }
        self.reads.record(&caller.scope, events, now).await
    }

    fn check_lookup(&self, n: usize) -> Result<(), Error> {
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

fn detail(kind: CredentialKind, reason: Option<&str>) -> serde_json::Value {
    match reason {
        None => json!({ "kind": kind }),
        Some(reason) => json!({ "kind": kind, "reason": reason }),
    }
}

/// One answer for each distinct asset, under the first spelling it was asked by.
fn answers(ids: &[AssetId], mut opened: HashMap<AssetId, Lookup>) -> Vec<(AssetId, Lookup)> {
    let known: HashSet<_> = opened.keys().cloned().collect();
    let mut answered = HashSet::new();
    let mut answers = Vec::with_capacity(ids.len());
    for id in ids {
        let found = [id.clone(), id.as_ad_account()]
            .into_iter()
            .find(|it| known.contains(it));
        let meant = found.unwrap_or_else(|| id.clone());
        if answered.insert(meant.clone()) {
            answers.push((id.clone(), opened.remove(&meant).unwrap_or(Lookup::Unknown)));
        }
    }
    answers
}
