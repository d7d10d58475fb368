//! Discoveries as callers read them.

use std::collections::BTreeMap;

use regrant_domain::{
    DiscoveryId, DiscoveryStatus, Familiarity, Reason, RegistrationRefusal, Timestamp,
};
use regrant_storage::{DiscoveredRow, Discovery, DiscoveryToken, TenantTx};

use super::UnreadList;
use crate::{
    Error, Principal, Resource, Vault,
    call::page::{Page, query_limit},
};

/// How many assets the response to a new discovery shows.
pub(super) const FIRST_PAGE: u32 = 50;
/// How many assets one read of a stream returns.
const EVENTS: u32 = 500;

/// A discovery with a page of its assets.
#[derive(Debug)]
pub struct DiscoveryView {
    /// The id.
    pub id: DiscoveryId,
    /// Where it is.
    pub status: DiscoveryStatus,
    /// Whether what is new is registered.
    pub registers: bool,
    /// Whose token it reads with.
    pub token: DiscoveryToken,
    /// How many assets it found, by familiarity.
    pub counts: BTreeMap<Familiarity, u64>,
    /// The lists that Graph refused.
    pub unread: Vec<UnreadList>,
    /// Whether there is more than a discovery may find.
    pub is_truncated: bool,
    /// How many pages of lists were read.
    pub calls: i64,
    /// Why it failed.
    pub reason: Option<Reason>,
    /// Why not all that is new was registered.
    pub not_registered: Option<RegistrationRefusal>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// Assets, in the order of their events.
    pub assets: Vec<DiscoveredRow>,
    /// The number of the last event on the page, if there are more.
    pub next: Option<i64>,
}

/// One page of discoveries, the newest first, without assets.
pub struct DiscoveryList {
    /// The discoveries.
    pub data: Vec<DiscoveryView>,
    /// The cursor of the next page.
    pub next: Option<DiscoveryId>,
}

impl Vault {
    /// A discovery with the assets whose events follow `after`.
    ///
    /// # Errors
    /// `Restricted`; `NotFound`.
    pub async fn find_discovery(
        &self,
        caller: &Principal,
        id: DiscoveryId,
        after: Option<i64>,
        limit: u32,
    ) -> Result<DiscoveryView, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        // Read before the assets: if this says that the discovery has ended, the assets are complete.
        let found = tx.find_discovery(id).await;
        let found = found.map_err(Error::not_found_as(Resource::Discovery))?;
        let rows = tx
            .list_discovered_after(id, after.unwrap_or_default(), query_limit(limit))
            .await?;
        let Page { data, next } = Page::cut(rows, limit, |it| it.event_seq)?;
        let view = DiscoveryView {
            assets: data,
            next,
            ..view_discovery(&tx, found).await?
        };
        tx.commit().await?;
        Ok(view)
    }

    /// Lists discoveries, the newest first, from before `after`.
    ///
    /// # Errors
    /// `Restricted`.
    pub async fn list_discoveries(
        &self,
        caller: &Principal,
        after: Option<DiscoveryId>,
        limit: u32,
    ) -> Result<DiscoveryList, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.list_discoveries(after, query_limit(limit)).await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        let mut data = Vec::with_capacity(rows.len());
        for row in rows {
            data.push(view_discovery(&tx, row).await?);
        }
        tx.commit().await?;
        Ok(DiscoveryList { data, next })
    }

    /// The assets that changed after event `after`, with the discovery.
    ///
    /// # Errors
    /// `Restricted`; `NotFound`.
    pub async fn list_discovery_events(
        &self,
        caller: &Principal,
        id: DiscoveryId,
        after: i64,
    ) -> Result<DiscoveryView, Error> {
        self.find_discovery(caller, id, Some(after), EVENTS).await
    }

    /// Waits until the discovery progresses, at most `at_most`.
    pub async fn await_discovery_progress(&self, id: DiscoveryId, at_most: std::time::Duration) {
        let mut moved = self.discovery_progress.subscribe_to(id);
        let _lapsed = tokio::time::timeout(at_most, moved.changed()).await;
    }
}

async fn view_discovery(tx: &TenantTx, row: Discovery) -> Result<DiscoveryView, Error> {
    Ok(DiscoveryView {
        counts: tx.count_discovered_assets(row.id).await?,
        unread: serde_json::from_str(&row.progress.unread).map_err(Error::from_cause)?,
        id: row.id,
        status: row.status,
        registers: row.registers,
        token: row.token,
        is_truncated: row.progress.is_truncated,
        calls: row.progress.calls,
        reason: row.reason,
        not_registered: row.not_registered,
        created_at: row.created_at,
        finished_at: row.finished_at,
        assets: Vec::new(),
        next: None,
    })
}
