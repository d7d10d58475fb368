//! The status of webhook endpoints: enabled, disabled, failing.
//!
//! The rule: what is noted of an endpoint is noted of the address that it has. Whether an attempt counts is decided under
//! [`TenantTx::lock_endpoint_url`].

use regrant_domain::{Timestamp, WebhookEndpointId, webhook::DisabledReason};

use crate::{Error, TenantTx, sql::to_micros};

impl TenantTx {
    /// Enables an endpoint and clears its failures.
    pub async fn enable_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE webhook_endpoints SET status = 'enabled', disabled_reason = NULL,
                     disabled_at = NULL, failing_since = NULL
                 WHERE tenant_id = :tenant AND id = :id AND status = 'disabled'",
            )
            .bind("id", id.uuid());
        self.execute(query).await.map(drop)
    }

    /// Disables an endpoint; whether it was enabled. Its pending deliveries fail when they are due.
    pub async fn disable_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        why: DisabledReason,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(
                "UPDATE webhook_endpoints
                 SET status = 'disabled', disabled_reason = :why, disabled_at = :at
                 WHERE tenant_id = :tenant AND id = :id AND status = 'enabled'",
            )
            .bind("why", why.as_str())
            .bind("at", to_micros(at))
            .bind("id", id.uuid());
        Ok(self.execute(query).await? > 0)
    }

    /// The address of an endpoint, which does not change until this transaction ends; `None` if the endpoint is gone. Call
    /// it before leases of deliveries are held: replays and deletes lock in this order, too.
    pub async fn lock_endpoint_url(&self, id: WebhookEndpointId) -> Result<Option<String>, Error> {
        let query = self
            .query(
                "SELECT url FROM webhook_endpoints WHERE tenant_id = :tenant AND id = :id
                 {for_no_key_update}",
            )
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?;
        row.map(|it| it.get("url")).transpose()
    }

    /// Notes since when no delivery succeeded, unless that is noted already; `None` after a success.
    pub async fn note_endpoint_failing(
        &self,
        id: WebhookEndpointId,
        since: Option<Timestamp>,
    ) -> Result<(), Error> {
        let query = match since {
            Some(since) => self
                .query(
                    "UPDATE webhook_endpoints SET failing_since = :since
                     WHERE tenant_id = :tenant AND id = :id AND failing_since IS NULL",
                )
                .bind("since", to_micros(since)),
            None => self.query(
                "UPDATE webhook_endpoints SET failing_since = NULL
                 WHERE tenant_id = :tenant AND id = :id AND failing_since IS NOT NULL",
            ),
        };
        self.execute(query.bind("id", id.uuid())).await.map(drop)
    }
}
