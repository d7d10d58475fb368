//! Probes the credentials of due assets, each with its own token.
//!
//! The rule: no transaction is open here. A token that a probe calls dead counts as dead only after Graph confirmed it.
//! Start at [`Vault::probe_credentials`].

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, Credential, CredentialKind, Grant, GrantId, ProbeResult, Refusal, RefusalKind,
    SealedRecord, Timestamp, error_chain,
};
use regrant_graph::{AppCredentials, DeathVerdict, Probe, Target};
use regrant_storage::{StoredCredential, TenantScope, TenantTx};
use tracing::{error, warn};

use crate::{
    Error, Vault,
    credentials::payload::{credential_context, parse_payload},
    watch::due::{DueAsset, ProbeRound},
};

/// The indices of a credential that is probed: of its asset, and of it among the asset's credentials.
struct ProbeIndex {
    asset: usize,
    credential: usize,
}

impl ProbeIndex {
    fn to_target(&self, due: &[DueAsset]) -> Option<Target> {
        Some(Target::from(&due.get(self.asset)?.asset))
    }

    fn to_probe<'a>(
        &self,
        round: &'a ProbeRound<'_>,
        due: &'a [DueAsset],
        target: &'a Target,
    ) -> Option<Probe<'a>> {
        let stored = due.get(self.asset)?.credentials.get(self.credential)?;
        let credential = &stored.credential;
        Some(Probe {
            target,
            token: round.tokens.get(&credential.id)?,
            kind: credential.kind,
            person: credential.person_id.as_ref(),
        })
    }
}

impl Vault {
    /// Probes the credentials that are `wanted`, and stores the results with their assets.
    pub(super) async fn probe_credentials(
        &self,
        round: &mut ProbeRound<'_>,
        due: &mut [DueAsset],
        wanted: impl Fn(&DueAsset, &StoredCredential) -> bool,
    ) {
        let mut indices = Vec::new();
        for (asset, it) in due.iter().enumerate() {
            for (credential, stored) in it.credentials.iter().enumerate() {
                if !wanted(it, stored) {
                    continue;
                }
                if let Some(token) = self.open_token_or_alarm(round.scope, stored).await {
                    round.tokens.insert(stored.credential.id, token);
                    indices.push(ProbeIndex { asset, credential });
                }
            }
        }
        let proofs = self.run_probes(round, due, &indices).await;
        for (index, proof) in indices.into_iter().zip(proofs) {
            if let Some(it) = due.get_mut(index.asset) {
                let stored = it.credentials.get(index.credential);
                let id = stored.map(|it| it.credential.id);
                it.proofs.extend(id.map(|id| (id, proof)));
            }
        }
        self.confirm_deaths(round, due).await;
    }

    /// Opens the token of a credential. A record that does not open raises an alarm and says nothing about the token.
    async fn open_token_or_alarm(
        &self,
        scope: &TenantScope,
        stored: &StoredCredential,
    ) -> Option<AccessToken> {
        let credential = &stored.credential;
        let bound = credential_context(scope.tenant(), credential);
        let opened = self
            .data_keys
            .open_record(scope, &bound, &credential.sealed)
            .await;
        match opened.and_then(|plain| parse_payload(&plain, credential)) {
            Ok(token) => Some(token),
            Err(error) => {
                error!(
                    alarm = "unreadable", credential.id = %credential.id, error = error_chain(&error),
                    "a credential does not open"
                );
                None
            }
        }
    }

    /// Asks Graph about each token that a probe called dead, because a fault of the app may look like dead tokens.
    /// Replaces the results that Graph does not confirm.
    async fn confirm_deaths(&self, round: &ProbeRound<'_>, due: &mut [DueAsset]) {
        let mut by_fingerprint = HashMap::<Vec<u8>, Option<Refusal>>::new();
        for it in due.iter() {
            for stored in it.credentials.iter().filter(|stored| it.is_dead(stored)) {
                let fingerprint = &stored.credential.fingerprint;
                let Some(token) = round.tokens.get(&stored.credential.id) else {
                    continue;
                };
                if !by_fingerprint.contains_key(fingerprint) {
                    let refusal = self.confirm_dead(round.app, token).await;
                    by_fingerprint.insert(fingerprint.clone(), refusal);
                }
            }
        }
        for it in due.iter_mut() {
            let dead = it.credentials.iter().filter(|stored| it.is_dead(stored));
            let replaced: Vec<_> = dead
                .filter_map(|stored| {
                    let refusal = by_fingerprint
                        .get(&stored.credential.fingerprint)?
                        .clone()?;
                    Some((stored.credential.id, ProbeResult::Refused(refusal)))
                })
                .collect();
            it.proofs.extend(replaced);
        }
    }

