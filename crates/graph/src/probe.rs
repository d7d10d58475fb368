//! Probes: tokens proved on assets.
//!
//! The rule: as many proofs as probes, in their order, whatever happens; and no asset is refused for
//! what Graph did not say: what is unanswered after bounded attempts stays transient.
//! Start at [`Client::probe_each`]; `pack` says which probes share a call.

use futures_util::{Stream, StreamExt, stream};
use regrant_domain::{
    AccessToken, Asset, AssetId, AssetKind, CredentialKind, PersonId, Proof, Refusal, RefusalKind,
};

use crate::{
    AppCredentials, Client,
    caller::Caller,
    error::refusal,
    item::Item,
    pack::{Pack, pack},
};

/// One asset to prove a token on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its Graph id; an ad account may lack its `act_`.
    pub id: AssetId,
    /// Its kind: it decides what is asked and what proves.
    pub kind: AssetKind,
    /// The business it belongs to, where that is known: a limit of the business holds for it too.
    pub business: Option<AssetId>,
}

/// One token to prove on one asset.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The asset.
    pub target: &'a Target,
    /// The token.
    pub token: &'a AccessToken,
    /// What kind of token it is: a page's own is asked other things than a person's.
    pub kind: CredentialKind,
    /// The person or system user behind the token: their pauses hold for it.
    pub person: Option<&'a PersonId>,
}

/// Probes that have ended.
#[derive(Debug)]
pub struct ProbedChunk {
    /// Where they stand in the list that was asked.
    pub indices: Vec<usize>,
    /// What was proved, one for each index.
    pub proofs: Vec<Proof>,
}

impl From<&Asset> for Target {
    fn from(asset: &Asset) -> Self {
        Self {
            id: asset.id.clone(),
            kind: asset.kind,
            business: asset.business_id.clone(),
        }
    }
}

impl Client {
    /// Proves `token` of `person` on every target: one proof each, in the order of the targets.
    pub async fn probe(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        person: &PersonId,
        targets: &[Target],
    ) -> Vec<Proof> {
        let mut chunks: Vec<_> = self
            .probe_stream(app, token, person, targets)
            .collect()
            .await;
        chunks.sort_by_key(|it| it.indices.first().copied());
        chunks.into_iter().flat_map(|it| it.proofs).collect()
    }

