//! Webhook endpoints: where a tenant is told its events.
//!
//! The rule: a secret leaves once, in the answer that made it; two live at most. What a tenant writes as a
//! URL is judged here by its form, and by its address at each attempt (`regrant-webhook`).
//! Continue at `deliver.rs` for the sending and at `replay.rs` for what was sent.

use std::time::Duration;

use regrant_crypto::{Context, Purpose};
use regrant_domain::{
    Clock, Timestamp, WebhookEndpointId,
    webhook::{DisabledReason, EndpointStatus, EventFilter},
};
use regrant_storage::{AuditEvent, NewWebhookEndpoint, TenantScope, WebhookEndpoint};
use regrant_webhook::WebhookSecret;
use serde_json::json;

use crate::{Conflict, Error, Principal, Repeatable, Resource, Vault, idempotency::Once};

/// For how long an older secret may go on signing.
const LONGEST_OVERLAP: Duration = Duration::from_hours(24 * 30);

/// An endpoint to make.
#[derive(Debug, Clone)]
pub struct NewEndpoint {
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub filter: EventFilter,
}

/// What is to change about an endpoint; what is absent stays.
#[derive(Debug, Clone, Default)]
pub struct EndpointChange {
    /// Where it is.
    pub url: Option<String>,
    /// What it is told.
    pub filter: Option<EventFilter>,
    /// Whether it is told anything.
    pub status: Option<EndpointStatus>,
}

/// An endpoint as its tenant sees it.
#[derive(Debug, Clone)]
pub struct EndpointView {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub filter: EventFilter,
    /// Whether it is told anything.
    pub status: EndpointStatus,
    /// Why it is not, and since when.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// Since when nothing was delivered.
    pub failing_since: Option<Timestamp>,
    /// Until when the older secret signs, too.
    pub older_secret_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An endpoint and the one sight of its secret.
pub struct MintedEndpoint {
    /// The endpoint.
    pub endpoint: EndpointView,
    /// What signs its webhooks; `None` where the call only repeats another.
    pub secret: Option<WebhookSecret>,
}

impl Vault {
    /// Makes an endpoint with a fresh secret.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `Invalid` for a URL webhooks are not sent to; `Conflict(EndpointLimit)`.
    pub async fn create_webhook_endpoint(
        &self,
        caller: &Principal,
        new: NewEndpoint,
        repeatable: Option<Repeatable>,
    ) -> Result<MintedEndpoint, Error> {
        caller.demand_whole_tenant()?;
        let url = self.checked_url(&new.url)?;
        let secret = WebhookSecret::mint()?;
        let make = async |once: Option<&Once>| {
            self.insert_endpoint(caller, url, new.filter, &secret, once)
                .await
        };
        let done = self
            .once(&caller.scope, caller.id(), repeatable, make)
            .await?;
        let endpoint = self.webhook_endpoint(caller, done.value).await?;
        Ok(MintedEndpoint {
            endpoint,
            secret: (!done.repeated).then_some(secret),
        })
    }

    async fn insert_endpoint(
        &self,
        caller: &Principal,
        url: String,
        filter: EventFilter,
        secret: &WebhookSecret,
        once: Option<&Once>,
    ) -> Result<WebhookEndpointId, Error> {
        let (id, now) = (WebhookEndpointId::mint(), self.clock.now());
        let key = self.keys.active(&caller.scope).await?;
        let sealed = key.seal(&secret_context(&caller.scope, id, 1), secret.expose())?;
        let row = NewWebhookEndpoint {
            id,
            url,
            filter,
            sealed,
            created_at: now,
        };
        let tx = self.store.begin(&caller.scope).await?;
        let most = self.settings.webhooks.max_endpoints;
        tx.insert_webhook_endpoint(&row, most)
            .await
            .map_err(|error| match error {
                regrant_storage::Error::Taken(_) => Error::Conflict(Conflict::EndpointLimit(most)),
                other => other.into(),
            })?;
        let detail = json!({ "host": host(&row.url) });
        tx.audit(
            &[AuditEvent::new(
                caller.actor(),
                "webhook_endpoint.created",
                id,
                detail,
            )],
            now,
        )
        .await?;
        if let Some(once) = once {
            once.remember(&tx, &id, None, now).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// The tenant's endpoints, oldest first; they are few.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; the database does not answer.
    pub async fn webhook_endpoints(&self, caller: &Principal) -> Result<Vec<EndpointView>, Error> {
        caller.demand_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.webhook_endpoints().await?;
        tx.commit().await?;
        Ok(rows.into_iter().map(view).collect())
    }

    /// The endpoint with this id.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`.
    pub async fn webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
    ) -> Result<EndpointView, Error> {
        caller.demand_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let row = tx
            .webhook_endpoint(id)
            .await
            .map_err(Error::missing(Resource::WebhookEndpoint))?;
        tx.commit().await?;
        Ok(view(row))
    }

    /// Changes an endpoint. Enabling one forgets that it failed.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`; `Invalid` for a URL webhooks are not sent to.
    pub async fn change_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        change: EndpointChange,
    ) -> Result<EndpointView, Error> {
        caller.demand_whole_tenant()?;
        let url = change
            .url
            .as_deref()
            .map(|it| self.checked_url(it))
            .transpose()?;
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let row = tx
            .lock_webhook_endpoint(id)
            .await
            .map_err(Error::missing(Resource::WebhookEndpoint))?;
        let detail = json!({
            "host": url.as_deref().map(host), "kinds": change.filter.is_some(),
            "status": change.status.map(EndpointStatus::as_str),
        });
        tx.change_webhook_endpoint(
            id,
            &url.unwrap_or(row.url),
            &change.filter.unwrap_or(row.filter),
        )
        .await?;
        match change.status {
            Some(EndpointStatus::Enabled) => tx.enable_webhook_endpoint(id).await?,
            Some(EndpointStatus::Disabled) => {
                tx.disable_webhook_endpoint(id, DisabledReason::ByTenant, Clock::wall())
                    .await?;
            }
            None => {}
        }
        tx.audit(
            &[AuditEvent::new(
                caller.actor(),
                "webhook_endpoint.changed",
                id,
                detail,
            )],
            now,
        )
        .await?;
        let endpoint = view(tx.webhook_endpoint(id).await?);
        tx.commit().await?;
        Ok(endpoint)
    }

