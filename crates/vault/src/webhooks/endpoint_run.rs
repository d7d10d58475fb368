//! Delivers to one endpoint until nothing is due for it: a short queue of claimed deliveries, and a few in flight.
//!
//! The rule: a queue is refilled before it is empty, attempts are settled many at a time, and what is not sent soon after it
//! was claimed is given back. No transaction is open while webhooks are sent; `current_target.rs` reads the endpoint again
//! in between.
//! Start at [`EndpointRun::run_to_end`].

use std::{collections::VecDeque, sync::Arc, time::Duration};

use regrant_domain::{WebhookEndpointId, error_chain};
use regrant_permits::{Urgency, Wait};
use regrant_storage::{Claimer, DueKind, Lease, TenantScope};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tracing::warn;

use super::{
    attempt::Attempted,
    current_target::CurrentTarget,
    deliver::PassTime,
    endpoint_runs::RunningEndpoint,
    outgoing::{OutgoingWebhook, WebhookTarget},
    send_window::SendWindow,
};
use crate::{Error, Vault};

/// How many deliveries are claimed for each that may be in flight.
const CLAIMED_PER_PERMIT: usize = 16;
/// How many attempts are settled at once.
const SETTLED_AT_ONCE: usize = 200;
/// How long an attempt that ended waits for others to be settled with.
const SETTLE_AFTER: Duration = Duration::from_millis(500);

/// The deliveries of one endpoint in this process.
pub(super) struct EndpointRun {
    vault: Vault,
    scope: TenantScope,
    endpoint: WebhookEndpointId,
    time: PassTime,
    target: CurrentTarget,
    window: SendWindow,
    queue: VecDeque<OutgoingWebhook>,
    claimed: Instant,
    in_flight: JoinSet<Attempted>,
    ended: Vec<Attempted>,
    first_ended: Option<Instant>,
    is_exhausted: bool,
}

impl EndpointRun {
    /// A run that begins with these deliveries; `is_exhausted` if no others were due.
    pub(super) fn new(
        vault: Vault,
        scope: TenantScope,
        target: Arc<WebhookTarget>,
        queue: Vec<OutgoingWebhook>,
        time: PassTime,
        is_exhausted: bool,
    ) -> Self {
        let max = vault.webhooks.settings().max_per_endpoint;
        Self {
            window: SendWindow::new(max, target.endpoint.failing_since.is_some()),
            endpoint: target.endpoint.id,
            vault,
            scope,
            time,
            target: CurrentTarget::new(target, time.began()),
            queue: queue.into(),
            claimed: Instant::now(),
            in_flight: JoinSet::new(),
            ended: Vec::new(),
            first_ended: None,
            is_exhausted,
        }
    }

    /// Delivers until nothing is due, the endpoint fails, or the process stops.
    pub(super) async fn run_to_end(mut self, mut running: RunningEndpoint) {
        if let Err(error) = self.deliver_all().await {
            // What is leased is due again when the leases expire.
            warn!(endpoint.id = %self.endpoint, error = error_chain(&error), "the deliveries to an endpoint broke off");
        }
        if self.window.must_rest() {
            running.rest_after(self.time.now());
        }
    }

    async fn deliver_all(&mut self) -> Result<(), Error> {
        loop {
            self.refill_queue().await?;
            self.start_sends();
            if self.in_flight.is_empty() {
                self.settle_ended().await?;
                if self.queue.is_empty() && self.must_end() {
                    return Ok(());
                }
                continue;
            }
            self.collect_ended().await;
            if self.is_time_to_settle() {
                self.settle_ended().await?;
            }
        }
    }

    /// Whether nothing more is to be claimed.
    fn must_end(&self) -> bool {
        self.is_exhausted || self.window.must_rest() || self.vault.runs.stop.is_cancelled()
    }

