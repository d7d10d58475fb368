//! Lists the events of a tenant: what webhooks reported, or would have reported to an endpoint.
//!
//! The rule: the order never changes behind a reader. An event is listed once no transaction runs that can commit one with
//! a lesser id.

use regrant_domain::{Clock, EventId, EventKind};
use regrant_storage::{EventRange, StoredEvent};

use crate::{
    Error, Principal, Vault,
    call::page::{Page, query_limit},
};

/// How long an event is held back, because the clocks of processes and of the database differ.
const SETTLED_AFTER: chrono::Duration = chrono::Duration::seconds(3);

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only events after this one.
    pub after: Option<EventId>,
    /// Only events of these kinds; empty for all but those for one endpoint alone.
    pub kinds: Vec<EventKind>,
}

/// One page of events, oldest first.
pub struct EventList {
    /// The events.
    pub data: Vec<StoredEvent>,
    /// The last event of the page; `None` on the last page.
    pub next: Option<EventId>,
}

impl Vault {
    /// Lists the events of the tenant, oldest first.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn list_events(
        &self,
        caller: &Principal,
        query: EventQuery,
        limit: u32,
    ) -> Result<EventList, Error> {
        caller.require_whole_tenant()?;
        let now = Clock::system_time();
        let settled = self
            .store
            .find_oldest_write()
            .await?
            .unwrap_or(now)
            .min(now);
        let tx = self.store.begin_read(&caller.scope).await?;
        let range = EventRange {
            after: query.after,
            kinds: query.kinds,
            until: settled - SETTLED_AFTER,
            limit: query_limit(limit),
        };
        let rows = tx.list_events(&range).await?;
        tx.commit().await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.id)?;
        Ok(EventList { data, next })
    }
}