    /// Forgets an endpoint and everything on its way to it.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`.
    pub async fn delete_webhook_endpoint(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
    ) -> Result<(), Error> {
        caller.demand_whole_tenant()?;
        let tx = self.store.begin(&caller.scope).await?;
        tx.delete_webhook_endpoint(id)
            .await
            .map_err(Error::missing(Resource::WebhookEndpoint))?;
        let deleted = AuditEvent::new(caller.actor(), "webhook_endpoint.deleted", id, json!({}));
        tx.audit(&[deleted], self.clock.now()).await?;
        Ok(tx.commit().await?)
    }

    /// Gives an endpoint another secret. The older one signs beside it for `overlap`, or no more if that is zero.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`; `Invalid` for an overlap of more than 30 days.
    pub async fn rotate_webhook_secret(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        overlap: Duration,
        repeatable: Option<Repeatable>,
    ) -> Result<MintedEndpoint, Error> {
        caller.demand_whole_tenant()?;
        if overlap > LONGEST_OVERLAP {
            let reason = format!("expected at most {}", LONGEST_OVERLAP.as_secs());
            return Err(Error::Invalid {
                field: "overlap_seconds".to_owned(),
                reason,
            });
        }
        let older_until = (!overlap.is_zero()).then(|| Clock::wall() + overlap);
        let secret = WebhookSecret::mint()?;
        let rotate = async |once: Option<&Once>| {
            self.replace_secret(caller, id, &secret, older_until, once)
                .await
        };
        let rotated = self
            .once(&caller.scope, caller.id(), repeatable, rotate)
            .await?;
        let endpoint = self.webhook_endpoint(caller, id).await?;
        Ok(MintedEndpoint {
            endpoint,
            secret: (!rotated.repeated).then_some(secret),
        })
    }

    async fn replace_secret(
        &self,
        caller: &Principal,
        id: WebhookEndpointId,
        secret: &WebhookSecret,
        older_until: Option<Timestamp>,
        once: Option<&Once>,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let key = self.keys.active(&caller.scope).await?;
        let tx = self.store.begin(&caller.scope).await?;
        let row = tx
            .lock_webhook_endpoint(id)
            .await
            .map_err(Error::missing(Resource::WebhookEndpoint))?;
        let sealed = key.seal(
            &secret_context(&caller.scope, id, row.generation + 1),
            secret.expose(),
        )?;
        tx.rotate_webhook_secret(id, row.generation, &sealed, older_until)
            .await?;
        let detail = json!({ "older_secret_until": older_until });
        let rotated = AuditEvent::new(
            caller.actor(),
            "webhook_endpoint.secret_rotated",
            id,
            detail,
        );
        tx.audit(&[rotated], now).await?;
        if let Some(once) = once {
            once.remember(&tx, &(), None, now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The secrets that sign at `wall`, the newest first.
    pub(super) async fn live_secrets(
        &self,
        scope: &TenantScope,
        endpoint: &WebhookEndpoint,
        wall: Timestamp,
    ) -> Result<Vec<WebhookSecret>, Error> {
        let older = endpoint.older.iter().filter(|(_, until)| *until > wall);
        let older = older.map(|(sealed, _)| (sealed, endpoint.generation - 1));
        let mut secrets = Vec::with_capacity(2);
        for (sealed, generation) in
            std::iter::once((&endpoint.sealed, endpoint.generation)).chain(older)
        {
            let plain = self
                .keys
                .open(
                    scope,
                    &secret_context(scope, endpoint.id, generation),
                    sealed,
                )
                .await?;
            let secret = WebhookSecret::from_bytes(&plain);
            secrets
                .push(secret.ok_or_else(|| Error::internal("a webhook secret is not 32 bytes"))?);
        }
        Ok(secrets)
    }

    fn checked_url(&self, url: &str) -> Result<String, Error> {
        let destination = self.webhooks.destination(url);
        let invalid = |refusal: regrant_webhook::Refusal| Error::Invalid {
            field: "url".to_owned(),
            reason: refusal.to_string(),
        };
        Ok(destination.map_err(invalid)?.as_str().to_owned())
    }
}

/// Where a secret lives: its endpoint and its generation.
fn secret_context(scope: &TenantScope, id: WebhookEndpointId, generation: i64) -> Context<'static> {
    let generation = u64::try_from(generation).unwrap_or_default();
    Context {
        generation,
        ..Context::of_row(scope.tenant(), id.uuid(), Purpose::WebhookSecret)
    }
}

/// The host of a URL: its path and query may hold what the tenant keeps for itself.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?']).next().unwrap_or_default()
}

fn view(row: WebhookEndpoint) -> EndpointView {
    let wall = Clock::wall();
    EndpointView {
        id: row.id,
        url: row.url,
        filter: row.filter,
        status: row.status,
        disabled: row.disabled,
        failing_since: row.failing_since,
        older_secret_until: row.older.map(|(_, until)| until).filter(|it| *it > wall),
        created_at: row.created_at,
    }
}
