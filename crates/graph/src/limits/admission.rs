//! Admission: a call waits here while a scope it uses is paused or its app is tripped.
//!
//! The rule: a call sleeps through a short pause, and is refused at once with the end of a long one.
//! A batch checks the pauses again after it waited for its permit.
//! Start at `Client::admit_call`.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};
use regrant_domain::{AppId, Refusal, RefusalKind};
use regrant_permits::{Permit, Urgency, Wait};

use crate::{
    Client, Target,
    call::context::CallContext,
    errors::graph_error::build_refusal,
    limits::scopes::{PauseScope, scopes_of_probe},
    limits::usage::{ExhaustedLimit, LimitOwner},
};

/// How a batch waits for its permit. The runs of a tenant are bounded elsewhere, and so are its batches.
const WAIT: Wait = Wait {
    urgency: Urgency::Normal,
    patience: Duration::from_mins(10),
    max_waiting: usize::MAX,
};

impl Client {
    /// Sleeps through short pauses of the call's scopes.
    ///
    /// # Errors
    /// The app is tripped, or a pause is longer than `Settings::max_wait`.
    pub(crate) async fn admit_call(&self, context: &CallContext<'_>) -> Result<(), Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            if let Some(cause) = self.inner.breaker.active_trip(&context.app.id) {
                return Err(build_refusal(RefusalKind::AppFault, cause.as_sentence()));
            }
            match self.inner.pauses.longest_pause(&context.scopes) {
                None => return Ok(()),
                Some(rest) if rest <= self.inner.settings.max_wait => {
                    tokio::time::sleep(rest).await;
                }
                Some(_) => break,
            }
        }
        match self.inner.pauses.longest_pause(&context.scopes) {
            None => Ok(()),
            Some(rest) => Err(self.pause_refusal(rest)),
        }
    }

    /// The same for a batch, which also takes a permit: the client limits batches in flight.
    pub(crate) async fn admit_batch(
        &self,
        context: &CallContext<'_>,
    ) -> Result<Permit<u128>, Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            self.admit_call(context).await?;
            let late = |_| build_refusal(RefusalKind::Unavailable, "Too many batches wait.");
            let permits = &self.inner.batch_permits;
            let permit = permits.acquire(self.sharer, WAIT).await.map_err(late)?;
            let tripped = self.inner.breaker.active_trip(&context.app.id).is_some();
            if !tripped && self.inner.pauses.longest_pause(&context.scopes).is_none() {
                return Ok(permit);
            }
        }
        self.admit_call(context).await?;
        Err(build_refusal(
            RefusalKind::Unavailable,
            "The limits of the app do not admit this call now.",
        ))
    }

    /// The refusal of a call whose scope is paused for another `rest`.
    pub(crate) fn pause_refusal(&self, rest: Duration) -> Refusal {
        let retry_at = self.inner.pauses.retry_at(rest);
        build_refusal(
            RefusalKind::Throttled { retry_at },
            "A limit of Graph was reached; calls to its scope are paused.",
        )
    }

    /// Pauses every scope that a usage header of a call about `about` reports as exhausted. Returns the longest wait of
    /// the limits that hold for `about`: its own, and that of its business for probes of its kind.
    pub(crate) fn pause_exhausted_scopes(
        &self,
        context: &CallContext<'_>,
        about: Option<&Target>,
        all: Vec<ExhaustedLimit>,
    ) -> Option<Duration> {
        let app = &context.app.id;
        let own = about.map_or_else(Vec::new, |it| scopes_of_probe(app, it, None));
        let mut longest: Option<Duration> = None;
        for ExhaustedLimit { owner, retry_after } in all {
            let Some(scope) = scope_of_limit(owner, app, about) else {
                continue;
            };
            longest = longest.max(retry_after.filter(|_| own.contains(&scope)));
            let length = retry_after.unwrap_or(self.inner.settings.throttle_pause);
            self.pause_scope(scope, length);
        }
        longest
    }

    /// Pauses a scope a little longer than asked for, so that calls do not all return at once.
    pub(crate) fn pause_scope(&self, scope: PauseScope, length: Duration) {
        let jitter = ConstantBuilder::new()
            .with_delay(length / 40)
            .with_jitter()
            .build()
            .next();
        self.inner
            .pauses
            .pause_scope(scope, length.saturating_add(jitter.unwrap_or_default()));
    }
}

/// The scope of a limit that a header of a call about `about` reports; `None` where it is the limit of an object that the
/// call does not have.
fn scope_of_limit(owner: LimitOwner, app: &AppId, about: Option<&Target>) -> Option<PauseScope> {
    match owner {
        LimitOwner::App => Some(PauseScope::App(app.clone())),
        LimitOwner::UseCase(id, use_case) => {
            let digits = id.trim_start_matches("act_").to_owned();
            Some(PauseScope::UseCase(app.clone(), digits, use_case))
        }
        LimitOwner::CallTarget => about.map(|it| PauseScope::for_object(app, &it.id)),
    }
}
