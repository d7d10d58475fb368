//! Replace Expired Tokens: one new token for many assets (design D3).
//!
//! The rule: the work of a reconnect runs in a task of the process, never in the request, so a caller that disconnects
//! changes nothing. The request only accepts and waits.
//! Continue at `accept.rs` (design D3, step 1), then at `run.rs` (steps 2 to 5). `undo.rs` is the way back.

mod accept;
mod attempts;
mod failed_run;
mod finish;
mod mass_refusals;
mod offer;
mod plan;
pub(crate) mod preview;
pub(crate) mod progress;
mod results;
mod run;
mod settle;
#[cfg(test)]
mod settle_property_test;
mod settlement;
mod standings;
pub(crate) mod targets;
pub(crate) mod undo;
pub(crate) mod verify_token;
pub(crate) mod view;

use std::time::Duration;

use regrant_domain::{PersonId, PlanId, ReconnectId, ReconnectStatus};
use regrant_storage::{AuditEvent, Item};
use serde_json::json;
use tokio::{sync::oneshot, time::Instant};

use crate::{
    Conflict, Error, Principal, ReconnectView, RepeatableRequest, Resource, Targets, Vault,
    call::idempotency::IdempotentCall,
    consents::source::TokenSource,
    reconnect::{results::cancelled_result, targets::expected_person, verify_token::TokenVerdict},
};

/// How often a waiting caller reads the database when the reconnect runs in another process.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long a caller waits for the validation of its token, at least.
const VALIDATION_PATIENCE: Duration = Duration::from_secs(20);
/// How often a request is started again after it lost a race.
const MOST_TRIES: usize = 5;

/// A request to replace tokens: one new token for many assets.
pub struct ReconnectRequest {
    /// The new token.
    pub source: TokenSource,
    /// The assets.
    pub targets: Targets,
    /// Refuse the request unless the token belongs to this person.
    pub expect_person: Option<PersonId>,
    /// Refuse the request unless the assets and the token are as this preview found them.
    pub plan: Option<PlanId>,
    /// How long the caller waits for all outcomes.
    pub wait: Duration,
    /// The idempotency key, if the caller sent one.
    pub repeatable: Option<RepeatableRequest>,
}

