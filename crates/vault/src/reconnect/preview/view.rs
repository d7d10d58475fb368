//! Previews as their owners read them.

use std::collections::HashMap;

use regrant_domain::{
    Clock, LeftOutAsset, PlanId, PreviewFinding, PreviewId, PreviewItem, PreviewStatus,
    ReachableAsset, Timestamp,
};
use regrant_storage::{Preview, PreviewEvent, PreviewPerson, PreviewTally};
use serde::{Deserialize, Serialize};

use crate::{
    Error, Principal, Resource, TokenRefusal, Vault,
    call::page::{Page, query_limit},
};

/// How many findings one read of a stream returns.
const EVENTS: u32 = 500;

/// A preview without its findings.
#[derive(Debug, Clone)]
pub struct PreviewView {
    /// The id.
    pub id: PreviewId,
    /// Where it is.
    pub status: PreviewStatus,
    /// How many distinct assets it names.
    pub total: i64,
    /// The plan; a reconnect may require that it still holds. `None` until the preview ends, and where Graph gave no answer
    /// about the token.
    pub plan: Option<PlanId>,
    /// Whose token it is, as above.
    pub person: Option<PreviewPerson>,
    /// How much it found so far.
    pub tally: PreviewTally,
    /// Whether there may be more left-out assets than are shown: beyond those that were searched, or beyond a page's own.
    pub has_more_left_out: bool,
    /// Whether all lists of the token were read for new assets; `None` where they were not asked for, or before the end.
    pub is_search_complete: Option<bool>,
    /// Why it failed.
    pub failure: Option<PreviewFailure>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// When it ended; `None` while it runs, and where its process left it.
    pub finished_at: Option<Timestamp>,
    /// The assets, in the request's order; in a list and in a stream there are none.
    pub items: Vec<PreviewItem>,
    /// The assets that the log-in left out, as above.
    pub left_out: Vec<LeftOutAsset>,
    /// New assets that the token reaches, as above.
    pub reachable: Vec<ReachableAsset>,
}

/// Why a preview failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "refusal", rename_all = "snake_case")]
pub enum PreviewFailure {
    /// The token can serve nothing.
    TokenRefused(TokenRefusal),
    /// The process that ran the preview stopped.
    Interrupted,
}

/// One page of previews, the newest first, without their findings.
pub struct PreviewList {
    /// The previews.
    pub data: Vec<PreviewView>,
    /// The cursor of the next page.
    pub next: Option<PreviewId>,
}

/// The findings of a preview behind an event, with the preview.
pub struct PreviewPage {
    /// The preview, without findings.
    pub preview: PreviewView,
    /// The findings in the order of their events.
    pub events: Vec<PreviewEvent>,
}

