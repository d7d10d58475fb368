//! A reconnect as its tenant sees it.

use std::collections::HashMap;

use regrant_domain::{
    AssetId, Grant, Outcome, OutcomeCounts, Reason, ReconnectId, ReconnectStatus, Serving,
    Timestamp, Verdict,
};
use regrant_storage::{Item, Reconnect, TenantScope, TenantTx};

use crate::{
    Error, Principal, Resource, Vault,
    call::page::{Page, query_limit},
};

/// A reconnect.
#[derive(Debug, Clone)]
pub struct ReconnectView {
    /// The id.
    pub id: ReconnectId,
    /// The position in the tenant's order of acceptance: for an asset, the greatest wins.
    pub intent_seq: i64,
    /// The status.
    pub status: ReconnectStatus,
    /// The reconnect that this one undoes.
    pub undo_of: Option<ReconnectId>,
    /// The person and the facts of the token, once it is validated.
    pub grant: Option<Grant>,
    /// How many items have each outcome.
    pub counts: OutcomeCounts,
    /// The number of items.
    pub total: i64,
    /// The items, in the request's order; empty in a list.
    pub items: Vec<ItemView>,
    /// When the reconnect was accepted.
    pub created_at: Timestamp,
    /// When the reconnect ended.
    pub finished_at: Option<Timestamp>,
}

impl ReconnectView {
    /// What came of the reconnect; `None` while it runs.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        Verdict::of_reconnect(self.status, &self.counts)
    }
}

/// One item of a reconnect.
#[derive(Debug, Clone)]
pub struct ItemView {
    /// The position in the request's order, from 0.
    pub position: i64,
    /// The asset, in its canonical form.
    pub asset_id: AssetId,
    /// The id as the caller wrote it.
    pub requested_id: String,
    /// The outcome; `None` while the item is open.
    pub outcome: Option<Outcome>,
    /// Which token serves afterwards.
    pub serving: Option<Serving>,
    /// Why.
    pub reason: Option<Reason>,
    /// When the item is tried again.
    pub retry_at: Option<Timestamp>,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
    /// Until when the item can be undone; `None` if it cannot.
    pub undo_until: Option<Timestamp>,
    /// The item's number in the reconnect's event stream.
    pub event_seq: Option<i64>,
}

/// One page of reconnects, newest first.
pub struct ReconnectList {
    /// The reconnects, without their items.
    pub data: Vec<ReconnectView>,
    /// The cursor of the next page.
    pub next: Option<ReconnectId>,
}

