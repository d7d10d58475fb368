//! Turns an error of Graph into a refusal, and pauses the scope of a throttle.
//!
//! The rule: a throttle pauses what `scope_of_throttle` says, and a wait in a header counts only for the object that it
//! names: an app and a person rest for a time of their own.
//! Start at `Client::interpret_error`.

use std::time::Duration;

use regrant_domain::{
    Refusal, RefusalKind,
    errors::{ErrorClass, Rests, Throttle},
};

use crate::{
    Client, Target,
    call::context::CallContext,
    errors::classify::ErrorOrigin,
    errors::graph_error::{GraphError, build_refusal},
    limits::scopes::{PauseScope, scope_of_throttle},
};

/// The response an error came with.
#[derive(Clone, Copy, Default)]
pub(crate) struct ErrorContext<'a> {
    pub(crate) status: u16,
    /// The object the call was about.
    pub(crate) about: Option<&'a Target>,
    /// The longest wait that its usage headers ask for that object or its business.
    pub(crate) retry_after: Option<Duration>,
}

impl Client {
    /// The refusal that an error means for this call. Pauses the scope of a throttle.
    pub(crate) fn interpret_error(
        &self,
        context: &CallContext<'_>,
        error: &GraphError,
        circumstances: ErrorContext<'_>,
    ) -> Refusal {
        let origin = ErrorOrigin {
            app: &context.app.id,
            http_status: circumstances.status,
            object: circumstances.about.map(|it| it.kind),
            caller: context.caller,
        };
        let kind = match self.classify_error(error, origin) {
            ErrorClass::Throttled(throttle) => {
                self.apply_throttle(context, throttle, circumstances)
            }
            ErrorClass::Refused(kind) => kind,
        };
        tracing::debug!(
            graph.code = error.code,
            graph.subcode = error.subcode,
            http.status = circumstances.status,
            kind = ?kind,
            "Graph refused"
        );
        Refusal {
            fbtrace_id: error.fbtrace_id.clone(),
            ..build_refusal(kind, error.to_sentence())
        }
    }

    /// Pauses what the throttle rests, if that is known and not paused already.
    fn apply_throttle(
        &self,
        context: &CallContext<'_>,
        throttle: Throttle,
        circumstances: ErrorContext<'_>,
    ) -> RefusalKind {
        let about = circumstances.about.map(|it| &it.id);
        let scope = scope_of_throttle(throttle.rests, &context.app.id, context.person, about);
        let asked = throttle
            .pause
            .or_else(|| wait_of_object(throttle.rests, circumstances));
        let length = asked.unwrap_or(self.inner.settings.throttle_pause);
        let rest = scope.map_or(length, |it| self.pause_if_open(&it, length));
        RefusalKind::Throttled {
            retry_at: self.inner.pauses.retry_at(rest),
        }
    }

    /// Pauses a scope unless it is paused already; returns how long it rests now.
    fn pause_if_open(&self, scope: &PauseScope, length: Duration) -> Duration {
        let pauses = &self.inner.pauses;
        if pauses.longest_pause([scope]).is_none() {
            self.pause_scope(scope.clone(), length);
        }
        pauses.longest_pause([scope]).unwrap_or_default()
    }
}

/// The wait of the usage headers, where the throttle is about the object that they name.
const fn wait_of_object(rests: Rests, circumstances: ErrorContext<'_>) -> Option<Duration> {
    match rests {
        Rests::Object | Rests::PersonOnObject => circumstances.retry_after,
        Rests::App | Rests::Person => None,
    }
}
