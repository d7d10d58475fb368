//! Webhook endpoints: where a tenant receives events, and the secrets that sign them.
//!
//! The rule: at most two secrets sign, each sealed in its own generation; the older one has an end. A transaction locks an
//! endpoint before the due work of its deliveries.
//! `endpoint_status.rs` enables and disables endpoints.

use regrant_domain::{
    EventKind, SealedRecord, Timestamp, WebhookEndpointId,
    webhook::{AssetEvents, DisabledReason, EndpointStatus, EventFilter},
};

use crate::{
    Error, TenantTx,
    sql::{Query, Row, decode_rows, to_json, to_micros},
};

/// An endpoint to insert; its secret is of generation 1.
#[derive(Debug, Clone)]
pub struct NewWebhookEndpoint {
    /// The id.
    pub id: WebhookEndpointId,
    /// The address.
    pub url: String,
    /// The kinds of events it receives.
    pub filter: EventFilter,
    /// In which form it receives the events about assets.
    pub asset_events: AssetEvents,
    /// The sealed secret that signs.
    pub sealed: SealedRecord,
    /// When it was created.
    pub created_at: Timestamp,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// The id.
    pub id: WebhookEndpointId,
    /// The address.
    pub url: String,
    /// The kinds of events it receives.
    pub filter: EventFilter,
    /// In which form it receives the events about assets.
    pub asset_events: AssetEvents,
    /// The generation of the secret; each rotation adds one.
    pub generation: i64,
    /// The sealed secret that signs.
    pub sealed: SealedRecord,
    /// The secret of the generation before, and until when it signs too.
    pub older: Option<(SealedRecord, Timestamp)>,
    /// Whether it receives events.
    pub status: EndpointStatus,
    /// Why it was disabled, and when.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// Since when no delivery succeeded, by the system's time.
    pub failing_since: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

/// The events that an enabled endpoint receives.
pub(crate) struct Subscription {
    pub(crate) id: WebhookEndpointId,
    filter: EventFilter,
    asset_events: AssetEvents,
}

impl Subscription {
    /// Whether an event of this kind is sent to it as it is.
    pub(crate) fn takes_alone(&self, kind: EventKind) -> bool {
        self.filter.wants_kind(kind) && self.asset_events.sends_alone(kind)
    }

    /// Whether an event of this kind counts in its next event about several assets.
    pub(crate) fn takes_in_bulk(&self, kind: EventKind) -> bool {
        self.filter.wants_in_bulk(kind) && !self.asset_events.sends_alone(kind)
    }
}

const SELECT: &str = "
    SELECT id, url, kinds, asset_events, generation, sealed, older_sealed, older_until, status,
        disabled_reason, disabled_at, failing_since, created_at
    FROM webhook_endpoints WHERE tenant_id = :tenant";

impl TenantTx {
    /// Inserts an endpoint unless the tenant has `most` already.
    ///
    /// # Errors
    /// [`Error::Taken`]: it has.
    pub async fn insert_webhook_endpoint(
        &self,
        endpoint: &NewWebhookEndpoint,
        most: usize,
    ) -> Result<(), Error> {
        // Locking the tenant's row makes a concurrent insert count this one.
        let lock = Query::tenant(
            self.tenant,
            "SELECT id FROM tenants WHERE id = :tenant {for_update}",
        );
        lock.fetch_one(&self.transaction).await?;
        if self.list_webhook_endpoints().await?.len() >= most {
            return Err(Error::Taken("webhook endpoint"));
        }
        let query = self
            .query(
                "INSERT INTO webhook_endpoints
                     (tenant_id, id, url, kinds, asset_events, generation, sealed, status, created_at)
                 VALUES (:tenant, :id, :url, :kinds, :asset_events, 1, :sealed, 'enabled',
                     :created_at)",
            )
            .bind("id", endpoint.id.uuid())
            .bind("url", endpoint.url.as_str())
            .bind("kinds", to_kinds(&endpoint.filter)?)
            .bind("asset_events", endpoint.asset_events.as_str())
            .bind("sealed", endpoint.sealed.as_bytes())
            .bind("created_at", to_micros(endpoint.created_at));
        self.execute(query).await.map(drop)
    }

    /// The tenant's endpoints, the oldest first.
    pub async fn list_webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, Error> {
        let query = self.query("{select} ORDER BY id").fill("select", SELECT);
        self.fetch_decoded("webhook_endpoints", query, webhook_endpoint_from_row)
            .await
    }

    /// The endpoint with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, Error> {
        self.read_endpoint("{select} AND id = :id", id).await
    }

