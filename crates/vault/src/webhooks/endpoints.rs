//! Webhook endpoints: the URLs that a tenant receives its events at.
//!
//! The rule: check the form of a URL here; `regrant-webhook` checks its addresses at each attempt.
//! Start at [`Vault::create_webhook_endpoint`]; `deliver.rs` sends, `replay.rs` lists and repeats deliveries.

use regrant_domain::{
    Clock, Timestamp, WebhookEndpointId,
    webhook::{AssetEvents, DisabledReason, EndpointStatus, EventFilter},
};
use regrant_storage::{AuditEvent, NewWebhookEndpoint, WebhookEndpoint};
use regrant_webhook::WebhookSecret;
use serde_json::json;

use super::endpoint_secrets::secret_context;
use crate::{
    Conflict, Error, Principal, RepeatableRequest, Resource, Vault,
    call::idempotency::IdempotentCall,
};

/// An endpoint to create.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// The URL that events are posted to.
    pub url: String,
    /// Which events it receives.
    pub filter: EventFilter,
    /// In which form it receives the events about assets.
    pub asset_events: AssetEvents,
}

/// A change of an endpoint. `None` keeps the value.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// The URL that events are posted to.
    pub url: Option<String>,
    /// Which events it receives.
    pub filter: Option<EventFilter>,
    /// In which form it receives the events about assets.
    pub asset_events: Option<AssetEvents>,
    /// Whether it receives events.
    pub status: Option<EndpointStatus>,
}

/// An endpoint as its tenant sees it.
#[derive(Debug, Clone)]
pub struct EndpointView {
    /// Identifies the endpoint.
    pub id: WebhookEndpointId,
    /// The URL that events are posted to.
    pub url: String,
    /// Which events it receives.
    pub filter: EventFilter,
    /// In which form it receives the events about assets.
    pub asset_events: AssetEvents,
    /// Whether it receives events.
    pub status: EndpointStatus,
    /// If it is disabled: why, and since when.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// Since when every attempt has failed; `None` after a success.
    pub failing_since: Option<Timestamp>,
    /// Until when the older secret signs, too; `None` if only one secret is valid.
    pub older_secret_until: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An endpoint with its new secret.
pub struct MintedEndpoint {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// The secret, shown only once; `None` in the replay of an earlier request.
    pub secret: Option<WebhookSecret>,
}

impl Vault {
    /// Creates an endpoint with a new secret.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `Invalid` for a URL that webhooks are not sent to; `Conflict(EndpointLimit)`.
    pub async fn create_webhook_endpoint(
        &self,
        caller: &Principal,
        new: NewEndpoint,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<MintedEndpoint, Error> {
        caller.require_whole_tenant()?;
        let url = self.check_url(&new.url)?;
        let secret = WebhookSecret::mint()?;
        let new = NewEndpoint { url, ..new };
        let insert = async |once: Option<&IdempotentCall>| {
            self.insert_endpoint(caller, new, &secret, once).await
        };
        let inserted = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, insert)
            .await?;
        let endpoint = self.find_webhook_endpoint(caller, inserted.value).await?;
        Ok(MintedEndpoint {
            endpoint,
            secret: (!inserted.is_replay).then_some(secret),
        })
    }

    async fn insert_endpoint(
        &self,
        caller: &Principal,
        new: NewEndpoint,
        secret: &WebhookSecret,
        once: Option<&IdempotentCall>,
    ) -> Result<WebhookEndpointId, Error> {
        let (id, now) = (WebhookEndpointId::mint(), self.clock.now());
        let key = self.data_keys.active(&caller.scope).await?;
        let sealed = key.seal_record(&secret_context(&caller.scope, id, 1), secret.expose())?;
        let row = NewWebhookEndpoint {
            id,
            url: new.url,
            filter: new.filter,
            asset_events: new.asset_events,
            sealed,
            created_at: now,
        };
        let tx = self.store.begin(&caller.scope).await?;
        let limit = self.settings.webhooks.max_endpoints;
        tx.insert_webhook_endpoint(&row, limit)
            .await
            .map_err(|error| match error {
                regrant_storage::Error::Taken(_) => Error::Conflict(Conflict::EndpointLimit(limit)),
                other => other.into(),
            })?;
        let detail = json!({ "host": url_host(&row.url) });
        tx.write_audit_events(
            &[AuditEvent::new(
                caller.audit_name(),
                "webhook_endpoint.created",
                id,
                detail,
            )],
            now,
        )
        .await?;
        if let Some(once) = once {
            once.store_result(&tx, &id, None, now).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// Lists all endpoints of the tenant, oldest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn list_webhook_endpoints(
        &self,
        caller: &Principal,
    ) -> Result<Vec<EndpointView>, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.list_webhook_endpoints().await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(endpoint_view).collect())
    }

