//! The gate: no call leaves while its app, its person or the breaker says no.
//!
//! The rule: short pauses are waited out here, long ones are refused at once with their end; a batch
//! is judged again after it waited for its turn.

use std::time::Duration;

use backon::{BackoffBuilder, ConstantBuilder};
use regrant_domain::{AssetId, Refusal, RefusalKind};
use tokio::sync::SemaphorePermit;

use crate::{
    Client,
    budget::Scope,
    caller::Caller,
    error::refusal,
    usage::{Spent, Whose},
};

impl Client {
    /// Waits until the caller may call. Short pauses are waited out, long ones are refused.
    pub(crate) async fn admit(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            if let Some(cause) = self.inner.breaker.tripped(&caller.app.id) {
                return Err(refusal(RefusalKind::AppFault, cause.sentence()));
            }
            match self.inner.budget.rest(&caller.scopes) {
                None => return Ok(()),
                Some(rest) if rest <= self.inner.settings.max_wait => {
                    tokio::time::sleep(rest).await
                }
                Some(_) => break,
            }
        }
        match self.inner.budget.rest(&caller.scopes) {
            None => Ok(()),
            Some(rest) => Err(self.resting(rest)),
        }
    }

    /// The same for a batch, which also waits for its turn among all batches.
    pub(crate) async fn admit_batch(
        &self,
        caller: &Caller<'_>,
    ) -> Result<SemaphorePermit<'_>, Refusal> {
        for _ in 0..self.inner.settings.max_attempts {
            self.admit(caller).await?;
            let closed = |_| refusal(RefusalKind::Unavailable, "The client is closed.");
            let permit = self.inner.batches.acquire().await.map_err(closed)?;
            let tripped = self.inner.breaker.tripped(&caller.app.id).is_some();
            if !tripped && self.inner.budget.rest(&caller.scopes).is_none() {
                return Ok(permit);
            }
        }
        self.admit(caller).await?;
        Err(refusal(
            RefusalKind::Unavailable,
            "The limits of the app leave no room.",
        ))
    }

    /// What a call refused for a running pause says.
    pub(crate) fn resting(&self, rest: Duration) -> Refusal {
        let retry_at = self.inner.budget.retry_at(rest);
        refusal(
            RefusalKind::Throttled { retry_at },
            "A limit of Graph was reached; its scope rests.",
        )
    }

    /// Pauses what the usage headers of a call about `about` say is spent. Returns the longest wait told.
    pub(crate) fn note_usage(
        &self,
        caller: &Caller<'_>,
        about: Option<&AssetId>,
        all: Vec<Spent>,
    ) -> Option<Duration> {
        let app = &caller.app.id;
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

    /// A little longer than told, so that not everybody comes back at once.
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
