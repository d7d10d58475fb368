//! Selects the claimed webhooks that can be sent, with their endpoints' secrets.
//!
//! The rule: every claimed delivery is either sent or settled here: failed, put off because it could not be read, or
//! removed from the due work because it is gone.
//! Start at [`Vault::prepare_sends`].

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use regrant_domain::{
    DeliveryId, Timestamp, WebhookEndpointId, error_chain, webhook::EndpointStatus,
};
use regrant_storage::{
    Delivery, DueDelivery, Lease, SettledDelivery, TenantScope, WebhookEndpoint,
};
use regrant_webhook::WebhookSecret;

use tracing::error;

use crate::{Error, Vault, credentials::attribution::is_fault_of_record};

/// When a delivery is tried again that could not be read. Another process may have a release that can.
const READ_AGAIN_AFTER: chrono::Duration = chrono::Duration::minutes(1);

/// What can be sent to each endpoint, in the order of the events.
pub(super) type ReadySends =
    BTreeMap<WebhookEndpointId, (Arc<WebhookTarget>, Vec<OutgoingWebhook>)>;

/// A webhook that is about to be sent.
pub(super) struct OutgoingWebhook {
    /// The lease of the delivery.
    pub(super) lease: Lease,
    /// The delivery and the data of its event.
    pub(super) due: DueDelivery,
}

/// An endpoint with the secrets that sign its webhooks now.
pub(super) struct WebhookTarget {
    pub(super) endpoint: WebhookEndpoint,
    /// The newest first; empty if they do not open.
    pub(super) secrets: Vec<WebhookSecret>,
}

/// Claimed deliveries as the database has them.
pub(super) struct ClaimedDeliveries {
    leases: Vec<Lease>,
    due: Vec<DueDelivery>,
    endpoints: Vec<WebhookEndpoint>,
}

/// The claimed deliveries that are not sent.
#[derive(Default)]
struct UnsentDeliveries {
    /// The delivery or its endpoint was deleted, or does not decode.
    unread: Vec<Lease>,
    /// They fail without being sent: the endpoint is disabled, or its secret does not open.
    failed: Vec<SettledDelivery>,
}

impl Vault {
    /// Reads claimed deliveries and the tenant's endpoints in one transaction.
    pub(super) async fn read_claimed(
        &self,
        scope: &TenantScope,
        leases: Vec<Lease>,
    ) -> Result<ClaimedDeliveries, Error> {
        if leases.is_empty() {
            return Ok(ClaimedDeliveries {
                leases,
                due: Vec::new(),
                endpoints: Vec::new(),
            });
        }
        let tx = self.store.begin_read(scope).await?;
        let ids: Vec<_> = leases
            .iter()
            .map(|it| DeliveryId::from_uuid(it.object))
            .collect();
        let due = tx.find_deliveries(&ids).await?;
        let endpoints = tx.list_webhook_endpoints().await?;
        tx.commit().await?;
        Ok(ClaimedDeliveries {
            leases,
            due,
            endpoints,
        })
    }

    /// Returns the claimed deliveries that can be sent, by endpoint. Settles the others.
    pub(super) async fn prepare_sends(
        &self,
        scope: &TenantScope,
        claimed: ClaimedDeliveries,
        system_time: Timestamp,
    ) -> Result<ReadySends, Error> {
        let mut due: BTreeMap<_, _> = claimed
            .due
            .into_iter()
            .map(|it| (it.delivery.id.uuid(), it))
            .collect();
        let targets = self
            .open_targets(scope, claimed.endpoints, system_time)
            .await?;
        let (mut ready, mut unsent) = (ReadySends::new(), UnsentDeliveries::default());
        for lease in claimed.leases {
            let found = due.remove(&lease.object);
            let target = found
                .as_ref()
                .and_then(|it| targets.get(&it.delivery.endpoint_id));
            let Some((due, target)) = found.zip(target) else {
                unsent.unread.push(lease);
                continue;
            };
            if let Some(why) = target.why_unsendable() {
                unsent.failed.push(fail_unsent(lease, &due.delivery, why));
                continue;
            }
            let (_, queue) = ready
                .entry(target.endpoint.id)
                .or_insert_with(|| (Arc::clone(target), Vec::new()));
            queue.push(OutgoingWebhook { lease, due });
        }
        for (_, queue) in ready.values_mut() {
            queue.sort_by_key(|it| it.due.delivery.event_id);
        }
        self.settle_unsent(scope, unsent, system_time).await?;
        Ok(ready)
    }

    /// Opens the valid secrets of each endpoint. An endpoint whose secrets do not open has none.
    pub(super) async fn open_targets(
        &self,
        scope: &TenantScope,
        endpoints: Vec<WebhookEndpoint>,
        system_time: Timestamp,
    ) -> Result<BTreeMap<WebhookEndpointId, Arc<WebhookTarget>>, Error> {
        let mut targets = BTreeMap::new();
        for endpoint in endpoints {
            let opened = self.open_valid_secrets(scope, &endpoint, system_time).await;
            let secrets = match opened {
                Err(error) if is_fault_of_record(&error) => {
                    error!(
                        alarm = "unreadable", endpoint.id = %endpoint.id, error = error_chain(&error),
                        "the secret of a webhook endpoint does not open"
                    );
                    Vec::new()
                }
                opened => opened?,
            };
            targets.insert(endpoint.id, Arc::new(WebhookTarget { endpoint, secrets }));
        }
        Ok(targets)
    }

    async fn settle_unsent(
        &self,
        scope: &TenantScope,
        unsent: UnsentDeliveries,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        if unsent.unread.is_empty() && unsent.failed.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin(scope).await?;
        tx.settle_unread_deliveries(unsent.unread, system_time + READ_AGAIN_AFTER)
            .await?;
        let failed = keep_held(&tx, unsent.failed).await?;
        tx.settle_deliveries(&failed, system_time).await?;
        Ok(tx.commit().await?)
    }
}

impl WebhookTarget {
    /// Whether webhooks can be sent to it.
    pub(super) fn is_sendable(&self) -> bool {
        self.why_unsendable().is_none()
    }

    fn why_unsendable(&self) -> Option<&'static str> {
        if self.endpoint.status != EndpointStatus::Enabled {
            return Some("the endpoint is disabled");
        }
        let is_sealed = self.secrets.is_empty();
        is_sealed.then_some("the endpoint's secret does not open")
    }
}

/// Those whose leases still hold, which then hold until the transaction ends.
pub(super) async fn keep_held(
    tx: &regrant_storage::TenantTx,
    mut settled: Vec<SettledDelivery>,
) -> Result<Vec<SettledDelivery>, Error> {
    let leases = settled.iter().map(|it| it.lease.clone()).collect();
    let held: HashSet<_> = tx
        .hold_leases(leases)
        .await?
        .into_iter()
        .map(|it| it.object)
        .collect();
    settled.retain(|it| held.contains(&it.lease.object));
    Ok(settled)
}

fn fail_unsent(lease: Lease, delivery: &Delivery, why: &str) -> SettledDelivery {
    SettledDelivery {
        lease,
        next_at: None,
        is_delivered: false,
        attempts: delivery.attempts,
        response_status: delivery.response_status,
        error: Some(why.to_owned()),
    }
}
