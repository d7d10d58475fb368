//! The endpoint of a run as it is now: its address, its status and its valid secrets.
//!
//! The rule: nothing is sent to an endpoint that was read more than [`MAX_AGE`] ago, so that a change of it holds for all
//! that is sent later, whichever process made it. One send reads it again; the others wait for that.
//! Start at [`Vault::send_to_current`].

use std::{sync::Arc, time::Duration};

use regrant_domain::{Timestamp, WebhookEndpointId, error_chain};
use regrant_storage::TenantScope;
use tokio::{sync::Mutex, time::Instant};
use tracing::warn;

use super::{
    attempt::Attempted,
    deliver::PassTime,
    outgoing::{OutgoingWebhook, WebhookTarget},
};
use crate::{Error, Vault};

/// For how long an endpoint is used as it was read.
const MAX_AGE: Duration = Duration::from_secs(1);

/// The endpoint as it was read last. Clones share it.
#[derive(Clone)]
pub(super) struct CurrentTarget {
    endpoint: WebhookEndpointId,
    latest: Arc<Mutex<ReadTarget>>,
}

struct ReadTarget {
    /// `None` if nothing can be sent to it.
    target: Option<Arc<WebhookTarget>>,
    read_at: Instant,
}

impl CurrentTarget {
    pub(super) fn new(target: Arc<WebhookTarget>, read_at: Instant) -> Self {
        let endpoint = target.endpoint.id;
        let read = ReadTarget {
            target: Some(target),
            read_at,
        };
        Self {
            endpoint,
            latest: Arc::new(Mutex::new(read)),
        }
    }
}

impl Vault {
    /// Sends a webhook to the endpoint as it is now, unless nothing can be sent to it.
    pub(super) async fn send_to_current(
        &self,
        scope: &TenantScope,
        outgoing: OutgoingWebhook,
        current: &CurrentTarget,
        time: PassTime,
    ) -> Attempted {
        match self.find_target(scope, current, time.now()).await {
            Ok(Some(target)) => self.send_once(outgoing, &target, time).await,
            Ok(None) => Attempted::unsent(outgoing),
            Err(error) => {
                warn!(endpoint.id = %current.endpoint, error = error_chain(&error), "cannot read the endpoint of a webhook");
                Attempted::unsent(outgoing)
            }
        }
    }

    /// The endpoint to send to; `None` if nothing can be sent to it.
    async fn find_target(
        &self,
        scope: &TenantScope,
        current: &CurrentTarget,
        system_time: Timestamp,
    ) -> Result<Option<Arc<WebhookTarget>>, Error> {
        let mut latest = current.latest.lock().await;
        if latest.read_at.elapsed() > MAX_AGE {
            let read_at = Instant::now();
            let read = self.read_target(scope, current.endpoint, system_time).await;
            // A failure counts for those that wait, too: each would wait as long for the next one.
            let target = read.as_ref().ok().cloned().flatten();
            *latest = ReadTarget { target, read_at };
            return read;
        }
        Ok(latest.target.clone())
    }

    async fn read_target(
        &self,
        scope: &TenantScope,
        id: WebhookEndpointId,
        system_time: Timestamp,
    ) -> Result<Option<Arc<WebhookTarget>>, Error> {
        let tx = self.store.begin_short_read(scope).await?;
        let endpoint = match tx.find_webhook_endpoint(id).await {
            Err(regrant_storage::Error::NotFound) => return Ok(None),
            found => found?,
        };
        tx.commit().await?;
        let targets = self
            .open_targets(scope, vec![endpoint], system_time)
            .await?;
        let mut sendable = targets.into_values().filter(|it| it.is_sendable());
        Ok(sendable.next())
    }
}
