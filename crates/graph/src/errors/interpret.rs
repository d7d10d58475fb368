//! Turns an error of Graph into a refusal, and pauses the scopes of a throttle.
//!
//! The rule: a throttle pauses the scope that it names; if none is known, the whole app.
//! Start at `Client::interpret_error`.

use std::time::Duration;

use regrant_domain::{AssetId, Refusal, RefusalKind};

use crate::{
    Client,
    call::context::Caller,
    errors::classify::{Class, Limit, classify},
    errors::graph_error::{GraphError, refusal},
    limits::pauses::Scope,
};

/// The response an error came with.
#[derive(Clone, Copy, Default)]
pub(crate) struct Circumstances<'a> {
    pub(crate) status: u16,
    /// The object the call was about.
    pub(crate) about: Option<&'a AssetId>,
    /// The longest wait that its usage headers ask for.
    pub(crate) regain: Option<Duration>,
}

/// How long to pause a person blocked by policy: Graph does not say.
const BLOCKED_FOR: Duration = Duration::from_hours(2);

impl Client {
    /// The refusal that an error means for this call. Pauses the scopes of a throttle.
    pub(crate) fn refuse(
        &self,
        context: &Caller<'_>,
        error: &GraphError,
        circumstances: Circumstances<'_>,
    ) -> Refusal {
        let verdict = match classify(error, circumstances.status) {
            Class::Throttled(limit) => refusal(
                self.throttled(context, limit, circumstances),
                error.sentence(),
            ),
            Class::Refused(kind) => refusal(kind, error.sentence()),
        };
        tracing::debug!(
            graph.code = error.code,
            graph.subcode = error.subcode,
            http.status = circumstances.status,
            kind = ?verdict.kind,
            "Graph refused"
        );
        Refusal {
            fbtrace_id: error.fbtrace_id.clone(),
            ..verdict
        }
    }

    fn throttled(
        &self,
        context: &Caller<'_>,
        limit: Limit,
        circumstances: Circumstances<'_>,
    ) -> RefusalKind {
        let scopes = limited(context, limit, circumstances.about);
        let budget = &self.inner.budget;
        if budget.rest(&scopes).is_none() {
            let length = match limit {
                Limit::Blocked => BLOCKED_FOR,
                Limit::Object => circumstances
                    .regain
                    .unwrap_or(self.inner.settings.throttle_pause),
                _ => self.inner.settings.throttle_pause,
            };
            for scope in &scopes {
                self.pause(scope.clone(), length);
            }
        }
        let rest = budget.rest(&scopes).unwrap_or_default();
        RefusalKind::Throttled {
            retry_at: budget.retry_at(rest),
        }
    }
}

/// The scopes that a limit pauses: the whole app where the call has no narrower one.
fn limited(context: &Caller<'_>, limit: Limit, about: Option<&AssetId>) -> Vec<Scope> {
    let app = &context.app.id;
    let person = || context.person.map(|it| Scope::person(app, it));
    let object = about.map(|it| Scope::object(app, it));
    let named: Vec<_> = match limit {
        Limit::App => vec![],
        Limit::Person | Limit::Blocked => person().into_iter().collect(),
        Limit::Page => person().into_iter().chain(object).collect(),
        Limit::Object => object.or_else(person).into_iter().collect(),
    };
    if named.is_empty() {
        vec![Scope::App(app.clone())]
    } else {
        named
    }
}
