//! Calendar feeds: secret addresses under which calendar programs read the forecast.
//!
//! The rule: of the secret in an address only the hash is stored. A feed that is deleted opens nothing.

use regrant_domain::{AssetId, CalendarFeedId, ClientId, PersonId, TenantId, Timestamp};

use crate::{
    Error, ListedRows, Store, TenantTx,
    integrity::CALENDAR_FEEDS,
    sql::{Plans, Query, Row, to_micros},
};

/// A calendar feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeed {
    /// The id.
    pub id: CalendarFeedId,
    /// The client that made it, whose reach and permissions it has.
    pub client: ClientId,
    /// What the tenant calls it.
    pub name: Option<String>,
    /// Only assets of this business.
    pub business_id: Option<AssetId>,
    /// Only assets that this person's credential serves.
    pub person_id: Option<PersonId>,
    /// When it was made.
    pub created_at: Timestamp,
}

const SELECT: &str = "
    SELECT f.id, f.client_id, f.name, f.business_id, f.person_id, f.created_at
    FROM calendar_feeds f WHERE f.tenant_id = :tenant";

impl TenantTx {
    /// Inserts a feed with the hash of its secret.
    pub async fn insert_calendar_feed(
        &self,
        feed: &CalendarFeed,
        secret_hash: [u8; 32],
    ) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO calendar_feeds
                     (tenant_id, id, client_id, secret_hash, name, business_id, person_id, created_at)
                 VALUES (:tenant, :id, :client, :secret, :name, :business, :person, :created_at)",
            )
            .bind("id", feed.id.uuid())
            .bind("client", feed.client.uuid())
            .bind("secret", secret_hash.to_vec())
            .bind("name", feed.name.clone())
            .bind("business", feed.business_id.as_ref().map(ToString::to_string))
            .bind("person", feed.person_id.as_ref().map(ToString::to_string))
            .bind("created_at", to_micros(feed.created_at));
        self.insert_sealed(&CALENDAR_FEEDS, feed.id.uuid(), query)
            .await
            .map(drop)
    }

    /// How many feeds the tenant has.
    pub async fn count_calendar_feeds(&self) -> Result<usize, Error> {
        let query =
            self.query("SELECT count(*) AS n FROM calendar_feeds WHERE tenant_id = :tenant");
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    /// The feed with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_calendar_feed(&self, id: CalendarFeedId) -> Result<CalendarFeed, Error> {
        let query = self
            .query("{select} AND f.id = :id")
            .fill("select", SELECT)
            .bind("id", id.uuid());
        feed_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// The next feeds older than `after`, the newest first; with `client`, those that it made.
    pub async fn list_calendar_feeds(
        &self,
        client: Option<ClientId>,
        after: Option<CalendarFeedId>,
        limit: u32,
    ) -> Result<ListedRows<CalendarFeed>, Error> {
        let query = self
            .query(
                "{select} [AND f.client_id = :client] [AND f.id < :after]
                 ORDER BY f.id DESC LIMIT :limit",
            )
            .fill("select", SELECT)
            .bind_optional("client", client.map(ClientId::uuid))
            .bind_optional("after", after.map(CalendarFeedId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_listed("calendar_feeds", query, feed_from_row)
            .await
    }

    /// Deletes a feed; whether there was one.
    pub async fn delete_calendar_feed(&self, id: CalendarFeedId) -> Result<bool, Error> {
        let query = self
            .query("DELETE FROM calendar_feeds WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        let deleted = self.execute(query).await? > 0;
        if deleted {
            self.note_sealed_row_deleted(&CALENDAR_FEEDS, id.uuid());
        }
        Ok(deleted)
    }
}

impl Store {
    /// The feed of this tenant whose secret has this hash. The tenant counts once its client is found.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the feed was changed around the application.
    pub async fn find_feed_by_secret(
        &self,
        tenant: TenantId,
        secret_hash: [u8; 32],
    ) -> Result<Option<CalendarFeed>, Error> {
        let query = Query::tenant(
            tenant,
            "SELECT f.id, f.client_id, f.name, f.business_id, f.person_id, f.created_at, {sealed}
             FROM calendar_feeds f WHERE f.tenant_id = :tenant AND f.secret_hash = :secret",
        )
        .fill("sealed", CALENDAR_FEEDS.select_list("f"))
        .bind("secret", secret_hash.to_vec());
        let transaction = self.dialect.begin(&self.connection).await?;
        self.dialect
            .set_tenant(&transaction, tenant, Plans::Kept)
            .await?;
        let row = query.fetch_one(&transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        self.row_seals()?
            .check_row(&CALENDAR_FEEDS, tenant, &row, "f")?;
        feed_from_row(&row).map(Some)
    }
}

fn feed_from_row(row: &Row) -> Result<CalendarFeed, Error> {
    Ok(CalendarFeed {
        id: CalendarFeedId::from_uuid(row.get("id")?),
        client: ClientId::from_uuid(row.get("client_id")?),
        name: row.get("name")?,
        business_id: row.maybe_parse("business_id")?,
        person_id: row.maybe_parse("person_id")?,
        created_at: row.time("created_at")?,
    })
}
