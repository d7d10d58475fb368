//! Calendar feeds: secret addresses under which calendar programs, which cannot log in, read the forecast.
//!
//! The rule: a feed reads what the client that made it may read now, and nothing else. Every address that opens nothing
//! looks like an unknown one.
//! Start at [`Vault::create_calendar_feed`]; [`Vault::read_calendar_feed`] is what a calendar program calls.

use regrant_domain::{AssetId, CalendarFeedId, Permission, PersonId};
use regrant_storage::{AuditEvent, CalendarFeed, TenantTx};
use serde_json::json;

use crate::{
    Conflict, Error, ForecastAgenda, ForecastQuery, Principal, RepeatableRequest, Replayed,
    Resource, TenantCapability, Vault,
    call::idempotency::IdempotentCall,
    call::page::{Page, query_limit},
};

/// How many feeds a tenant may have.
const MAX_FEEDS: usize = 1_000;

/// A feed to make.
#[derive(Debug, Clone)]
pub struct FeedRequest {
    /// What the tenant calls it.
    pub name: Option<String>,
    /// Only assets of this business.
    pub business_id: Option<AssetId>,
    /// Only assets that this person's credential serves.
    pub person_id: Option<PersonId>,
}

/// A new feed with the secret of its address.
pub struct FeedWithAddress {
    /// The feed.
    pub feed: CalendarFeed,
    /// The secret, shown only once; `None` in the replay of an earlier request.
    pub address: Option<TenantCapability>,
}

/// One page of feeds, newest first.
pub struct FeedList {
    /// The feeds.
    pub data: Vec<CalendarFeed>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<CalendarFeedId>,
}

/// What a calendar program reads.
pub struct FeedReading {
    /// The feed.
    pub feed: CalendarFeed,
    /// Which endings it shows.
    pub query: ForecastQuery,
    /// The endings.
    pub agenda: ForecastAgenda,
}

impl Vault {
    /// Makes a feed.
    ///
    /// # Errors
    /// `Restricted` for a session; `Conflict(FeedLimit)`.
    pub async fn create_calendar_feed(
        &self,
        caller: &Principal,
        request: FeedRequest,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Replayed<FeedWithAddress>, Error> {
        require_client(caller)?;
        let address = TenantCapability::mint(caller.tenant())?;
        let make = async |call: Option<&IdempotentCall>| {
            self.insert_feed(caller, &request, &address, call).await
        };
        let done = self
            .run_idempotent(&caller.scope, caller.caller_id(), repeatable, make)
            .await?;
        let feed = self.find_calendar_feed(caller, done.value).await?;
        let address = (!done.is_replay).then_some(address);
        Ok(Replayed {
            value: FeedWithAddress { feed, address },
            is_replay: done.is_replay,
        })
    }

    async fn insert_feed(
        &self,
        caller: &Principal,
        request: &FeedRequest,
        address: &TenantCapability,
        call: Option<&IdempotentCall>,
    ) -> Result<CalendarFeedId, Error> {
        let (id, now) = (CalendarFeedId::mint(), self.clock.now());
        let feed = CalendarFeed {
            id,
            client: caller.client(),
            name: request.name.clone(),
            business_id: request.business_id.clone(),
            person_id: request.person_id.clone(),
            created_at: now,
        };
        let tx = self.store.begin(&caller.scope).await?;
        tx.lock_tenant_row().await?;
        if tx.count_calendar_feeds().await? >= MAX_FEEDS {
            return Err(Error::Conflict(Conflict::FeedLimit(MAX_FEEDS)));
        }
        tx.insert_calendar_feed(&feed, *address.hash().as_bytes())
            .await?;
        let detail = json!({ "business_id": feed.business_id, "person_id": feed.person_id });
        write_audit(&tx, caller, "calendar_feed.created", &feed, detail, now).await?;
        if let Some(call) = call {
            call.store_result(&tx, &id, None, now).await?;
        }
        tx.commit().await?;
        Ok(id)
    }

    /// Finds a feed that the caller may see.
    ///
    /// # Errors
    /// `Restricted` for a session; `NotFound`.
    pub async fn find_calendar_feed(
        &self,
        caller: &Principal,
        id: CalendarFeedId,
    ) -> Result<CalendarFeed, Error> {
        require_client(caller)?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let feed = find_visible_feed(&tx, caller, id).await?;
        tx.commit().await?;
        Ok(feed)
    }

    /// Lists feeds, newest first. A client with limited reach sees only the feeds that it made.
    ///
    /// # Errors
    /// `Restricted` for a session.
    pub async fn list_calendar_feeds(
        &self,
        caller: &Principal,
        after: Option<CalendarFeedId>,
        limit: u32,
    ) -> Result<FeedList, Error> {
        require_client(caller)?;
        let own = (!caller.reach.is_all()).then(|| caller.client());
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx
            .list_calendar_feeds(own, after, query_limit(limit))
            .await?;
        tx.commit().await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.id)?;
        Ok(FeedList { data, next })
    }

