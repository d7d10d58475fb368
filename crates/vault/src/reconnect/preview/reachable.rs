//! New assets that the token of a preview reaches: what its lists name, without what the caller has.
//!
//! The rule: it is the walk of a discovery, but shorter, and without a memory of its own: lists that Graph refuses or does
//! not give in time are left out, and the search says so. An asset outside of the caller's reach counts as one that the
//! tenant does not have.

use std::collections::{HashMap, HashSet};

use regrant_domain::{AssetId, DiscoveredAsset, Grant, ReachableAsset, RefusalKind};
use regrant_graph::{EdgeWalk, Walker};
use tokio::time::timeout_at;

use super::run::PreviewRun;
use crate::Error;

/// How many pages of lists a search reads at most.
const MAX_CALLS: usize = 200;
/// How many new assets it shows at most.
const MAX_FOUND: usize = 1_000;

/// What a search found.
#[derive(Default)]
pub(super) struct ReachableSearch {
    pub(super) found: Vec<ReachableAsset>,
    /// Whether all lists were read and everything is shown.
    pub(super) is_complete: bool,
}

impl PreviewRun {
    /// Searches new assets, if the caller asked for it.
    pub(super) async fn search_reachable(
        &self,
        grant: Option<&Grant>,
    ) -> Result<Option<ReachableSearch>, Error> {
        if !self.finds_new {
            return Ok(None);
        }
        let Some(grant) = grant else {
            return Ok(Some(ReachableSearch::default()));
        };
        let (listed, is_complete) = self.walk_lists(grant).await;
        let known = self.find_known_among(&listed).await?;
        let is_new = |it: &DiscoveredAsset| it.is_granted && !known.contains(&it.id);
        let mut new: Vec<_> = listed.into_values().filter(is_new).collect();
        new.sort_unstable_by(|one, other| (one.kind, &one.id).cmp(&(other.kind, &other.id)));
        let is_complete = is_complete && new.len() <= MAX_FOUND;
        new.truncate(MAX_FOUND);
        let found = new.into_iter().map(|it| ReachableAsset {
            asset_id: it.id,
            kind: it.kind,
            name: it.name,
            business_id: it.business_id,
        });
        Ok(Some(ReachableSearch {
            found: found.collect(),
            is_complete,
        }))
    }

    /// What the lists of the token name, and whether all of them were read.
    async fn walk_lists(&self, grant: &Grant) -> (HashMap<AssetId, DiscoveredAsset>, bool) {
        let facts = &grant.facts;
        let walker = Walker {
            token: &self.token,
            kind: facts.kind,
            person: &facts.person_id,
            scopes: &facts.scopes,
        };
        let (mut walk, mut found) = (EdgeWalk::start(facts.kind), HashMap::new());
        let (mut calls, mut is_complete) = (0, true);
        while !walk.is_over() {
            let wave = walk.take_wave();
            calls += wave.len();
            let read = self.vault.graph.read_wave(&self.app, walker, &wave);
            let pages = tokio::select! {
                pages = timeout_at(self.deadline, read) => pages,
                () = self.vault.runs.stop.cancelled() => return (found, false),
            };
            let Ok(pages) = pages else {
                return (found, false);
            };
            for ((edge, _), page) in wave.into_iter().zip(pages) {
                match page {
                    Ok(page) => walk.note_page(&mut found, walker.scopes, edge, page),
                    Err(refusal) if ends_walk(&refusal.kind) => return (found, false),
                    Err(_) => is_complete = false,
                }
            }
            if calls >= MAX_CALLS && !walk.is_over() {
                return (found, false);
            }
        }
        (found, is_complete)
    }

    /// Those of the assets that the caller has.
    async fn find_known_among(
        &self,
        listed: &HashMap<AssetId, DiscoveredAsset>,
    ) -> Result<HashSet<AssetId>, Error> {
        let ids: Vec<_> = listed.keys().cloned().collect();
        let tx = self.vault.store.begin_read(&self.caller.scope).await?;
        let known = tx.find_assets_alone(&ids).await?;
        tx.commit().await?;
        let reached = known.into_iter().filter(|it| self.caller.can_reach(it));
        Ok(reached.map(|it| it.id).collect())
    }
}

/// Whether the other lists would be refused as well.
const fn ends_walk(kind: &RefusalKind) -> bool {
    matches!(kind, RefusalKind::TokenDead) || kind.is_transient()
}
