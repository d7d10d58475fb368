//! Turns an error of Graph into a refusal, and pauses the scopes of a throttle.
//!
//! The rule: a throttle pauses the scope that it names; if none is known, the whole app.
//! Start at `Client::interpret_error`.

use std::time::Duration;

use regrant_domain::{AssetId, Refusal, RefusalKind};

use crate::{
    Client,
    call::context::CallContext,
    errors::classify::{ErrorClass, Limit, classify_error},
    errors::graph_error::{GraphError, build_refusal},
    limits::pauses::PauseScope,
};

/// The response an error came with.
#[derive(Clone, Copy, Default)]
pub(crate) struct ErrorContext<'a> {
    pub(crate) status: u16,
    /// The object the call was about.
    pub(crate) about: Option<&'a AssetId>,
    /// The longest wait that its usage headers ask for.
    pub(crate) retry_after: Option<Duration>,
}

/// How long to pause a person blocked by policy: Graph does not say.
const POLICY_BLOCK_PAUSE: Duration = Duration::from_hours(2);

impl Client {
    /// The refusal that an error means for this call. Pauses the scopes of a throttle.
    pub(crate) fn interpret_error(
        &self,
        context: &CallContext<'_>,
        error: &GraphError,
        circumstances: ErrorContext<'_>,
    ) -> Refusal {
        let verdict = match classify_error(error, circumstances.status) {
            ErrorClass::Throttled(limit) => build_refusal(
                self.apply_throttle(context, limit, circumstances),
                error.to_sentence(),
            ),
            ErrorClass::Refused(kind) => build_refusal(kind, error.to_sentence()),
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

    fn apply_throttle(
        &self,
        context: &CallContext<'_>,
        limit: Limit,
        circumstances: ErrorContext<'_>,
    ) -> RefusalKind {
        let scopes = scopes_of_limit(context, limit, circumstances.about);
        let budget = &self.inner.pauses;
        if budget.longest_pause(&scopes).is_none() {
            let length = match limit {
                Limit::Blocked => POLICY_BLOCK_PAUSE,
                Limit::Object => circumstances
                    .retry_after
                    .unwrap_or(self.inner.settings.throttle_pause),
                _ => self.inner.settings.throttle_pause,
            };
            for scope in &scopes {
                self.pause_scope(scope.clone(), length);
            }
        }
        let rest = budget.longest_pause(&scopes).unwrap_or_default();
        RefusalKind::Throttled {
            retry_at: budget.retry_at(rest),
        }
    }
}

/// The scopes that a limit pauses: the whole app where the call has no narrower one.
fn scopes_of_limit(
    context: &CallContext<'_>,
    limit: Limit,
    about: Option<&AssetId>,
) -> Vec<PauseScope> {
    let app = &context.app.id;
    let person = || context.person.map(|it| PauseScope::for_person(app, it));
    let object = about.map(|it| PauseScope::for_object(app, it));
    let named: Vec<_> = match limit {
        Limit::App => vec![],
        Limit::Person | Limit::Blocked => person().into_iter().collect(),
        Limit::Page => person().into_iter().chain(object).collect(),
        Limit::Object => object.or_else(person).into_iter().collect(),
    };
    if named.is_empty() {
        vec![PauseScope::App(app.clone())]
    } else {
        named
    }
}
