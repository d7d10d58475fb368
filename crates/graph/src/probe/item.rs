//! The state of one probe while its batch runs.
//!
//! The rule: an item with a transient refusal stays open and is sent again. A refusal of ours for a
//! pause that Graph caused keeps the message of Graph.

use regrant_domain::{AccessToken, AppId, CredentialKind, ProbeResult, Refusal, RefusalKind};

use crate::{
    Probe, Target,
    errors::graph_error::build_refusal,
    limits::scopes::{PauseScope, scopes_of_probe},
    probe::batch::{BatchRead, ItemResult},
    probe::node,
};

/// A probe with its state.
pub(crate) struct ProbeItem<'a> {
    probe: Probe<'a>,
    target: Target,
    /// The item is not sent while one of these is paused; the app is checked for the whole batch.
    scopes: Vec<PauseScope>,
    state: ItemState,
}

enum ItemState {
    /// To be sent; holds the last refusal, if there was one.
    Open(Option<Refusal>),
    Settled(ProbeResult),
}

impl<'a> ProbeItem<'a> {
    pub(crate) fn new(app: &AppId, probe: Probe<'a>) -> Self {
        let id = probe.target.kind.canonical_id(&probe.target.id);
        let state = if probe.target.kind.admits_id(&id) {
            ItemState::Open(None)
        } else {
            let message = "Only ad accounts carry `act_`.";
            ItemState::Settled(ProbeResult::Refused(build_refusal(
                RefusalKind::RequestFault,
                message,
            )))
        };
        let target = Target {
            id,
            ..probe.target.clone()
        };
        let scopes = scopes_of_probe(app, &target, probe.person);
        Self {
            probe,
            target,
            scopes,
            state,
        }
    }

    pub(crate) fn scopes(&self) -> &[PauseScope] {
        &self.scopes
    }

    pub(crate) fn to_batch_read(&self) -> BatchRead<'_> {
        let Probe { token, person, .. } = self.probe;
        BatchRead {
            target: &self.target,
            fields: node::fields_of_probe(&self.target, self.credential_kind()),
            token,
            person,
            caller: self.credential_kind().into(),
        }
    }

    pub(crate) fn apply_result(&mut self, reply: ItemResult) {
        match reply {
            Ok(body) => self.settle_with(node::read_probe_result(
                &self.target,
                self.credential_kind(),
                &body,
            )),
            Err(refusal) => self.apply_refusal(&refusal),
        }
    }

    /// Settles the item with a refusal, unless it is transient; then the item stays open. If the refusal may be
    /// due to the business that the item reads, the item is sent again without it.
    pub(crate) fn apply_refusal(&mut self, refusal: &Refusal) {
        if self.target.reads_business && may_concern_business(&refusal.kind) {
            self.target.reads_business = false;
            return;
        }
        let refusal = self.keep_graph_message(refusal.clone());
        self.state = match refusal.kind {
            RefusalKind::Unavailable | RefusalKind::Throttled { .. } => {
                ItemState::Open(Some(refusal))
            }
            _ => ItemState::Settled(ProbeResult::Refused(refusal)),
        };
    }

    /// Settles the item with the refusal for a pause that is too long to wait for.
    pub(crate) fn settle_with_pause(&mut self, resting: Refusal) {
        self.settle_with(ProbeResult::Refused(self.keep_graph_message(resting)));
    }

    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.state, ItemState::Settled(_))
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(&self.state, ItemState::Open(Some(it)) if it.kind == RefusalKind::Unavailable)
    }

    /// The token of the item, if Graph blamed the app for the refusal.
    pub(crate) fn token_if_app_blamed(&self) -> Option<&'a AccessToken> {
        let blames = matches!(&self.state, ItemState::Settled(ProbeResult::Refused(it)) if it.kind == RefusalKind::AppFault);
        blames.then_some(self.probe.token)
    }

    pub(crate) fn into_result(self) -> ProbeResult {
        match self.state {
            ItemState::Settled(proof) => proof,
            ItemState::Open(Some(refusal)) => ProbeResult::Refused(refusal),
            ItemState::Open(None) => ProbeResult::Refused(build_refusal(
                RefusalKind::Unavailable,
                "The probe was not sent.",
            )),
        }
    }

    const fn credential_kind(&self) -> CredentialKind {
        self.probe.kind
    }

    /// `ours`, with message and trace id of Graph if both are throttles.
    fn keep_graph_message(&self, ours: Refusal) -> Refusal {
        let is_throttled = |it: &Refusal| matches!(it.kind, RefusalKind::Throttled { .. });
        match &self.state {
            ItemState::Open(Some(graphs)) if is_throttled(graphs) && is_throttled(&ours) => {
                Refusal {
                    kind: ours.kind,
                    ..graphs.clone()
                }
            }
            _ => ours,
        }
    }

    fn settle_with(&mut self, proof: ProbeResult) {
        self.state = ItemState::Settled(proof);
    }
}

/// Whether the field with the business may be why Graph refused: it needs a permission of its own, and is our addition.
const fn may_concern_business(refusal: &RefusalKind) -> bool {
    matches!(
        refusal,
        RefusalKind::MissingScope(_) | RefusalKind::RequestFault
    )
}