    /// Deletes a feed: its address opens nothing any more.
    ///
    /// # Errors
    /// `Restricted` for a session; `NotFound`.
    pub async fn delete_calendar_feed(
        &self,
        caller: &Principal,
        id: CalendarFeedId,
    ) -> Result<(), Error> {
        require_client(caller)?;
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        let feed = find_visible_feed(&tx, caller, id).await?;
        if tx.delete_calendar_feed(id).await? {
            write_audit(&tx, caller, "calendar_feed.deleted", &feed, json!({}), now).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The feed at an address, if it opens anything now.
    ///
    /// # Errors
    /// `NotFound`: the address is unknown, the feed was deleted, or its client may no longer read the forecast.
    pub async fn open_calendar_feed(
        &self,
        address: &TenantCapability,
    ) -> Result<(CalendarFeed, Principal), Error> {
        let unknown = || Error::NotFound(Resource::CalendarFeed);
        let found = self
            .store
            .find_feed_by_secret(address.tenant(), *address.hash().as_bytes())
            .await;
        let feed = match found.map_err(Error::from) {
            Err(Error::Tampered(_)) => return Err(unknown()),
            found => found?.ok_or_else(unknown)?,
        };
        let (tenant, permission) = (address.tenant(), Permission::ForecastRead);
        let reader = self
            .find_capability_caller(tenant, feed.client, permission)
            .await?
            .ok_or_else(unknown)?;
        self.use_permission(&reader, permission)?;
        Ok((feed, reader))
    }

    /// What a calendar program reads at a feed that [`Vault::open_calendar_feed`] opened.
    ///
    /// # Errors
    /// The database does not respond.
    pub async fn read_calendar_feed(
        &self,
        feed: CalendarFeed,
        reader: &Principal,
    ) -> Result<FeedReading, Error> {
        let query = ForecastQuery {
            business_id: feed.business_id.clone(),
            person_id: feed.person_id.clone(),
            ..ForecastQuery::default()
        };
        let agenda = self.build_forecast_agenda(reader, query.clone()).await?;
        Ok(FeedReading {
            feed,
            query,
            agenda,
        })
    }
}

fn require_client(caller: &Principal) -> Result<(), Error> {
    match caller.session() {
        Some(_) => Err(Error::Restricted),
        None => Ok(()),
    }
}

/// Finds a feed that the caller may see. A client with limited reach sees only the feeds that it made.
async fn find_visible_feed(
    tx: &TenantTx,
    caller: &Principal,
    id: CalendarFeedId,
) -> Result<CalendarFeed, Error> {
    let feed = tx
        .find_calendar_feed(id)
        .await
        .map_err(Error::not_found_as(Resource::CalendarFeed))?;
    if caller.reach.is_all() || feed.client == caller.client() {
        Ok(feed)
    } else {
        Err(Error::NotFound(Resource::CalendarFeed))
    }
}

async fn write_audit(
    tx: &TenantTx,
    caller: &Principal,
    action: &'static str,
    feed: &CalendarFeed,
    detail: serde_json::Value,
    now: regrant_domain::Timestamp,
) -> Result<(), Error> {
    let event = AuditEvent::new(caller.audit_name(), action, feed.id, detail);
    Ok(tx.write_audit_events(&[event], now).await?)
}
