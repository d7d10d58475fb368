//! Turns an error of Graph into a refusal, and pauses the scope of a throttle.
//!
//! The rule: a throttle pauses what it names, and the next wider scope only where the call has no such thing.
//! Start at `Client::interpret_error`.

use std::time::Duration;

use regrant_domain::{
    Refusal, RefusalKind,
    errors::{ErrorClass, Throttle},
};

use crate::{
    Client, Target,
    call::context::CallContext,
    errors::classify::ErrorOrigin,
    errors::graph_error::{GraphError, build_refusal},
    limits::scopes::scope_of_throttle,
};

/// The response an error came with.
#[derive(Clone, Copy, Default)]
pub(crate) struct ErrorContext<'a> {
    pub(crate) status: u16,
    /// The object the call was about.
    pub(crate) about: Option<&'a Target>,
    /// The longest wait that its usage headers ask for.
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

    /// Pauses what the throttle names, unless it is paused already.
    fn apply_throttle(
        &self,
        context: &CallContext<'_>,
        throttle: Throttle,
        circumstances: ErrorContext<'_>,
    ) -> RefusalKind {
        let about = circumstances.about.map(|it| &it.id);
        let scope = scope_of_throttle(throttle.rests, &context.app.id, context.person, about);
        let pauses = &self.inner.pauses;
        if pauses.longest_pause([&scope]).is_none() {
            let asked = throttle.pause.or(circumstances.retry_after);
            let length = asked.unwrap_or(self.inner.settings.throttle_pause);
            self.pause_scope(scope.clone(), length);
        }
        let rest = pauses.longest_pause([&scope]).unwrap_or_default();
        RefusalKind::Throttled {
            retry_at: pauses.retry_at(rest),
        }
    }
}