impl Vault {
    /// Starts a reconnect and waits for its end as long as the caller asked for.
    ///
    /// # Errors
    /// `TokenRefused` for a token that can serve nothing: nothing was changed. `Invalid`, `TooMany`;
    /// `Conflict(OtherBody)` where the idempotency key was used for another request, `Conflict(SessionUsedUp)`,
    /// `Conflict(PlanOutdated)`, `TooManyRunning`; `NotFound(Consent)`, `ConsentFormNotAllowed`.
    pub async fn replace_tokens(
        &self,
        caller: &Principal,
        request: ReconnectRequest,
    ) -> Result<ReconnectView, Error> {
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.accept_and_wait(&caller, request).await })
            .await
    }

    async fn accept_and_wait(
        &self,
        caller: &Principal,
        mut request: ReconnectRequest,
    ) -> Result<ReconnectView, Error> {
        let deadline = Instant::now() + request.wait;
        request.expect_person = expected_person(caller, request.expect_person)?;
        let call = match request.repeatable.take() {
            Some(it) => Some(
                self.fingerprint_request(&caller.scope, caller.caller_id(), it)
                    .await?,
            ),
            None => None,
        };
        for _ in 0..MOST_TRIES {
            // A request that loses the race for an idempotency key finds, on its next try, what the winner accepted.
            let accepted = match self.accept_reconnect(caller, &request, call.as_ref()).await {
                Err(Error::Raced) => continue,
                accepted => accepted?,
            };
            match accepted.verdict {
                Some(verdict) => self.await_verdict(verdict, deadline).await?,
                None => {
                    self.await_validation_of_repeat(caller, accepted.id, deadline)
                        .await?;
                }
            }
            if let Some(view) = self.await_end(caller, accepted.id, deadline).await? {
                return Ok(view);
            }
            // The reconnect was refused and erased, so this request is the first with its key again.
        }
        Err(Error::Upstream { retry_after: None })
    }

    /// Waits for the validation of the token: until the deadline, and at least [`VALIDATION_PATIENCE`].
    async fn await_verdict(
        &self,
        verdict: oneshot::Receiver<TokenVerdict>,
        deadline: Instant,
    ) -> Result<(), Error> {
        let until = deadline.max(Instant::now() + VALIDATION_PATIENCE);
        match tokio::time::timeout_at(until, verdict).await {
            Ok(Ok(Err(refusal))) => Err(Error::TokenRefused(refusal)),
            // Not refused, not decided in time, or the process stops: the response is what is stored.
            _ => Ok(()),
        }
    }

    /// Waits on behalf of a repeated request, which has no receiver of the verdict: polls until the token is
    /// validated, the reconnect has ended or was erased, or the time is over.
    async fn await_validation_of_repeat(
        &self,
        caller: &Principal,
        id: ReconnectId,
        deadline: Instant,
    ) -> Result<(), Error> {
        let until = deadline.max(Instant::now() + VALIDATION_PATIENCE);
        let mut moved = self.progress.subscribe_to(id);
        loop {
            let is_undecided = self
                .find_reconnect(&caller.scope, id)
                .await?
                .is_some_and(|it| !it.token_validated && it.status == ReconnectStatus::Running);
            if !is_undecided || Instant::now() >= until {
                return Ok(());
            }
            let _elapsed = tokio::time::timeout(VALIDATION_PATIENCE / 100, moved.changed()).await;
        }
    }

    /// Waits until the reconnect has ended or the deadline has passed; `None` where it was refused and erased.
    async fn await_end(
        &self,
        caller: &Principal,
        id: ReconnectId,
        deadline: Instant,
    ) -> Result<Option<ReconnectView>, Error> {
        let mut moved = self.progress.subscribe_to(id);
        loop {
            // The items are read once, at the end, because the list may be long.
            let Some(status) = self.find_reconnect_status(&caller.scope, id).await? else {
                return Ok(None);
            };
            let rest = deadline.saturating_duration_since(Instant::now());
            if status != ReconnectStatus::Running || rest.is_zero() {
                let _permit = self.wait_for_list_permit(caller.tenant()).await?;
                return self.find_reconnect_view(caller, id).await;
            }
            // A wake-up is only a hint: the database is read again in either case.
            let _elapsed = tokio::time::timeout(rest.min(POLL_EVERY), moved.changed()).await;
        }
    }

    /// Stops a reconnect: items that are still open end as `failed`, reason `cancelled`.
    ///
    /// # Errors
    /// `NotFound`; `Conflict(Ended)` where it has ended.
    pub async fn cancel_reconnect(
        &self,
        caller: &Principal,
        id: ReconnectId,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<ReconnectView, Error> {
        let cancel =
            async |call: Option<&IdempotentCall>| self.cancel_open_items(caller, id, call).await;
        self.run_idempotent(&caller.scope, caller.caller_id(), repeatable, cancel)
            .await?;
        self.reconnect_view(caller, id).await
    }

    async fn cancel_open_items(
        &self,
        caller: &Principal,
        id: ReconnectId,
        call: Option<&IdempotentCall>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        // The due row is locked first, in the order in which a run locks. From here on the run settles nothing.
        tx.withdraw_reconnect(id).await?;
        let reconnect = caller.authorize_reconnect(
            tx.find_reconnect(id)
                .await
                .map_err(Error::not_found_as(Resource::Reconnect))?,
        )?;
        if reconnect.status != ReconnectStatus::Running {
            return Err(Error::Conflict(Conflict::Ended));
        }
        let open = tx.list_items(id).await?.into_iter().filter(Item::is_open);
        let results: Vec<_> = open.map(|it| (it.position, cancelled_result())).collect();
        tx.settle_items(id, &results, now).await?;
        self.revoke_after_reconnect(&tx, &reconnect).await?;
        let detail = json!({ "open": results.len() });
        let event = AuditEvent::new(caller.audit_name(), "reconnect.cancelled", id, detail);
        self.end_reconnect(&tx, (id, ReconnectStatus::Cancelled), event)
            .await?;
        if let Some(call) = call {
            call.store_result(&tx, &(), None, now).await?;
        }
        tx.commit().await?;
        self.progress.notify_waiters(id);
        Ok(())
    }
}