    /// Finds an endpoint.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`.
    pub async fn find_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
    ) -> Result<EndpointView, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let row = tx
            .find_webhook_endpoint(id)
            .await
            .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
        tx.commit().await?;
        Ok(endpoint_view(row))
    }

    /// Changes an endpoint. Enabling it or changing its URL clears its failure.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`; `Invalid` for a URL that webhooks are not sent to.
    pub async fn change_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        change: EndpointChange,
    ) -> Result<EndpointView, Error> {
        caller.require_whole_tenant()?;
        let url = change
            .url
            .as_deref()
            .map(|it| self.check_url(it))
            .transpose()?;
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let row = tx
            .lock_webhook_endpoint(id)
            .await
            .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
        let detail = json!({
            "host": url.as_deref().map(url_host), "kinds": change.filter.is_some(),
            "asset_events": change.asset_events.map(AssetEvents::as_str),
            "status": change.status.map(EndpointStatus::as_str),
        });
        tx.change_webhook_endpoint(
            id,
            &url.unwrap_or(row.url),
            change.filter.as_ref(),
            change.asset_events.unwrap_or(row.asset_events),
        )
        .await?;
        match change.status {
            Some(EndpointStatus::Enabled) => tx.enable_webhook_endpoint(id).await?,
            Some(EndpointStatus::Disabled) => {
                tx.disable_webhook_endpoint(id, DisabledReason::ByTenant, Clock::system_time())
                    .await?;
            }
            None => {}
        }
        tx.write_audit_events(
            &[AuditEvent::new(
                caller.audit_name(),
                "webhook_endpoint.changed",
                id,
                detail,
            )],
            now,
        )
        .await?;
        let endpoint = endpoint_view(tx.find_webhook_endpoint(id).await?);
        tx.commit().await?;
        Ok(endpoint)
    }

    /// Deletes an endpoint and its pending deliveries.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`.
    pub async fn delete_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
    ) -> Result<(), Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin(&caller.scope).await?;
        tx.delete_webhook_endpoint(id)
            .await
            .map_err(Error::not_found_as(Resource::WebhookEndpoint))?;
        let deleted = AuditEvent::new(
            caller.audit_name(),
            "webhook_endpoint.deleted",
            id,
            json!({}),
        );
        tx.write_audit_events(&[deleted], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    fn check_url(&self, url: &str) -> Result<String, Error> {
        let destination = self.webhooks.check_destination(url);
        let invalid = |refusal: regrant_webhook::DestinationRefusal| Error::Invalid {
            field: "url".to_owned(),
            reason: refusal.to_string(),
        };
        Ok(destination.map_err(invalid)?.as_str().to_owned())
    }
}

/// The host of a URL, for the audit. Path and query may contain the tenant's secrets.
fn url_host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn endpoint_view(row: WebhookEndpoint) -> EndpointView {
    let system_time = Clock::system_time();
    EndpointView {
        id: row.id,
        url: row.url,
        filter: row.filter,
        asset_events: row.asset_events,
        status: row.status,
        disabled: row.disabled,
        failing_since: row.failing_since,
        older_secret_until: row
            .older
            .map(|(_, until)| until)
            .filter(|it| *it > system_time),
        created_at: row.created_at,
    }
}
