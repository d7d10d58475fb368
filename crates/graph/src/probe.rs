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
    AccessToken, Asset, AssetId, AssetKind, BusinessSource, CredentialKind, PersonId, ProbeResult,
    Refusal, RefusalKind, TokenFacts,
};

use crate::{
    AppCredentials, Client,
    call::context::CallContext,
    errors::graph_error::build_refusal,
    probe::item::ProbeItem,
    probe::plan::{BatchPlan, plan_batches},
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
    /// Whether the probe reads the business from Graph; the token must carry the permission for it.
    pub reads_business: bool,
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
pub struct ProbeChunk {
    /// Positions of the probes in the list that the caller passed.
    pub indices: Vec<usize>,
    /// One result for each index.
    pub results: Vec<ProbeResult>,
}

impl From<&Asset> for Target {
    fn from(asset: &Asset) -> Self {
        Self {
            id: asset.id.clone(),
            kind: asset.kind,
            business: asset.owning_business().cloned(),
            reads_business: false,
        }
    }
}

/// The permission without which Graph refuses a read that names the business of an object.
const BUSINESS_SCOPE: &str = "business_management";

impl Target {
    /// The asset as a target whose probe also reads its business: where the grant of the token permits that, and no
    /// client of the whole tenant has set the business.
    #[must_use]
    pub fn with_business(asset: &Asset, grant: &TokenFacts) -> Self {
        let is_permitted = grant.scopes.iter().any(|it| it.scope == BUSINESS_SCOPE);
        Self {
            reads_business: is_permitted && asset.business_source != Some(BusinessSource::Client),
            ..Self::from(asset)
        }
    }
}

impl Client {
    /// Probes every target with `token` of `person`: one result each, in the order of the targets.
    pub async fn probe_targets(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        person: &PersonId,
        targets: &[Target],
    ) -> Vec<ProbeResult> {
        let mut chunks: Vec<_> = self
            .stream_probes(app, token, person, targets)
            .collect()
            .await;
        chunks.sort_by_key(|it| it.indices.first().copied());
        chunks.into_iter().flat_map(|it| it.results).collect()
    }

    /// The same as a stream of chunks, so that the caller can settle a chunk while others run.
    pub fn stream_probes<'a>(
        &'a self,
        app: &'a AppCredentials,
        token: &'a AccessToken,
        person: &'a PersonId,
        targets: &'a [Target],
    ) -> impl Stream<Item = ProbeChunk> + Send + 'a {
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
    pub fn probe_each_token<'a>(
        &'a self,
        app: &'a AppCredentials,
        probes: &[Probe<'a>],
    ) -> impl Stream<Item = ProbeChunk> + Send + use<'a> {
        self.run_probes(app, probes.to_vec())
    }

    fn run_probes<'a>(
        &'a self,
        app: &'a AppCredentials,
        probes: Vec<Probe<'a>>,
    ) -> impl Stream<Item = ProbeChunk> + Send + use<'a> {
        let runs = plan_batches(&probes).into_iter().map(
            move |BatchPlan {
                      indices,
                      has_one_token: is_shared,
                  }| {
                let probes: Vec<_> = indices
                    .iter()
                    .filter_map(|it| probes.get(*it).copied())
                    .collect();
                async move {
                    let shared = probes.first().filter(|_| is_shared).copied();
                    let results = match shared {
                        Some(probe) => {
                            self.probe_batch(BatchSender::with_token_of(app, probe), probes)
                                .await
                        }
                        None => self.probe_mixed_batch(app, probes).await,
                    };
                    ProbeChunk { indices, results }
                }
            },
        );
        stream::iter(runs).buffer_unordered(self.inner.settings.max_in_flight)
    }

    /// Runs probes with different tokens in one batch, which the app's own token sends.
    async fn probe_mixed_batch(
        &self,
        app: &AppCredentials,
        probes: Vec<Probe<'_>>,
    ) -> Vec<ProbeResult> {
        let Ok(token) = app.app_token() else {
            let refused = |_| {
                ProbeResult::Refused(build_refusal(
                    RefusalKind::AppFault,
                    "The app has no usable secret.",
                ))
            };
            return probes.into_iter().map(refused).collect();
        };
        let others: Vec<_> = probes.iter().map(|it| it.token).collect();
        let context = CallContext::new(app, Some(&token), None, &others);
        self.probe_batch(
            BatchSender {
                context,
                token: &token,
                is_app_token: true,
            },
            probes,
        )
        .await
    }

    /// Sends the probes of one batch until all are settled or no attempt is left.
    #[tracing::instrument(name = "probe", skip_all, fields(app.id = %sender.context.app.id, probes = probes.len()))]
    async fn probe_batch(
        &self,
        sender: BatchSender<'_>,
        probes: Vec<Probe<'_>>,
    ) -> Vec<ProbeResult> {
        let app = sender.context.app;
        let mut items: Vec<_> = probes
            .into_iter()
            .map(|it| ProbeItem::new(&app.id, it))
            .collect();
        let mut pauses = self.build_backoff();
        loop {
            self.send_open_items(&sender, &mut items).await;
            if items.iter().all(ProbeItem::is_settled) {
                break;
            }
            let Some(pause) = pauses.next() else { break };
            if items.iter().any(ProbeItem::is_unavailable) {
                tokio::time::sleep(pause).await;
            }
        }
        if let Some(token) = items.iter().find_map(ProbeItem::token_if_app_blamed) {
            self.check_app_after_fault(app, Some(token)).await;
        }
        items.into_iter().map(ProbeItem::into_result).collect()
    }

    /// Sends once all open items whose scopes are not paused.
    async fn send_open_items(&self, sender: &BatchSender<'_>, items: &mut [ProbeItem<'_>]) {
        self.handle_paused_items(items).await;
        let may_send = |it: &&mut ProbeItem<'_>| {
            !it.is_settled() && self.inner.pauses.longest_pause(it.scopes()).is_none()
        };
        let open: Vec<_> = items.iter_mut().filter(may_send).collect();
        if open.is_empty() {
            return;
        }
        let questions: Vec<_> = open.iter().map(|it| it.to_batch_read()).collect();
        match self
            .send_batch(&sender.context, sender.token, &questions)
            .await
        {
            Ok(replies) => open
                .into_iter()
                .zip(replies)
                .for_each(|(item, reply)| item.apply_result(reply)),
            Err(refusal) => {
                let refusal = sender.refusal_for_items(refusal);
                for item in open {
                    item.apply_refusal(&refusal);
                }
            }
        }
    }

    /// Refuses items whose asset or person is paused for long. If every open item is paused shortly,
    /// sleeps through the shortest pause.
    async fn handle_paused_items(&self, items: &mut [ProbeItem<'_>]) {
        let mut waits = Vec::new();
        for item in items.iter_mut().filter(|it| !it.is_settled()) {
            match self.inner.pauses.longest_pause(item.scopes()) {
                Some(rest) if rest > self.inner.settings.max_wait => {
                    item.settle_with_pause(self.pause_refusal(rest));
                }
                rest => waits.push(rest),
            }
        }
        if let Some(Some(shortest)) = waits.into_iter().min() {
            tokio::time::sleep(shortest).await;
        }
    }
}

