//! The state of one probe while its batch runs.
//!
//! The rule: an item with a transient refusal stays open and is sent again. A refusal of ours for a
//! pause that Graph caused keeps the message of Graph.

use regrant_domain::{AccessToken, AppId, CredentialKind, Proof, Refusal, RefusalKind};

use crate::{
    Probe, Target,
    errors::graph_error::refusal,
    limits::pauses::Scope,
    probe::batch::{Question, Reply},
    probe::node,
};

/// A probe with its state.
pub(crate) struct Item<'a> {
    probe: Probe<'a>,
    target: Target,
    /// The item is not sent while one of these is paused; the app is checked for the whole batch.
    scopes: Vec<Scope>,
    state: State,
}

enum State {
    /// To be sent; holds the last refusal, if there was one.
    Open(Option<Refusal>),
    Settled(Proof),
}

impl<'a> Item<'a> {
    pub(crate) fn new(app: &AppId, probe: Probe<'a>) -> Self {
        let id = probe.target.kind.canonical(&probe.target.id);
        let state = if probe.target.kind.admits(&id) {
            State::Open(None)
        } else {
            let message = "Only ad accounts carry `act_`.";
            State::Settled(Proof::Refused(refusal(RefusalKind::RequestFault, message)))
        };
        let target = Target {
            id,
            ..probe.target.clone()
        };
        let person = probe.person.map(|it| Scope::person(app, it));
        let objects = [Some(&target.id), target.business.as_ref()]
            .into_iter()
            .flatten();
        let scopes = objects
            .map(|it| Scope::object(app, it))
            .chain(person)
            .collect();
        Self {
            probe,
            target,
            scopes,
            state,
        }
    }

    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    pub(crate) fn question(&self) -> Question<'_> {
        let Probe { token, person, .. } = self.probe;
        Question {
            id: &self.target.id,
            fields: node::fields(self.target.kind, self.kind()),
            token,
            person,
        }
    }

    pub(crate) fn hear(&mut self, reply: Reply) {
        match reply {
            Ok(body) => self.settle(node::prove(&self.target, self.kind(), &body)),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    /// Settles the item with a refusal, unless it is transient; then the item stays open.
    pub(crate) fn refuse(&mut self, refusal: &Refusal) {
        let refusal = self.in_graphs_words(refusal.clone());
        self.state = match refusal.kind {
            RefusalKind::Unavailable | RefusalKind::Throttled { .. } => State::Open(Some(refusal)),
            _ => State::Settled(Proof::Refused(refusal)),
        };
    }

    /// Settles the item with the refusal for a pause that is too long to wait for.
    pub(crate) fn rest(&mut self, resting: Refusal) {
        self.settle(Proof::Refused(self.in_graphs_words(resting)));
    }

    pub(crate) const fn is_settled(&self) -> bool {
        matches!(self.state, State::Settled(_))
    }

    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(&self.state, State::Open(Some(it)) if it.kind == RefusalKind::Unavailable)
    }

    /// The token of the item, if Graph blamed the app for the refusal.
    pub(crate) fn blames_app(&self) -> Option<&'a AccessToken> {
        let blames = matches!(&self.state, State::Settled(Proof::Refused(it)) if it.kind == RefusalKind::AppFault);
        blames.then_some(self.probe.token)
    }

    pub(crate) fn into_proof(self) -> Proof {
        match self.state {
            State::Settled(proof) => proof,
            State::Open(Some(refusal)) => Proof::Refused(refusal),
            State::Open(None) => {
                Proof::Refused(refusal(RefusalKind::Unavailable, "The probe was not sent."))
            }
        }
    }

    const fn kind(&self) -> CredentialKind {
        self.probe.kind
    }

    /// `ours`, with message and trace id of Graph if both are throttles.
    fn in_graphs_words(&self, ours: Refusal) -> Refusal {
        let is_throttled = |it: &Refusal| matches!(it.kind, RefusalKind::Throttled { .. });
        match &self.state {
            State::Open(Some(graphs)) if is_throttled(graphs) && is_throttled(&ours) => Refusal {
                kind: ours.kind,
                ..graphs.clone()
            },
            _ => ours,
        }
    }

    fn settle(&mut self, proof: Proof) {
        self.state = State::Settled(proof);
    }
}
