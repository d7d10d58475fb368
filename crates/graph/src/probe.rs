//! Probes: reads that show whether a token works on an asset.
//!
//! The rule: every probe gets one result, in the order of the probes, whatever fails. An asset is
//! refused only for what Graph said: without a response after bounded attempts the result is
//! transient.
//! Start at [`Client::probe_each_token`]; `probe/plan.rs` decides which probes share a call.

pub(crate) mod batch;
pub(crate) mod item;
pub(crate) mod node;
pub(crate) mod plan;

use futures_util::{Stream, StreamExt, stream};
use regrant_domain::{
    AccessToken, Asset, AssetId, AssetKind, CredentialKind, PersonId, Proof, Refusal, RefusalKind,
};

use crate::{
    AppCredentials, Client,
    call::context::Caller,
    errors::graph_error::refusal,
    probe::item::Item,
    probe::plan::{Pack, pack},
};

/// One asset to probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The Graph id; the `act_` of an ad account may be missing.
    pub id: AssetId,
    /// The kind: it decides which fields are read and which of them show that the token works.
    pub kind: AssetKind,
    /// The business that owns the asset, if known: a pause of the business holds for the asset too.
    pub business: Option<AssetId>,
}

/// One probe: a token on an asset.
#[derive(Debug, Clone, Copy)]
pub struct Probe<'a> {
    /// The asset.
    pub target: &'a Target,
    /// The token.
    pub token: &'a AccessToken,
    /// The kind of the token: a page's own token is probed with other fields than a person's.
    pub kind: CredentialKind,
    /// The person or system user behind the token; a pause of this person holds for the probe.
    pub person: Option<&'a PersonId>,
}

/// The results of some probes.
#[derive(Debug)]
pub struct ProbedChunk {
    /// Positions of the probes in the list that the caller passed.
    pub indices: Vec<usize>,
    /// One result for each index.
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
    /// Probes every target with `token` of `person`: one result each, in the order of the targets.
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

    /// The same as a stream of chunks, so that the caller can settle a chunk while others run.
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

    /// Probes many tokens of one app, each on an asset; a stream of chunks as they end.
    ///
    /// Probes of one token share batches sent with that token; the others share batches sent with the
    /// app's token. A dead token, a paused person or a throttled asset delays no other probe.
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
                    let results = match shared {
                        Some(probe) => self.prove(Speaker::shared(app, probe), probes).await,
                        None => self.prove_mixed(app, probes).await,
                    };
                    ProbedChunk {
                        indices,
                        proofs: results,
                    }
                }
            });
        stream::iter(runs).buffer_unordered(self.inner.settings.max_in_flight)
    }

    /// Runs probes with different tokens in one batch, which the app's own token sends.
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
        let context = Caller::new(app, Some(&token), None, &others);
        self.prove(
            Speaker {
                context,
                token: &token,
                is_app: true,
            },
            probes,
        )
        .await
    }

    /// Sends the probes of one batch until all are settled or no attempt is left.
    #[tracing::instrument(name = "probe", skip_all, fields(app.id = %sender.context.app.id, probes = probes.len()))]
    async fn prove(&self, sender: Speaker<'_>, probes: Vec<Probe<'_>>) -> Vec<Proof> {
        let app = sender.context.app;
        let mut items: Vec<_> = probes
            .into_iter()
            .map(|it| Item::new(&app.id, it))
            .collect();
        let mut pauses = self.backoff();
        loop {
            self.attempt(&sender, &mut items).await;
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

    /// Sends once all open items whose scopes are not paused.
    async fn attempt(&self, sender: &Speaker<'_>, items: &mut [Item<'_>]) {
        self.rest_items(items).await;
        let may_send =
            |it: &&mut Item<'_>| !it.is_settled() && self.inner.budget.rest(it.scopes()).is_none();
        let open: Vec<_> = items.iter_mut().filter(may_send).collect();
        if open.is_empty() {
            return;
        }
        let questions: Vec<_> = open.iter().map(|it| it.question()).collect();
        match self.batch(&sender.context, sender.token, &questions).await {
            Ok(replies) => open
                .into_iter()
                .zip(replies)
                .for_each(|(item, reply)| item.hear(reply)),
            Err(refusal) => {
                let refusal = sender.of_items(refusal);
                for item in open {
                    item.refuse(&refusal);
                }
            }
        }
    }

    /// Refuses items whose asset or person is paused for long. If every open item is paused shortly,
    /// sleeps through the shortest pause.
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

/// The token that sends a batch.
struct Speaker<'a> {
    context: Caller<'a>,
    token: &'a AccessToken,
    /// Whether it is the app's own; then a refusal of the whole batch does not concern the tokens of
    /// the items.
    is_app: bool,
}

impl<'a> Speaker<'a> {
    fn shared(app: &'a AppCredentials, probe: Probe<'a>) -> Self {
        let context = Caller::new(app, Some(probe.token), probe.person, &[]);
        Self {
            context,
            token: probe.token,
            is_app: false,
        }
    }

    /// The refusal of each item where Graph refused the whole batch.
    fn of_items(&self, whole: Refusal) -> Refusal {
        let kind = match whole.kind {
            RefusalKind::TokenDead if self.is_app => RefusalKind::AppFault,
            kind if self.is_app && !is_of_the_call(&kind) => RefusalKind::Unclassified,
            kind => kind,
        };
        Refusal { kind, ..whole }
    }
}

/// Whether such a refusal concerns a call as a whole, with any token.
const fn is_of_the_call(kind: &RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::AppFault
            | RefusalKind::RequestFault
            | RefusalKind::Throttled { .. }
            | RefusalKind::Unavailable
    )
}