/// The token that sends a batch.
struct BatchSender<'a> {
    context: CallContext<'a>,
    token: &'a AccessToken,
    /// Whether it is the app's own; then a refusal of the whole batch does not concern the tokens of
    /// the items.
    is_app_token: bool,
}

impl<'a> BatchSender<'a> {
    fn with_token_of(app: &'a AppCredentials, probe: Probe<'a>) -> Self {
        let context = CallContext::new(app, Some(probe.token), probe.person, &[])
            .called_by(probe.kind.into());
        Self {
            context,
            token: probe.token,
            is_app_token: false,
        }
    }

    /// The refusal of each item where Graph refused the whole batch.
    fn refusal_for_items(&self, whole: Refusal) -> Refusal {
        let kind = match whole.kind {
            RefusalKind::TokenDead if self.is_app_token => RefusalKind::AppFault,
            kind if self.is_app_token && !concerns_whole_call(&kind) => RefusalKind::Unclassified,
            kind => kind,
        };
        Refusal { kind, ..whole }
    }
}

/// Whether such a refusal concerns a call as a whole, with any token.
const fn concerns_whole_call(kind: &RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::AppFault
            | RefusalKind::RequestFault
            | RefusalKind::Throttled { .. }
            | RefusalKind::Unavailable
    )
}
