//! Delivers webhooks: claims due deliveries, sends them, and settles each attempt.
//!
//! The rule: claim, send, settle. A crash between two of them sends a webhook twice rather than never; every attempt
//! carries the same `webhook-id`, the event's id. Times are system time, because consumers check the signature's time.
//! Start at [`Vault::deliver_due_webhooks`]; `outgoing.rs` prepares the sends and `attempt.rs` settles them.

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::{Clock, Timestamp, error_chain};
use regrant_permits::Limits;
use regrant_storage::{Claim, DueKind, TenantScope};
use tracing::warn;

use super::outgoing::OutgoingWebhook;
use crate::{Error, Vault};

/// How long a round waits for the webhooks it sends: a slow consumer does not delay the next round.
const WAIT_FOR_SENDS: Duration = Duration::from_secs(1);

/// How many webhooks are in flight, at most half of them of one tenant.
pub(crate) fn limits(settings: &regrant_webhook::Settings) -> Limits {
    Limits {
        total: settings.max_in_flight,
        of_key: settings.max_in_flight / 2,
    }
}

/// How many webhooks are in flight to one endpoint.
pub(crate) fn limits_of_endpoints(settings: &regrant_webhook::Settings) -> Limits {
    Limits {
        total: settings.max_in_flight,
        of_key: settings.max_per_endpoint,
    }
}

impl Vault {
    /// Sends due webhooks, as many as there are permits. Returns how many were claimed.
    ///
    /// Waits at most a second; sends that take longer continue in the background.
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
        let lease_for = self.webhooks.settings().timeout * 2 + self.settings.lease;
        let lease_for = chrono::Duration::from_std(lease_for).map_err(Error::from_cause)?;
        let free = u32::try_from(self.delivery_permits.count_free()).unwrap_or(u32::MAX);
        let limit = limit.min(free);
        let claims = self
            .store
            .claim_due(
                DueKind::Delivery,
                system_time,
                &self.runs.owner,
                lease_for,
                limit,
            )
            .await?;
        // One tenant's deliveries are read in one transaction.
        let n = claims.len();
        let sends = self.spawn_sends(claims, system_time).await;
        let all = futures_util::future::join_all(sends);
        let _timed_out = tokio::time::timeout(WAIT_FOR_SENDS, all).await;
        Ok(n)
    }

    /// Starts the sends of claimed deliveries. The deliveries of one tenant are read in one transaction.
    async fn spawn_sends(
        &self,
        claims: Vec<Claim>,
        system_time: Timestamp,
    ) -> Vec<tokio::task::JoinHandle<()>> {
        let (mut sends, mut by_tenant) = (Vec::with_capacity(claims.len()), BTreeMap::new());
        for claim in claims {
            let (_, leases) = by_tenant
                .entry(claim.scope.tenant())
                .or_insert_with(|| (claim.scope, Vec::new()));
            leases.push(claim.lease);
        }
        for (scope, leases) in by_tenant.into_values() {
            match self.prepare_sends(&scope, leases, system_time).await {
                Ok(outgoing) => {
                    sends.extend(
                        outgoing
                            .into_iter()
                            .map(|it| self.spawn_send(&scope, it, system_time)),
                    );
                }
                // They are due again when their leases expire.
                Err(error) => {
                    warn!(tenant.id = %scope.tenant(), error = error_chain(&error), "cannot read due webhooks");
                }
            }
        }
        sends
    }

    fn spawn_send(
        &self,
        scope: &TenantScope,
        outgoing: OutgoingWebhook,
        system_time: Timestamp,
    ) -> tokio::task::JoinHandle<()> {
        let (vault, scope) = (self.clone(), scope.clone());
        let send = async move {
            let id = outgoing.due.delivery.id;
            match vault.send_and_settle(&scope, outgoing, system_time).await {
                Ok(()) => {}
                Err(Error::Stale) => {
                    warn!(delivery.id = %id, "another process has claimed the webhook; its outcome is not recorded here");
                }
                Err(error) => {
                    warn!(delivery.id = %id, error = error_chain(&error), "cannot record the outcome of a webhook; it is sent again");
                }
            }
        };
        self.runs.tracker.spawn_on(send, &self.runs.runtime)
    }
}
