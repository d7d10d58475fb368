//! Webhook endpoints: where a tenant is told its events, and what signs them.
//!
//! The rule: two secrets live at most, each sealed in its own generation; the older one has an end.

use regrant_domain::{
    EventKind, Sealed, Timestamp, WebhookEndpointId,
    webhook::{DisabledReason, EndpointStatus, EventFilter},
};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{Query, Row, json, time},
};

/// An endpoint to keep; its secret is of generation 1.
#[derive(Debug, Clone)]
pub struct NewWebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub filter: EventFilter,
    /// What signs.
    pub sealed: Sealed,
    /// When it was made.
    pub created_at: Timestamp,
}

/// An endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// Its id.
    pub id: WebhookEndpointId,
    /// Where it is.
    pub url: String,
    /// What it is told.
    pub filter: EventFilter,
    /// How often the secret was made.
    pub generation: i64,
    /// What signs.
    pub sealed: Sealed,
    /// The secret of the generation before, and until when it signs, too.
    pub older: Option<(Sealed, Timestamp)>,
    /// Whether it is told anything.
    pub status: EndpointStatus,
    /// Why it is not, and since when.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// Since when nothing was delivered, by the system's time.
    pub failing_since: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

const SELECT: &str = "SELECT id, url, kinds, generation, sealed, older_sealed, older_until, status,
    disabled_reason, disabled_at, failing_since, created_at FROM webhook_endpoints WHERE tenant_id = $1";

impl TenantTx {
    /// Keeps an endpoint unless the tenant has `most` already.
    ///
    /// # Errors
    /// [`Error::Taken`]: it has.
    pub async fn insert_webhook_endpoint(
        &self,
        endpoint: &NewWebhookEndpoint,
        most: usize,
    ) -> Result<(), Error> {
        // The tenant's row is held, so that two at once count one another.
        let hold = Query::of_tenant(self.tenant, "SELECT id FROM tenants WHERE id = $1");
        hold.sql(self.dialect.for_update())
            .one(&self.transaction)
            .await?;
        if self.webhook_endpoints().await?.len() >= most {
            return Err(Error::Taken("webhook endpoint"));
        }
        let row: [Value; 7] = [
            endpoint.id.uuid().into(),
            endpoint.url.as_str().into(),
            kinds(&endpoint.filter)?.into(),
            1_i64.into(),
            endpoint.sealed.as_bytes().into(),
            EndpointStatus::Enabled.as_str().into(),
            time(endpoint.created_at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO webhook_endpoints (tenant_id, id, url, kinds, generation, sealed, status, created_at)",
            )
            .tenant_rows([row]);
        self.run(query).await.map(drop)
    }

    /// The tenant's endpoints, oldest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn webhook_endpoints(&self) -> Result<Vec<WebhookEndpoint>, Error> {
        self.all(self.query(SELECT).sql(" ORDER BY id"))
            .await?
            .iter()
            .map(read)
            .collect()
    }

