//! Delivers webhooks: claims due deliveries, and starts a run for each endpoint that has some.
//!
//! The rule: claim, send, settle. A crash between two of them sends a webhook twice rather than never; every attempt
//! carries the same `webhook-id`, the event's id. Times are system time, because consumers check the signature's time.
//! Start at [`Vault::deliver_due_webhooks`]; `endpoint_run.rs` delivers to one endpoint, so that none waits for another.

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::{Clock, Timestamp, WebhookEndpointId, error_chain};
use regrant_permits::Limits;
use regrant_storage::{Claim, DueKind, Lease, PassedOver, TenantScope};
use tokio::{task::JoinHandle, time::Instant};
use tracing::warn;
use uuid::Uuid;

use super::endpoint_run::EndpointRun;
use crate::{Error, Vault};

/// How long a pass waits for the runs it starts: a slow consumer does not delay the next pass.
const WAIT_FOR_RUNS: Duration = Duration::from_secs(1);

/// How many webhooks are in flight, at most half of them of one tenant.
pub(crate) fn limits(settings: &regrant_webhook::Settings) -> Limits {
    Limits {
        total: settings.max_in_flight,
        of_key: settings.max_in_flight / 2,
    }
}

/// One look for due deliveries.
#[derive(Clone, Copy)]
struct DeliveryPass {
    time: PassTime,
    /// Whether everything that was due was claimed.
    is_complete: bool,
}

/// The system time of a pass, which runs on while the pass lasts.
#[derive(Clone, Copy)]
pub(super) struct PassTime {
    began_at: Timestamp,
    began: Instant,
}

impl PassTime {
    fn begin_at(began_at: Timestamp) -> Self {
        Self {
            began_at,
            began: Instant::now(),
        }
    }

    /// When the pass began: what it uses was read later.
    pub(super) const fn began(self) -> Instant {
        self.began
    }

    pub(super) fn now(self) -> Timestamp {
        self.began_at + self.began.elapsed()
    }
}

impl Vault {
    /// Sends due webhooks of endpoints that are not being served already. Returns how many were claimed at once; each
    /// endpoint gets more as it accepts them.
    ///
    /// Waits at most a second; deliveries that take longer continue in the background.
    pub async fn deliver_due_webhooks(&self, limit: u32) -> Result<usize, Error> {
        self.deliver_webhooks_at(Clock::system_time(), limit).await
    }

    /// Delivers as if the system time were `system_time`.
    pub(super) async fn deliver_webhooks_at(
        &self,
        system_time: Timestamp,
        limit: u32,
    ) -> Result<usize, Error> {
        if self.runs.stop.is_cancelled() {
            return Ok(0);
        }
        let busy = self.endpoint_runs.list_busy(system_time);
        let max_runs = self.webhooks.settings().max_in_flight;
        let free = u32::try_from(max_runs.saturating_sub(busy.len())).unwrap_or(u32::MAX);
        let busy: Vec<Uuid> = busy.into_iter().map(WebhookEndpointId::uuid).collect();
        let limit = limit.min(free);
        let passed_over = PassedOver {
            shares: &busy,
            ..PassedOver::default()
        };
        let claims = self
            .store
            .claim_due_except(
                DueKind::Delivery,
                system_time,
                &self.runs.owner,
                self.delivery_lease()?,
                limit,
                passed_over,
            )
            .await?;
        let n = claims.len();
        let pass = DeliveryPass {
            time: PassTime::begin_at(system_time),
            is_complete: u32::try_from(n).is_ok_and(|it| it < limit),
        };
        let runs = self.start_runs(claims, pass).await;
        let all = futures_util::future::join_all(runs);
        let _timed_out = tokio::time::timeout(WAIT_FOR_RUNS, all).await;
        Ok(n)
    }

    /// How long deliveries are leased: for an attempt, and for the wait before it.
    pub(super) fn delivery_lease(&self) -> Result<chrono::Duration, Error> {
        let lease = self.webhooks.settings().timeout * 2 + self.settings.lease;
        chrono::Duration::from_std(lease).map_err(Error::from_cause)
    }

    /// Starts a run for each endpoint with claimed deliveries. Those of one tenant are read in one transaction.
    async fn start_runs(&self, claims: Vec<Claim>, pass: DeliveryPass) -> Vec<JoinHandle<()>> {
        let (mut runs, mut by_tenant) = (Vec::new(), BTreeMap::new());
        for claim in claims {
            let (_, leases) = by_tenant
                .entry(claim.scope.tenant())
                .or_insert_with(|| (claim.scope, Vec::new()));
            leases.push(claim.lease);
        }
        for (scope, leases) in by_tenant.into_values() {
            match self.start_runs_of_tenant(&scope, leases, pass).await {
                Ok(of_tenant) => runs.extend(of_tenant),
                // They are due again when their leases expire.
                Err(error) => {
                    warn!(tenant.id = %scope.tenant(), error = error_chain(&error), "cannot read due webhooks");
                }
            }
        }
        runs
    }

    async fn start_runs_of_tenant(
        &self,
        scope: &TenantScope,
        leases: Vec<Lease>,
        pass: DeliveryPass,
    ) -> Result<Vec<JoinHandle<()>>, Error> {
        let read = self.read_claimed(scope, leases).await?;
        let ready = self.prepare_sends(scope, read, pass.time.now()).await?;
        let mut runs = Vec::new();
        for (endpoint, (target, queue)) in ready {
            // Another pass may have started a run meanwhile; then the leases expire.
            let Some(running) = self.endpoint_runs.begin_run(endpoint) else {
                continue;
            };
            let (vault, scope) = (self.clone(), scope.clone());
            let (time, is_complete) = (pass.time, pass.is_complete);
            let run = EndpointRun::new(vault, scope, target, queue, time, is_complete);
            let run = run.run_to_end(running);
            runs.push(self.runs.tracker.spawn_on(run, &self.runs.runtime));
        }
        Ok(runs)
    }
}
