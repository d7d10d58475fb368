//! Probes: one token proved on many assets.
//!
//! The rule: as many proofs as targets, in their order, whatever happens; and no asset is refused for
//! what Graph did not say: what is unanswered after bounded attempts stays transient.
//! Start at [`Client::probe_stream`].

use futures_util::{Stream, StreamExt, stream};
use regrant_domain::{AccessToken, AssetId, AssetKind, PersonId, Proof, Refusal, RefusalKind};

use crate::{
    AppCredentials, Client,
    batch::{MOST, Question},
    budget::Scope,
    caller::Caller,
    error::refusal,
    node,
};

/// One asset to prove a token on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its Graph id; an ad account may lack its `act_`.
    pub id: AssetId,
    /// Its kind: it decides what is asked and what proves.
    pub kind: AssetKind,
}

/// Targets whose probes have ended.
#[derive(Debug)]
pub struct ProbedChunk {
    /// Where the targets stand in the list that was asked.
    pub indices: Vec<usize>,
    /// What was proved, one for each index.
    pub proofs: Vec<Proof>,
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
        let mut chunks: Vec<_> = self.probe_stream(app, token, person, targets).collect().await;
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
        let chunks = targets.chunks(MOST).enumerate().map(move |(number, chunk)| {
            let first = number * MOST;
            let probe =
                Probe { client: self, caller: Caller::new(app, Some(token), Some(person), &[]), token };
            async move {
                let proofs = probe.prove(chunk).await;
                ProbedChunk { indices: (first..first + chunk.len()).collect(), proofs }
            }
        });
        stream::iter(chunks).buffer_unordered(self.inner.settings.max_in_flight)
    }
}

struct Probe<'a> {
    client: &'a Client,
    caller: Caller<'a>,
    token: &'a AccessToken,
}

/// One target of a chunk on its way to a proof.
struct Item {
    target: Target,
    state: State,
}

enum State {
    /// To be sent; the last refusal, if there was one.
    Open(Option<Refusal>),
    Settled(Proof),
}

impl Probe<'_> {
    #[tracing::instrument(name = "probe", skip_all, fields(app.id = %self.caller.app.id, targets = targets.len()))]
    async fn prove(&self, targets: &[Target]) -> Vec<Proof> {
        let mut items: Vec<_> = targets.iter().map(Item::new).collect();
        let mut pauses = self.client.backoff();
        loop {
            self.attempt(&mut items).await;
            if items.iter().all(Item::is_settled) {
                break;
            }
            let Some(pause) = pauses.next() else { break };
            if items.iter().any(Item::is_unavailable) {
                tokio::time::sleep(pause).await;
            }
        }
        let proofs: Vec<_> = items.into_iter().map(Item::into_proof).collect();
        if proofs.iter().any(|it| matches!(it, Proof::Refused(it) if it.kind == RefusalKind::AppFault)) {
            self.client.confirm_fault(self.caller.app).await;
        }
        proofs
    }

    /// Sends what is open and may be called, once.
    async fn attempt(&self, items: &mut [Item]) {
        self.rest_objects(items).await;
        let mut open: Vec<_> = items.iter_mut().filter(|it| self.may_send(it)).collect();
        if open.is_empty() {
            return;
        }
        let questions: Vec<_> = open.iter().map(|it| it.question()).collect();
        match self.client.batch(&self.caller, self.token, &questions).await {
            Ok(replies) => open.iter_mut().zip(replies).for_each(|(item, reply)| item.hear(reply)),
            Err(refusal) => open.iter_mut().for_each(|it| it.refuse(&refusal)),
        }
    }

    /// Refuses items whose object rests for long; waits where all that is left rests shortly.
    async fn rest_objects(&self, items: &mut [Item]) {
        let mut waits = Vec::new();
        for item in items.iter_mut().filter(|it| !it.is_settled()) {
            match self.object_rest(item) {
                Some(rest) if rest > self.client.inner.settings.max_wait => {
                    item.settle(Proof::Refused(item.resting(self.client.resting(rest))));
                }
                rest => waits.push(rest),
            }
        }
        if let Some(Some(shortest)) = waits.into_iter().min() {
            tokio::time::sleep(shortest).await;
        }
    }

    fn may_send(&self, item: &Item) -> bool {
        !item.is_settled() && self.object_rest(item).is_none()
    }

    fn object_rest(&self, item: &Item) -> Option<std::time::Duration> {
        self.client.inner.budget.rest([&Scope::object(&self.caller.app.id, &item.target.id)])
    }
}

impl Item {
    fn new(target: &Target) -> Self {
        let id = target.kind.canonical(&target.id);
        let state = if target.kind.admits(&id) {
            State::Open(None)
        } else {
            let message = "Only ad accounts carry `act_`.";
            State::Settled(Proof::Refused(refusal(RefusalKind::RequestFault, message)))
        };
        Self { target: Target { id, kind: target.kind }, state }
    }

    fn question(&self) -> Question<'_> {
        Question { id: &self.target.id, fields: node::fields(self.target.kind) }
    }

    fn hear(&mut self, reply: crate::batch::Reply) {
        match reply {
            Ok(body) => self.settle(node::prove(&self.target, &body)),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// What may pass by itself stays open and is sent again.
    fn refuse(&mut self, refusal: &Refusal) {
        let refusal = self.resting(refusal.clone());
        self.state = match refusal.kind {
            RefusalKind::Unavailable | RefusalKind::Throttled { .. } => State::Open(Some(refusal)),
            _ => State::Settled(Proof::Refused(refusal)),
        };
    }

    /// A refusal of ours for a pause that Graph began keeps Graph's words.
    fn resting(&self, ours: Refusal) -> Refusal {
        let is_throttled = |it: &Refusal| matches!(it.kind, RefusalKind::Throttled { .. });
        match &self.state {
            State::Open(Some(graphs)) if is_throttled(graphs) && is_throttled(&ours) => {
                Refusal { kind: ours.kind, ..graphs.clone() }
            }
            _ => ours,
        }
    }

    fn settle(&mut self, proof: Proof) {
        self.state = State::Settled(proof);
    }

    const fn is_settled(&self) -> bool {
        matches!(self.state, State::Settled(_))
    }

    fn is_unavailable(&self) -> bool {
        matches!(&self.state, State::Open(Some(it)) if it.kind == RefusalKind::Unavailable)
    }

    fn into_proof(self) -> Proof {
        match self.state {
            State::Settled(proof) => proof,
            State::Open(Some(refusal)) => Proof::Refused(refusal),
            State::Open(None) => Proof::Refused(refusal(RefusalKind::Unavailable, "Graph was not asked.")),
        }
    }
}