    /// `None` if Graph confirms that the token is dead, else the refusal that counts instead.
    async fn confirm_dead(&self, app: &AppCredentials, token: &AccessToken) -> Option<Refusal> {
        match self.graph.confirm_death(app, token).await {
            Ok(DeathVerdict::Confirmed { .. }) => None,
            Ok(DeathVerdict::Denied) => {
                warn!(
                    alarm = "contradiction", app.id = %app.id,
                    "Graph refuses a token that it calls valid"
                );
                Some(unavailable(
                    "Graph refused the token, and calls it valid when asked about it.",
                ))
            }
            Err(refusal) => Some(refusal),
        }
    }

    /// Asks Graph for the facts of imported tokens that work: whose they are, and when they end.
    pub(super) async fn inspect_imported_tokens(
        &self,
        round: &mut ProbeRound<'_>,
        due: &[DueAsset],
    ) {
        for it in due {
            let without_grant = it
                .credentials
                .iter()
                .filter(|stored| is_working_without_grant(it, &stored.credential));
            for stored in without_grant {
                let (id, print) = (stored.credential.id, &stored.credential.fingerprint);
                let is_known = round.imported.contains_key(print);
                let Some(token) = round.tokens.get(&id).filter(|_| !is_known) else {
                    continue;
                };
                if let Ok(inspected) = self.graph.inspect_token(round.app, token).await {
                    let grant = Grant {
                        id: imported_grant_id(print),
                        facts: inspected.facts,
                    };
                    round.imported.insert(print.clone(), grant);
                }
            }
        }
    }

    /// Stores the grant of an imported token, unless another chunk has stored it.
    pub(super) async fn insert_imported_grant(
        &self,
        tx: &TenantTx,
        grant: &Grant,
        sealed: &SealedRecord,
        now: Timestamp,
    ) -> Result<(), Error> {
        if tx.find_grants(&[grant.id]).await?.is_empty() {
            match self.insert_grant(tx, grant, now).await {
                // A concurrent chunk with the same token was first.
                Ok(()) | Err(regrant_storage::Error::Taken(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(tx.store_grant_token(grant.id, sealed).await?)
    }

    /// Runs the probes; returns one result for each index, in their order.
    async fn run_probes(
        &self,
        round: &ProbeRound<'_>,
        due: &[DueAsset],
        indices: &[ProbeIndex],
    ) -> Vec<ProbeResult> {
        let targets: Vec<_> = indices.iter().filter_map(|it| it.to_target(due)).collect();
        let probes: Vec<_> = indices
            .iter()
            .zip(&targets)
            .filter_map(|(it, target)| it.to_probe(round, due, target))
            .collect();
        let unprobed = || ProbeResult::Refused(unavailable("Graph was not asked."));
        let mut proofs: Vec<_> = indices.iter().map(|_| unprobed()).collect();
        let mut chunks = pin!(self.graph.probe_each_token(round.app, &probes));
        while let Some(chunk) = chunks.next().await {
            for (index, proof) in chunk.indices.into_iter().zip(chunk.results) {
                if let Some(slot) = proofs.get_mut(index) {
                    *slot = proof;
                }
            }
        }
        proofs
    }
}

/// The refusal where Graph gave no answer.
fn unavailable(message: &str) -> Refusal {
    Refusal {
        kind: RefusalKind::Unavailable,
        message: message.to_owned(),
        fbtrace_id: None,
    }
}

/// Whether a credential works and has no grant. Graph does not say whose a page token is, so those are excluded.
fn is_working_without_grant(due: &DueAsset, credential: &Credential) -> bool {
    let works = matches!(due.proofs.get(&credential.id), Some(ProbeResult::Works(_)));
    works && credential.grant_id.is_none() && credential.kind != CredentialKind::Page
}

/// The id of an imported token's grant, derived from its fingerprint, so that concurrent chunks agree on it.
fn imported_grant_id(fingerprint: &[u8]) -> GrantId {
    let bytes: [u8; 16] = fingerprint.try_into().unwrap_or_default();
    GrantId::from_uuid(uuid::Uuid::new_v8(bytes))
}