impl Vault {
    /// Reads a preview of the caller with everything that it found so far.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_preview(
        &self,
        caller: &Principal,
        id: PreviewId,
    ) -> Result<PreviewView, Error> {
        let _permit = self.wait_for_list_permit(caller.tenant()).await?;
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move { vault.read_preview(&caller, id).await })
            .await
    }

    async fn read_preview(&self, caller: &Principal, id: PreviewId) -> Result<PreviewView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        // Read before the findings: if this says that the preview has ended, they are complete.
        let found = tx.find_preview(caller.caller_id(), id, self.clock.now());
        let found = found
            .await
            .map_err(Error::not_found_as(Resource::Preview))?;
        let findings = tx.list_preview_findings(id).await?;
        tx.commit().await?;
        let mut view = view_preview(found, PreviewTally::default())?;
        for finding in findings {
            view.add_finding(finding);
        }
        Ok(view)
    }

    /// Lists previews of the caller, the newest first, from before `after`.
    pub async fn list_previews(
        &self,
        caller: &Principal,
        after: Option<PreviewId>,
        limit: u32,
    ) -> Result<PreviewList, Error> {
        let (owner, now) = (caller.caller_id(), self.clock.now());
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx
            .list_previews(owner, after, query_limit(limit), now)
            .await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        let ids: Vec<_> = rows.iter().map(|it| it.id).collect();
        let mut tallies = tx.count_preview_findings(&ids).await?;
        tx.commit().await?;
        let view = |it: Preview| {
            let tally = tallies.remove(&it.id).unwrap_or_default();
            view_preview(it, tally)
        };
        Ok(PreviewList {
            data: rows.into_iter().map(view).collect::<Result<_, _>>()?,
            next,
        })
    }

    /// The findings of a preview of the caller whose events follow `after`, with the preview.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn list_preview_events(
        &self,
        caller: &Principal,
        id: PreviewId,
        after: i64,
    ) -> Result<PreviewPage, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let found = tx.find_preview(caller.caller_id(), id, self.clock.now());
        let found = found
            .await
            .map_err(Error::not_found_as(Resource::Preview))?;
        let events = tx.list_preview_events(id, after, EVENTS).await?;
        // The counts are read for the last event alone.
        let mut tallies = if events.is_empty() && is_over(&found) {
            tx.count_preview_findings(&[id]).await?
        } else {
            HashMap::new()
        };
        tx.commit().await?;
        let tally = tallies.remove(&id).unwrap_or_default();
        Ok(PreviewPage {
            preview: view_preview(found, tally)?,
            events,
        })
    }

    /// Waits until the preview progresses, at most `at_most`.
    pub async fn await_preview_progress(&self, id: PreviewId, at_most: std::time::Duration) {
        let mut moved = self.preview_progress.subscribe_to(id);
        let _lapsed = tokio::time::timeout(at_most, moved.changed()).await;
    }

    /// The stored preview of the caller.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) async fn find_stored_preview(
        &self,
        caller: &Principal,
        id: PreviewId,
    ) -> Result<Preview, Error> {
        let tx = self.store.begin_short_read(&caller.scope).await?;
        let found = tx.find_preview(caller.caller_id(), id, self.clock.now());
        let found = found
            .await
            .map_err(Error::not_found_as(Resource::Preview))?;
        tx.commit().await?;
        Ok(found)
    }
}

impl PreviewView {
    fn add_finding(&mut self, finding: PreviewFinding) {
        match finding {
            PreviewFinding::Item(it) => {
                *self.tally.coverages.entry(it.coverage).or_default() += 1;
                self.items.push(it);
            }
            PreviewFinding::LeftOut(it) => {
                self.tally.left_out += 1;
                self.left_out.push(it);
            }
            PreviewFinding::Reachable(it) => {
                self.tally.reachable += 1;
                self.reachable.push(it);
            }
        }
    }
}

/// Whether nothing more comes of the preview: it has ended, or its process left it.
pub(super) fn is_over(stored: &Preview) -> bool {
    stored.status != PreviewStatus::Running || is_left(stored)
}

/// Whether the process that ran the preview is gone.
fn is_left(stored: &Preview) -> bool {
    stored.status == PreviewStatus::Running && stored.run_until < Clock::system_time()
}

fn view_preview(it: Preview, tally: PreviewTally) -> Result<PreviewView, Error> {
    let is_left = is_left(&it);
    let failure = match it.failure.as_deref() {
        Some(text) => Some(serde_json::from_str(text).map_err(Error::from_cause)?),
        None => is_left.then_some(PreviewFailure::Interrupted),
    };
    Ok(PreviewView {
        id: it.id,
        status: if is_left {
            PreviewStatus::Failed
        } else {
            it.status
        },
        total: it.total,
        plan: it.plan,
        person: it.person,
        tally,
        has_more_left_out: it.has_more,
        is_search_complete: it.is_search_complete,
        failure,
        created_at: it.created_at,
        expires_at: it.expires_at,
        finished_at: it.finished_at,
        items: Vec::new(),
        left_out: Vec::new(),
        reachable: Vec::new(),
    })
}