    /// Claims more before the queue is empty. Gives back what has waited for too long, and everything when the run ends.
    async fn refill_queue(&mut self) -> Result<(), Error> {
        let is_stale = self.claimed.elapsed() > self.vault.webhooks.settings().timeout;
        let must_stop = self.window.must_rest() || self.vault.runs.stop.is_cancelled();
        if is_stale || must_stop {
            self.return_queue().await?;
        }
        if self.must_end() || self.queue.len() >= self.window.size() {
            return Ok(());
        }
        let limit = self.window.size() * CLAIMED_PER_PERMIT;
        let leases = self
            .claim_more(u32::try_from(limit).unwrap_or(u32::MAX))
            .await?;
        self.is_exhausted = leases.len() < limit;
        if self.queue.is_empty() {
            self.claimed = Instant::now();
        }
        let read = self.vault.read_claimed(&self.scope, leases).await?;
        let time = self.time.now();
        let ready = self.vault.prepare_sends(&self.scope, read, time).await?;
        for (_, queue) in ready.into_values() {
            self.queue.extend(queue);
        }
        Ok(())
    }

    async fn claim_more(&self, limit: u32) -> Result<Vec<Lease>, Error> {
        let now = self.time.now();
        let claimer = Claimer {
            owner: &self.vault.runs.owner,
            now,
            wall: now,
            until: now + self.vault.delivery_lease()?,
        };
        let tx = self.vault.store.begin(&self.scope).await?;
        let leases = tx
            .claim_due_of_share(DueKind::Delivery, self.endpoint.uuid(), claimer, limit)
            .await?;
        tx.commit().await?;
        Ok(leases)
    }

    async fn return_queue(&mut self) -> Result<(), Error> {
        if self.queue.is_empty() {
            return Ok(());
        }
        let leases = self.queue.drain(..).map(|it| it.lease).collect();
        let tx = self.vault.store.begin(&self.scope).await?;
        tx.return_leases(leases).await?;
        Ok(tx.commit().await?)
    }

    /// Sends from the queue, as many as the window allows.
    fn start_sends(&mut self) {
        while self.in_flight.len() < self.window.size() {
            let Some(outgoing) = self.queue.pop_front() else {
                return;
            };
            let (vault, target) = (self.vault.clone(), self.target.clone());
            let (scope, time) = (self.scope.clone(), self.time);
            let wait = Wait {
                urgency: Urgency::Normal,
                patience: vault.webhooks.settings().timeout,
                max_waiting: usize::MAX,
            };
            let send = async move {
                let permit = vault.delivery_permits.acquire(scope.tenant(), wait);
                let Ok(_permit) = permit.await else {
                    return Attempted::unsent(outgoing);
                };
                vault.send_to_current(&scope, outgoing, &target, time).await
            };
            self.in_flight.spawn_on(send, &self.vault.runs.runtime);
        }
    }

    /// Waits for an attempt to end, but not longer than those that ended before may wait.
    async fn collect_ended(&mut self) {
        let settle_at = self.first_ended.map(|it| it + SETTLE_AFTER);
        let next = self.in_flight.join_next();
        let joined = match settle_at {
            Some(at) => timeout_at(at, next).await.unwrap_or(None),
            None => next.await,
        };
        self.note_ended(joined);
        while self.ended.len() < SETTLED_AT_ONCE {
            match self.in_flight.try_join_next() {
                None => return,
                joined => self.note_ended(joined),
            }
        }
    }

    fn note_ended(&mut self, joined: Option<Result<Attempted, tokio::task::JoinError>>) {
        // An attempt that panicked is due again when its lease expires.
        let Some(Ok(attempted)) = joined else { return };
        if let Some(is_accepted) = attempted.is_accepted() {
            self.window.note_outcome(is_accepted);
        }
        self.first_ended.get_or_insert_with(Instant::now);
        self.ended.push(attempted);
    }

    fn is_time_to_settle(&self) -> bool {
        self.ended.len() >= SETTLED_AT_ONCE
            || self
                .first_ended
                .is_some_and(|it| it.elapsed() >= SETTLE_AFTER)
    }

    async fn settle_ended(&mut self) -> Result<(), Error> {
        self.first_ended = None;
        let ended = std::mem::take(&mut self.ended);
        if ended.is_empty() {
            return Ok(());
        }
        let now = self.time.now();
        let is_disabled = self
            .vault
            .settle_attempts(&self.scope, self.endpoint, ended, now)
            .await?;
        if is_disabled {
            self.is_exhausted = true;
            self.return_queue().await?;
        }
        Ok(())
    }
}
