//! Admission: a call waits here while a scope it uses is paused or its app is tripped.
//!
//! The rule: a call sleeps through a short pause, and is refused at once with the end of a long one.
//! A batch checks the pauses again after it waited for its permit.
//! Start at `Client::admit_call`.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};
use regrant_domain::{AssetId, Refusal, RefusalKind};
use tokio::sync::SemaphorePermit;

use crate::{
    Client,
    call::context::Caller,
    errors::graph_error::refusal,
    limits::pauses::Scope,
    limits::usage::{Spent, Whose},
};

impl Client {
    /// Sleeps through short pauses of the call's scopes.
    ///
    /// # Errors
    /// The app is tripped, or a pause is longer than `Settings::max_wait`.
    pub(crate) async fn admit(&self, context: &Caller<'_>) -> Result<(), Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            if let Some(cause) = self.inner.breaker.tripped(&context.app.id) {
                return Err(refusal(RefusalKind::AppFault, cause.sentence()));
            }
            match self.inner.budget.rest(&context.scopes) {
                None => return Ok(()),
                Some(rest) if rest <= self.inner.settings.max_wait => {
                    tokio::time::sleep(rest).await;
                }
                Some(_) => break,
            }
        }
        match self.inner.budget.rest(&context.scopes) {
            None => Ok(()),
            Some(rest) => Err(self.resting(rest)),
        }
    }

    /// The same for a batch, which also takes a permit: the client limits batches in flight.
    pub(crate) async fn admit_batch(
        &self,
        context: &Caller<'_>,
    ) -> Result<SemaphorePermit<'_>, Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            self.admit(context).await?;
            let closed = |_| refusal(RefusalKind::Unavailable, "The client is closed.");
            let permit = self.inner.batches.acquire().await.map_err(closed)?;
            let tripped = self.inner.breaker.tripped(&context.app.id).is_some();
            if !tripped && self.inner.budget.rest(&context.scopes).is_none() {
                return Ok(permit);
            }
        }
        self.admit(context).await?;
        Err(refusal(
            RefusalKind::Unavailable,
            "The limits of the app do not admit this call now.",
        ))
    }

    /// The refusal of a call whose scope is paused for another `rest`.
    pub(crate) fn resting(&self, rest: Duration) -> Refusal {
        let retry_at = self.inner.budget.retry_at(rest);
        refusal(
            RefusalKind::Throttled { retry_at },
            "A limit of Graph was reached; calls to its scope are paused.",
        )
    }

    /// Pauses every scope that a usage header of a call about `about` reports as exhausted. Returns
    /// the longest wait that they ask for.
    pub(crate) fn note_usage(
        &self,
        context: &Caller<'_>,
        about: Option<&AssetId>,
        all: Vec<Spent>,
    ) -> Option<Duration> {
        let app = &context.app.id;
        let longest = all.iter().filter_map(|it| it.regain).max();
        for Spent { whose, regain } in all {
            let scope = match whose {
                Whose::App => Some(Scope::App(app.clone())),
                Whose::Object(id) => Some(Scope::Object(
                    app.clone(),
                    id.trim_start_matches("act_").to_owned(),
                )),
                Whose::About => about.map(|it| Scope::object(app, it)),
            };
            if let Some(scope) = scope {
                self.pause(scope, regain.unwrap_or(self.inner.settings.throttle_pause));
            }
        }
        longest
    }

    /// Pauses a scope a little longer than asked for, so that calls do not all return at once.
    pub(crate) fn pause(&self, scope: Scope, length: Duration) {
        let jitter = ConstantBuilder::new()
            .with_delay(length / 40)
            .with_jitter()
            .build()
            .next();
        self.inner
            .budget
            .pause(scope, length.saturating_add(jitter.unwrap_or_default()));
    }
}