    /// The endpoint with this id, which is neither changed nor deleted until this transaction ends. Events are written for
    /// it meanwhile.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn lock_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, Error> {
        self.read_endpoint("{select} AND id = :id {for_no_key_update}", id)
            .await
    }

    async fn read_endpoint(
        &self,
        sql: &'static str,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, Error> {
        let query = self.query(sql).fill("select", SELECT).bind("id", id.uuid());
        webhook_endpoint_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// The enabled endpoints and the events they receive, without endpoints that do not decode.
    pub(crate) async fn list_enabled_endpoints(&self) -> Result<Vec<Subscription>, Error> {
        // FOR KEY SHARE: deleting an endpoint concurrently must not fail the insert of its delivery.
        let query = self.query(
            "SELECT id, kinds, asset_events FROM webhook_endpoints
             WHERE tenant_id = :tenant AND status = 'enabled' {for_key_share}",
        );
        let rows = self.fetch_all(query).await?;
        let decode = |row: &Row| {
            Ok(Subscription {
                id: WebhookEndpointId::from_uuid(row.get("id")?),
                filter: event_filter_from_row(row)?,
                asset_events: row.parse("asset_events")?,
            })
        };
        Ok(decode_rows("webhook_endpoints", &rows, decode))
    }

    /// Changes an endpoint's address, the kinds of events it receives unless `filter` is `None`, and their form. Another
    /// address has not failed yet.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn change_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        url: &str,
        filter: Option<&EventFilter>,
        asset_events: AssetEvents,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE webhook_endpoints
                 SET url = :url, asset_events = :asset_events [, kinds = :kinds],
                     failing_since = CASE WHEN url = :url THEN failing_since END
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("url", url)
            .bind_optional("kinds", filter.map(to_kinds).transpose()?)
            .bind("asset_events", asset_events.as_str())
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }

    /// Rotates the secret of a generation. The old one signs until `older_until`; without it, no more.
    ///
    /// # Errors
    /// [`Error::Stale`]: another transaction rotated it, or the endpoint is gone.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookEndpointId,
        generation: i64,
        sealed: &SealedRecord,
        older_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let older = if older_until.is_some() {
            "sealed"
        } else {
            "NULL"
        };
        let query = self
            .query(
                "UPDATE webhook_endpoints SET older_sealed = {older}, older_until = :older_until,
                     generation = generation + 1, sealed = :sealed
                 WHERE tenant_id = :tenant AND id = :id AND generation = :generation",
            )
            .fill("older", older)
            .bind("older_until", older_until.map(to_micros))
            .bind("sealed", sealed.as_bytes())
            .bind("id", id.uuid())
            .bind("generation", generation);
        self.execute_exactly(1, query).await
    }

    /// Deletes an endpoint with its deliveries.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), Error> {
        // The due work of transactions that this waits for is deleted, too.
        let lock = self
            .query(
                "SELECT id FROM webhook_endpoints WHERE tenant_id = :tenant AND id = :id
                 {for_update}",
            )
            .bind("id", id.uuid());
        self.fetch_one(lock).await?.ok_or(Error::NotFound)?;
        let due = self
            .query("DELETE FROM due WHERE tenant_id = :tenant AND share = :id")
            .bind("id", id.uuid());
        self.execute(due).await?;
        let query = self
            .query("DELETE FROM webhook_endpoints WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        self.execute_exactly(1, query).await
    }
}

/// The column `kinds`; null for every kind.
fn to_kinds(filter: &EventFilter) -> Result<Option<String>, Error> {
    match filter {
        EventFilter::All => Ok(None),
        EventFilter::Only(kinds) => to_json(kinds).map(Some),
    }
}

/// The kinds of the filter that this release knows; a newer one may have written others. A filter of others alone lets
/// nothing through.
fn event_filter_from_row(row: &Row) -> Result<EventFilter, Error> {
    let Some(names) = row.maybe_json::<Vec<String>>("kinds")? else {
        return Ok(EventFilter::All);
    };
    let known = names.iter().filter_map(|it| it.parse().ok());
    Ok(EventFilter::Only(known.collect()))
}

fn webhook_endpoint_from_row(row: &Row) -> Result<WebhookEndpoint, Error> {
    let reason: Option<DisabledReason> = row.maybe_parse("disabled_reason")?;
    Ok(WebhookEndpoint {
        id: WebhookEndpointId::from_uuid(row.get("id")?),
        url: row.get("url")?,
        filter: event_filter_from_row(row)?,
        asset_events: row.parse("asset_events")?,
        generation: row.get("generation")?,
        sealed: row.sealed("sealed")?,
        older: row
            .maybe_sealed("older_sealed")?
            .zip(row.maybe_time("older_until")?),
        status: row.parse("status")?,
        disabled: reason.zip(row.maybe_time("disabled_at")?),
        failing_since: row.maybe_time("failing_since")?,
        created_at: row.time("created_at")?,
    })
}
