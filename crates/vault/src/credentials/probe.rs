//! Probes stored credentials of assets, each with its own token.
//!
//! The rule: no transaction is open here. A token that a probe calls dead counts as dead only after Graph confirmed it.
//! Start at [`Vault::probe_credentials`].

use std::{collections::HashMap, pin::pin};

use futures_util::StreamExt;
use regrant_domain::{
    AccessToken, ProbeResult, Refusal, RefusalKind, error_chain, explain_by_scope,
};
use regrant_graph::{AppCredentials, Probe, Target};
use regrant_storage::{StoredCredential, TenantScope};
use tracing::error;

use crate::{
    Error, Vault,
    credentials::{
        payload::{credential_context, parse_payload},
        probed_asset::{ProbeRound, ProbedAsset},
        second_opinion::{apply_opinion, needs_second_opinion},
    },
};

/// The indices of a credential that is probed: of its asset, and of it among the asset's credentials.
struct ProbeIndex {
    asset: usize,
    credential: usize,
}

impl ProbeIndex {
    fn to_target(&self, round: &ProbeRound<'_>, due: &[ProbedAsset]) -> Option<Target> {
        let it = due.get(self.asset)?;
        let stored = it.credentials.get(self.credential)?;
        Some(match round.grant_of(&stored.credential) {
            Some(grant) => Target::with_business(&it.asset, &grant.facts),
            None => Target::from(&it.asset),
        })
    }

    fn to_probe<'a>(
        &self,
        round: &'a ProbeRound<'_>,
        due: &'a [ProbedAsset],
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
    pub(crate) async fn probe_credentials(
        &self,
        round: &mut ProbeRound<'_>,
        due: &mut [ProbedAsset],
        wanted: impl Fn(&ProbedAsset, &StoredCredential) -> bool,
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
        self.review_refusals(round, due).await;
    }

    /// Opens the token of a credential. A record that does not open raises an alarm and says nothing about the token.
    pub(crate) async fn open_token_or_alarm(
        &self,
        scope: &TenantScope,
        stored: &StoredCredential,
    ) -> Option<AccessToken> {
        self.open_stored_token(scope, stored).await.ok()
    }

    /// The same with the error, which is logged.
    pub(crate) async fn open_stored_token(
        &self,
        scope: &TenantScope,
        stored: &StoredCredential,
    ) -> Result<AccessToken, Error> {
        let credential = &stored.credential;
        if stored.is_unreadable {
            return Err(Error::from_cause("the credential's row does not parse"));
        }
        let bound = credential_context(scope.tenant(), credential);
        let opened = self
            .data_keys
            .open_record(scope, &bound, &credential.sealed)
            .await;
        let opened = opened.and_then(|plain| parse_payload(&plain, credential));
        opened.inspect_err(|error| {
            error!(
                alarm = "unreadable", credential.id = %credential.id, error = error_chain(error),
                "a credential does not open"
            );
        })
    }

    /// Asks Graph about each token that a probe called dead, once per token. Replaces the results that Graph does not
    /// confirm, and explains the other refusals by what was granted.
    async fn review_refusals(&self, round: &ProbeRound<'_>, due: &mut [ProbedAsset]) {
        let mut opinions = HashMap::<Vec<u8>, Option<Refusal>>::new();
        for it in due.iter() {
            for (stored, refusal) in it.refused_credentials() {
                let print = &stored.credential.fingerprint;
                let token = round.tokens.get(&stored.credential.id);
                let token = token.filter(|_| needs_second_opinion(refusal));
                if let Some(token) = token.filter(|_| !opinions.contains_key(print)) {
                    let opinion = self.ask_second_opinion(round.app, token, refusal).await;
                    opinions.insert(print.clone(), opinion);
                }
            }
        }
        let app_works = self.is_app_working(round.app, due).await;
        for it in due.iter_mut() {
            let reviewed: Vec<_> = it
                .refused_credentials()
                .map(|(stored, refusal)| {
                    let refusal = review_refusal(round, &opinions, app_works, it, stored, refusal);
                    (stored.credential.id, ProbeResult::Refused(refusal))
                })
                .collect();
            it.proofs.extend(reviewed);
        }
    }

    /// Whether Graph blamed the app for a refusal and accepts the app's own token all the same.
    async fn is_app_working(&self, app: &AppCredentials, due: &[ProbedAsset]) -> bool {
        let mut refused = due.iter().flat_map(ProbedAsset::refused_credentials);
        refused.any(|(_, it)| it.kind == RefusalKind::AppFault)
            && self.graph.verify_app(app).await.is_ok()
    }

    /// Runs the probes; returns one result for each index, in their order.
    async fn run_probes(
        &self,
        round: &ProbeRound<'_>,
        due: &[ProbedAsset],
        indices: &[ProbeIndex],
    ) -> Vec<ProbeResult> {
        let targets: Vec<_> = indices
            .iter()
            .filter_map(|it| it.to_target(round, due))
            .collect();
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

/// The refusal as it counts.
fn review_refusal(
    round: &ProbeRound<'_>,
    opinions: &HashMap<Vec<u8>, Option<Refusal>>,
    app_works: bool,
    due: &ProbedAsset,
    stored: &StoredCredential,
    refusal: &Refusal,
) -> Refusal {
    let credential = &stored.credential;
    let refusal = match opinions.get(&credential.fingerprint) {
        Some(opinion) if needs_second_opinion(refusal) => {
            apply_opinion(opinion.clone(), refusal.clone())
        }
        _ => refusal.clone(),
    };
    if app_works && refusal.kind == RefusalKind::AppFault {
        // The fault is this token's alone: it is counted, so that it is not ignored for good.
        return Refusal {
            kind: RefusalKind::Unclassified,
            ..refusal
        };
    }
    match round.grant_of(credential) {
        Some(grant) => explain_by_scope(due.asset.kind, &due.asset.id, grant, refusal),
        None => refusal,
    }
}