impl Vault {
    /// A reconnect with its items.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn reconnect_view(
        &self,
        caller: &Principal,
        id: ReconnectId,
    ) -> Result<ReconnectView, Error> {
        self.find_reconnect_view(caller, id)
            .await?
            .ok_or(Error::NotFound(Resource::Reconnect))
    }

    /// A reconnect with its items; `None` where there is none or the caller may not see it.
    pub(super) async fn find_reconnect_view(
        &self,
        caller: &Principal,
        id: ReconnectId,
    ) -> Result<Option<ReconnectView>, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let reconnect = find_reconnect(&tx, id).await?;
        let Some(reconnect) =
            reconnect.filter(|it| caller.visible_reconnects().includes_reconnect(it))
        else {
            return Ok(None);
        };
        let items = tx.list_items(id).await?;
        let ends = self.read_undo_ends(&tx, &reconnect, &items).await?;
        let mut view = self.view_with_grant(&tx, reconnect).await?;
        tx.commit().await?;
        view.counts = items
            .iter()
            .filter_map(|it| it.result.as_ref())
            .map(|it| it.outcome)
            .collect();
        view.items = view_items(items, &ends);
        Ok(Some(view))
    }

    /// Lists reconnects, newest first, from after `after`.
    pub async fn list_reconnects(
        &self,
        caller: &Principal,
        after: Option<ReconnectId>,
        limit: u32,
    ) -> Result<ReconnectList, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx
            .list_reconnects(caller.visible_reconnects(), after, query_limit(limit))
            .await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        let ids: Vec<_> = rows.iter().map(|it| it.id).collect();
        let mut counts = tx.count_outcomes(&ids).await?;
        let grant_ids: Vec<_> = rows.iter().filter_map(|it| it.grant_id).collect();
        let grants = tx.find_grants(&grant_ids).await?;
        tx.commit().await?;
        let data = rows.into_iter().map(|row| {
            let grant = grants
                .iter()
                .find(|it| Some(it.id) == row.grant_id)
                .cloned();
            ReconnectView {
                counts: counts.remove(&row.id).unwrap_or_default(),
                ..view_without_items(&row, grant)
            }
        });
        Ok(ReconnectList {
            data: data.collect(),
            next,
        })
    }

    /// Items that settled after event `after`, in the order of their events, with the reconnect.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_events_after(
        &self,
        caller: &Principal,
        id: ReconnectId,
        after: i64,
    ) -> Result<(Vec<ItemView>, ReconnectView), Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        // Read before the items: if this says that the reconnect has ended, the items are complete.
        let reconnect = caller.authorize_reconnect(
            tx.find_reconnect(id)
                .await
                .map_err(Error::not_found_as(Resource::Reconnect))?,
        )?;
        let items = tx.list_items_after(id, after, 500).await?;
        let ends = self.read_undo_ends(&tx, &reconnect, &items).await?;
        let counts = tx
            .count_outcomes(&[id])
            .await?
            .remove(&id)
            .unwrap_or_default();
        let view = self.view_with_grant(&tx, reconnect).await?;
        tx.commit().await?;
        Ok((view_items(items, &ends), ReconnectView { counts, ..view }))
    }

    /// Waits until the reconnect progresses, at most `at_most`.
    pub async fn await_progress(&self, id: ReconnectId, at_most: std::time::Duration) {
        let mut moved = self.progress.subscribe_to(id);
        let _lapsed = tokio::time::timeout(at_most, moved.changed()).await;
    }

    /// The stored reconnect.
    ///
    /// # Errors
    /// `NotFound`: it was refused and erased.
    pub(super) async fn read_reconnect(
        &self,
        scope: &TenantScope,
        id: ReconnectId,
    ) -> Result<Reconnect, Error> {
        self.find_reconnect(scope, id)
            .await?
            .ok_or(Error::NotFound(Resource::Reconnect))
    }

    /// The stored reconnect; `None` where it was refused and erased.
    pub(super) async fn find_reconnect(
        &self,
        scope: &TenantScope,
        id: ReconnectId,
    ) -> Result<Option<Reconnect>, Error> {
        let tx = self.store.begin_read(scope).await?;
        let found = find_reconnect(&tx, id).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// The status of the reconnect; `None` where it was refused and erased.
    pub(super) async fn find_reconnect_status(
        &self,
        scope: &TenantScope,
        id: ReconnectId,
    ) -> Result<Option<ReconnectStatus>, Error> {
        let tx = self.store.begin_short_read(scope).await?;
        let status = match tx.find_reconnect_status(id).await {
            Err(regrant_storage::Error::NotFound) => None,
            status => Some(status?),
        };
        tx.commit().await?;
        Ok(status)
    }

    async fn view_with_grant(
        &self,
        tx: &TenantTx,
        reconnect: Reconnect,
    ) -> Result<ReconnectView, Error> {
        let grant = match reconnect.grant_id {
            Some(id) => Some(tx.find_grant(id).await?),
            None => None,
        };
        Ok(view_without_items(&reconnect, grant))
    }
}

async fn find_reconnect(tx: &TenantTx, id: ReconnectId) -> Result<Option<Reconnect>, Error> {
    match tx.find_reconnect(id).await {
        Ok(reconnect) => Ok(Some(reconnect)),
        Err(regrant_storage::Error::NotFound) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn view_without_items(row: &Reconnect, grant: Option<Grant>) -> ReconnectView {
    ReconnectView {
        id: row.id,
        intent_seq: row.intent_seq,
        status: row.status,
        undo_of: row.undo.map(|it| it.id),
        grant,
        counts: OutcomeCounts::default(),
        total: row.total,
        items: Vec::new(),
        created_at: row.created_at,
        finished_at: row.finished_at,
    }
}

fn view_items(items: Vec<Item>, ends: &HashMap<AssetId, Timestamp>) -> Vec<ItemView> {
    let view = |item: Item| ItemView {
        undo_until: ends.get(&item.asset_id).copied(),
        ..ItemView::from(item)
    };
    items.into_iter().map(view).collect()
}

impl From<Item> for ItemView {
    fn from(item: Item) -> Self {
        let (position, asset_id, asked, event_seq) = (
            item.position,
            item.asset_id,
            item.requested_id,
            item.event_seq,
        );
        let bare = Self {
            position,
            asset_id,
            requested_id: asked,
            event_seq,
            outcome: None,
            serving: None,
            reason: None,
            retry_at: None,
            fbtrace_id: None,
            undo_until: None,
        };
        match item.result {
            None => bare,
            Some(it) => Self {
                outcome: Some(it.outcome),
                serving: it.serving,
                reason: it.reason,
                retry_at: it.retry_at,
                fbtrace_id: it.fbtrace_id,
                ..bare
            },
        }
    }
}