    /// The same, chunk by chunk as they end, so that the caller can settle while others run.
    pub fn probe_stream<'a>(
        &'a self,
        app: &'a AppCredentials,
        token: &'a AccessToken,
        person: &'a PersonId,
        targets: &'a [Target],
    ) -> impl Stream<Item = ProbedChunk> + Send + 'a {
        let probe = move |target| Probe {
            target,
            token,
            kind: CredentialKind::User,
            person: Some(person),
        };
        self.run_probes(app, targets.iter().map(probe).collect())
    }

    /// Proves many tokens of one app, each on its own asset, chunk by chunk as they end.
    ///
    /// Probes of one token share batches made with it; the rest is packed into batches made with the
    /// app's token. A dead token, a resting person or a throttled asset holds up no other probe.
    pub fn probe_each<'a>(
        &'a self,
        app: &'a AppCredentials,
        probes: &[Probe<'a>],
    ) -> impl Stream<Item = ProbedChunk> + Send + use<'a> {
        self.run_probes(app, probes.to_vec())
    }

    fn run_probes<'a>(
        &'a self,
        app: &'a AppCredentials,
        probes: Vec<Probe<'a>>,
    ) -> impl Stream<Item = ProbedChunk> + Send + use<'a> {
        let runs = pack(&probes)
            .into_iter()
            .map(move |Pack { indices, is_shared }| {
                let probes: Vec<_> = indices
                    .iter()
                    .filter_map(|it| probes.get(*it).copied())
                    .collect();
                async move {
                    let shared = probes.first().filter(|_| is_shared).copied();
                    let proofs = match shared {
                        Some(probe) => self.prove(Speaker::shared(app, probe), probes).await,
                        None => self.prove_mixed(app, probes).await,
                    };
                    ProbedChunk { indices, proofs }
                }
            });
        stream::iter(runs).buffer_unordered(self.inner.settings.max_in_flight)
    }

    /// Proves probes of different tokens: the app's own token stands on top of the batch.
    async fn prove_mixed(&self, app: &AppCredentials, probes: Vec<Probe<'_>>) -> Vec<Proof> {
        let Ok(token) = app.token() else {
            let refused = |_| {
                Proof::Refused(refusal(
                    RefusalKind::AppFault,
                    "The app has no usable secret.",
                ))
            };
            return probes.into_iter().map(refused).collect();
        };
        let others: Vec<_> = probes.iter().map(|it| it.token).collect();
        let caller = Caller::new(app, Some(&token), None, &others);
        self.prove(
            Speaker {
                caller,
                token: &token,
                is_app: true,
            },
            probes,
        )
        .await
    }

    #[tracing::instrument(name = "probe", skip_all, fields(app.id = %speaker.caller.app.id, probes = probes.len()))]
    async fn prove(&self, speaker: Speaker<'_>, probes: Vec<Probe<'_>>) -> Vec<Proof> {
        let app = speaker.caller.app;
        let mut items: Vec<_> = probes
            .into_iter()
            .map(|it| Item::new(&app.id, it))
            .collect();
        let mut pauses = self.backoff();
        loop {
            self.attempt(&speaker, &mut items).await;
            if items.iter().all(Item::is_settled) {
                break;
            }
            let Some(pause) = pauses.next() else { break };
            if items.iter().any(Item::is_unavailable) {
                tokio::time::sleep(pause).await;
            }
        }
        if let Some(token) = items.iter().find_map(Item::blames_app) {
            self.confirm_fault(app, Some(token)).await;
        }
        items.into_iter().map(Item::into_proof).collect()
    }

    /// Sends what is open and may be called, once.
    async fn attempt(&self, speaker: &Speaker<'_>, items: &mut [Item<'_>]) {
        self.rest_items(items).await;
        let may_send =
            |it: &&mut Item<'_>| !it.is_settled() && self.inner.budget.rest(it.scopes()).is_none();
        let open: Vec<_> = items.iter_mut().filter(may_send).collect();
        if open.is_empty() {
            return;
        }
        let questions: Vec<_> = open.iter().map(|it| it.question()).collect();
        match self.batch(&speaker.caller, speaker.token, &questions).await {
            Ok(replies) => open
                .into_iter()
                .zip(replies)
                .for_each(|(item, reply)| item.hear(reply)),
            Err(refusal) => {
                let refusal = speaker.of_items(refusal);
                for item in open {
                    item.refuse(&refusal);
                }
            }
        }
    }

    /// Refuses items whose asset or person rests for long; waits where all that is left rests shortly.
    async fn rest_items(&self, items: &mut [Item<'_>]) {
        let mut waits = Vec::new();
        for item in items.iter_mut().filter(|it| !it.is_settled()) {
            match self.inner.budget.rest(item.scopes()) {
                Some(rest) if rest > self.inner.settings.max_wait => item.rest(self.resting(rest)),
                rest => waits.push(rest),
            }
        }
        if let Some(Some(shortest)) = waits.into_iter().min() {
            tokio::time::sleep(shortest).await;
        }
    }
}

/// Whose token stands on top of a batch.
struct Speaker<'a> {
    caller: Caller<'a>,
    token: &'a AccessToken,
    /// Whether it is the app's own, so that what is refused as a whole says nothing of the items' tokens.
    is_app: bool,
}

impl<'a> Speaker<'a> {
    fn shared(app: &'a AppCredentials, probe: Probe<'a>) -> Self {
        let caller = Caller::new(app, Some(probe.token), probe.person, &[]);
        Self {
            caller,
            token: probe.token,
            is_app: false,
        }
    }

    /// What a refusal of the whole batch means for its items.
    fn of_items(&self, whole: Refusal) -> Refusal {
        let kind = match whole.kind {
            RefusalKind::TokenDead if self.is_app => RefusalKind::AppFault,
            kind if self.is_app && !is_of_the_call(&kind) => RefusalKind::Unclassified,
            kind => kind,
        };
        Refusal { kind, ..whole }
    }
}

/// Whether a refusal can be meant for a call as a whole, whoever makes it.
const fn is_of_the_call(kind: &RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::AppFault
            | RefusalKind::RequestFault
            | RefusalKind::Throttled { .. }
            | RefusalKind::Unavailable
    )
}
