//! Selects the claimed webhooks that can be sent now, with their endpoints' secrets and permits.
//!
//! The rule: every claimed delivery is either sent or settled here: given back, failed, or removed from the due work.
//! Start at [`Vault::prepare_sends`].

use std::{collections::BTreeMap, sync::Arc};

use regrant_domain::{
    DeliveryId, TenantId, Timestamp, WebhookEndpointId, error_chain,
    webhook::{DeliveryStatus, EndpointStatus},
};
use regrant_permits::Permit;
use regrant_storage::{Attempt, Delivery, DueDelivery, Lease, TenantScope, WebhookEndpoint};
use regrant_webhook::WebhookSecret;

use tracing::error;

use crate::{Error, Vault, credentials::attribution::is_fault_of_record};

/// How long a delivery waits that got no permit.
const RETRY_WITHOUT_PERMIT: chrono::Duration = chrono::Duration::seconds(2);

/// The permits of one send: of the tenant's, and of the endpoint's.
type SendPermits = (Permit<TenantId>, Permit<WebhookEndpointId>);

/// A webhook that is about to be sent.
pub(super) struct OutgoingWebhook {
    /// The lease of the delivery.
    pub(super) lease: Lease,
    /// The delivery and the data of its event.
    pub(super) due: DueDelivery,
    /// The endpoint and its secrets, shared by all its deliveries of a round.
    pub(super) target: Arc<WebhookTarget>,
    /// Limits the concurrent sends of the tenant and to the endpoint.
    _permits: SendPermits,
}

/// An endpoint with the secrets that sign its webhooks now.
pub(super) struct WebhookTarget {
    pub(super) endpoint: WebhookEndpoint,
    /// The newest first; empty if they do not open.
    pub(super) secrets: Vec<WebhookSecret>,
}

/// Why a claimed delivery is not sent.
enum UnsentReason {
    /// The delivery was deleted.
    Gone,
    /// It fails without being sent: the endpoint is disabled, or its secret does not open.
    Failed(Box<Delivery>, &'static str),
    /// All permits, or all of the tenant's or the endpoint's, are taken.
    NoPermit,
}

impl Vault {
    /// Returns the claimed deliveries that can be sent now. Settles or reschedules the others.
    pub(super) async fn prepare_sends(
        &self,
        scope: &TenantScope,
        leases: Vec<Lease>,
        system_time: Timestamp,
    ) -> Result<Vec<OutgoingWebhook>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let ids: Vec<_> = leases
            .iter()
            .map(|it| DeliveryId::from_uuid(it.object))
            .collect();
        let deliveries = tx.find_deliveries(&ids).await?;
        let endpoints = tx.list_webhook_endpoints().await?;
        tx.commit().await?;
        let mut due: BTreeMap<_, _> = deliveries
            .into_iter()
            .map(|it| (it.delivery.id.uuid(), it))
            .collect();
        let targets = self.open_targets(scope, endpoints, system_time).await?;
        let (mut outgoing, mut unsent) = (Vec::new(), Vec::new());
        for lease in leases {
            let found = due.remove(&lease.object);
            match self.check_sendable(scope, found, &targets) {
                Ok((due, target, permits)) => {
                    outgoing.push(OutgoingWebhook {
                        lease,
                        due,
                        target,
                        _permits: permits,
                    });
                }
                Err(reason) => unsent.push((lease, reason)),
            }
        }
        self.settle_unsent(scope, unsent, system_time).await?;
        Ok(outgoing)
    }

    /// Takes a permit for a claimed delivery, or returns why it is not sent now.
    fn check_sendable(
        &self,
        scope: &TenantScope,
        due: Option<DueDelivery>,
        targets: &BTreeMap<WebhookEndpointId, Arc<WebhookTarget>>,
    ) -> Result<(DueDelivery, Arc<WebhookTarget>, SendPermits), UnsentReason> {
        let due = due.ok_or(UnsentReason::Gone)?;
        let target = targets
            .get(&due.delivery.endpoint_id)
            .ok_or(UnsentReason::Gone)?;
        if target.endpoint.status != EndpointStatus::Enabled {
            return Err(UnsentReason::Failed(
                Box::new(due.delivery),
                "the endpoint is disabled",
            ));
        }
        if target.secrets.is_empty() {
            let error = "the endpoint's secret does not open";
            return Err(UnsentReason::Failed(Box::new(due.delivery), error));
        }
        let max = self.max_permits_of(&target.endpoint);
        let of_endpoint = self.endpoint_permits.try_take(target.endpoint.id, max);
        let of_tenant = self.delivery_permits.try_take(scope.tenant(), usize::MAX);
        let permits = of_tenant.zip(of_endpoint).ok_or(UnsentReason::NoPermit)?;
        Ok((due, Arc::clone(target), permits))
    }

    /// How many permits an endpoint may take: a failing endpoint gets one.
    fn max_permits_of(&self, endpoint: &WebhookEndpoint) -> usize {
        if endpoint.failing_since.is_some() {
            1
        } else {
            self.webhooks.settings().max_per_endpoint.max(1)
        }
    }

    /// Opens the valid secrets of each endpoint. An endpoint whose secrets do not open has none.
    async fn open_targets(
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
        unsent: Vec<(Lease, UnsentReason)>,
        system_time: Timestamp,
    ) -> Result<(), Error> {
        if unsent.is_empty() {
            return Ok(());
        }
        let tx = self.store.begin(scope).await?;
        for (lease, reason) in unsent {
            match reason {
                UnsentReason::Gone => tx.delete_orphaned_due(&lease).await?,
                UnsentReason::NoPermit => {
                    tx.reschedule_due(&lease, system_time + RETRY_WITHOUT_PERMIT)
                        .await?;
                }
                UnsentReason::Failed(delivery, error) => {
                    tx.hold_lease(&lease).await?;
                    let attempt = Attempt {
                        attempts: delivery.attempts,
                        response_status: delivery.response_status,
                        error: Some(error),
                    };
                    tx.finish_delivery(&lease, DeliveryStatus::Failed, attempt, system_time)
                        .await?;
                }
            }
        }
        Ok(tx.commit().await?)
    }
}