    /// The endpoint with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn webhook_endpoint(&self, id: WebhookEndpointId) -> Result<WebhookEndpoint, Error> {
        let row = self
            .one(self.query(SELECT).sql(" AND id = ").bind(id.uuid()))
            .await?;
        read(&row.ok_or(Error::NotFound)?)
    }

    /// The same, locked until this transaction ends.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn lock_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint, Error> {
        let query = self
            .query(SELECT)
            .sql(" AND id = ")
            .bind(id.uuid())
            .sql(self.dialect.for_update());
        read(&self.one(query).await?.ok_or(Error::NotFound)?)
    }

    /// Those that are told something, and what.
    pub(crate) async fn enabled_endpoints(
        &self,
    ) -> Result<Vec<(WebhookEndpointId, EventFilter)>, Error> {
        let sql =
            "SELECT id, kinds FROM webhook_endpoints WHERE tenant_id = $1 AND status = 'enabled'";
        // One that is deleted meanwhile must not break the act whose event it wants.
        let rows = self
            .all(self.query(sql).sql(self.dialect.for_key_share()))
            .await?;
        rows.iter()
            .map(|row| Ok((WebhookEndpointId::from_uuid(row.get("id")?), filter(row)?)))
            .collect()
    }

    /// Changes where an endpoint is and what it is told.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn change_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        url: &str,
        filter: &EventFilter,
    ) -> Result<(), Error> {
        let query = self
            .query("UPDATE webhook_endpoints SET url = ")
            .bind(url)
            .sql(", kinds = ")
            .bind(kinds(filter)?)
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        self.run_exactly(1, query).await
    }

    /// Replaces the secret of a generation; the older one signs until `older_until`, or no more.
    ///
    /// # Errors
    /// [`Error::Stale`]: it was replaced by somebody else, or the endpoint is gone.
    pub async fn rotate_webhook_secret(
        &self,
        id: WebhookEndpointId,
        generation: i64,
        sealed: &Sealed,
        older_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let query = self.query("UPDATE webhook_endpoints SET older_sealed = ");
        let query = match older_until {
            Some(until) => query.sql("sealed, older_until = ").bind(time(until)),
            None => query.sql("NULL, older_until = NULL"),
        };
        let query = query
            .sql(", generation = generation + 1, sealed = ")
            .bind(sealed.as_bytes())
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid())
            .sql(" AND generation = ")
            .bind(generation);
        self.run_exactly(1, query).await
    }

    /// Enables an endpoint, and forgets that it failed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn enable_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE webhook_endpoints SET status = 'enabled', disabled_reason = NULL, disabled_at = NULL,
                 failing_since = NULL WHERE tenant_id = $1 AND status = 'disabled' AND id = ",
            )
            .bind(id.uuid());
        self.run(query).await.map(drop)
    }

    /// Disables an endpoint and tells whether it was enabled. What is on its way fails when it is due.
    ///
    /// # Errors
    /// The database failed.
    pub async fn disable_webhook_endpoint(
        &self,
        id: WebhookEndpointId,
        why: DisabledReason,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query("UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = ")
            .bind(why.as_str())
            .sql(", disabled_at = ")
            .bind(time(at))
            .sql(" WHERE tenant_id = $1 AND status = 'enabled' AND id = ")
            .bind(id.uuid());
        Ok(self.run(query).await? > 0)
    }

    /// Notes since when nothing was delivered; `None`: something was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_failing(
        &self,
        id: WebhookEndpointId,
        since: Option<Timestamp>,
    ) -> Result<(), Error> {
        let query = self.query("UPDATE webhook_endpoints SET failing_since = ");
        let (query, only) = match since {
            Some(since) => (
                query.bind(time(since)),
                " AND failing_since IS NULL AND id = ",
            ),
            None => (
                query.sql("NULL"),
                " AND failing_since IS NOT NULL AND id = ",
            ),
        };
        let query = query.sql(" WHERE tenant_id = $1").sql(only).bind(id.uuid());
        self.run(query).await.map(drop)
    }

    /// Forgets an endpoint and everything on its way to it.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn delete_webhook_endpoint(&self, id: WebhookEndpointId) -> Result<(), Error> {
        let due = self
            .query("DELETE FROM due WHERE tenant_id = $1 AND share = ")
            .bind(id.uuid());
        self.run(due).await?;
        let query = self
            .query("DELETE FROM webhook_endpoints WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        match self.run(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }
}

/// Null for every kind.
fn kinds(filter: &EventFilter) -> Result<Option<String>, Error> {
    match filter {
        EventFilter::All => Ok(None),
        EventFilter::Only(kinds) => json(kinds).map(Some),
    }
}

fn filter(row: &Row) -> Result<EventFilter, Error> {
    let kinds: Option<std::collections::BTreeSet<EventKind>> = row.maybe_json("kinds")?;
    Ok(kinds.map_or(EventFilter::All, EventFilter::Only))
}

fn read(row: &Row) -> Result<WebhookEndpoint, Error> {
    let reason: Option<DisabledReason> = row.maybe_parsed("disabled_reason")?;
    Ok(WebhookEndpoint {
        id: WebhookEndpointId::from_uuid(row.get("id")?),
        url: row.get("url")?,
        filter: filter(row)?,
        generation: row.get("generation")?,
        sealed: row.sealed("sealed")?,
        older: row
            .maybe_sealed("older_sealed")?
            .zip(row.maybe_time("older_until")?),
        status: row.parsed("status")?,
        disabled: reason.zip(row.maybe_time("disabled_at")?),
        failing_since: row.maybe_time("failing_since")?,
        created_at: row.time("created_at")?,
    })
}
