//! The walk of a discovery: reads the lists of a token page by page until nothing is left.
//!
//! The rule: `[tx] network [tx]`, wave by wave. Each wave reads one page of a few lists, then one transaction stores what
//! was found together with the lists that are left, so that another process continues exactly there. The lists of a
//! business are planned when their turn comes, so what is left stays small.
//! Start at [`DiscoveryRun::walk_to_end`].

use std::collections::HashMap;

use chrono::TimeDelta;
use futures_util::future::join_all;
use regrant_domain::{
    AssetId, AssetKind, Clock, CredentialKind, DiscoveredAsset, DiscoveryStatus, Familiarity,
    NextStep, Reason, Refusal, RefusalKind, Timestamp, coverage::is_granted,
};
use regrant_graph::{Edge, EdgeOwner, EdgePage};
use regrant_storage::{DiscoveryEnding, DiscoveryProgress};
use serde::{Deserialize, Serialize};

use super::run::DiscoveryRun;
use crate::Error;

/// How many assets a discovery finds at most.
pub(super) const MAX_ASSETS: u64 = 10_000;
/// How many pages it reads at most: an end for lists that never end.
const MAX_CALLS: i64 = 4_000;
/// How many lists a wave reads at the same time.
const WAVE: usize = 8;
/// How long a discovery waits before it asks a throttled or unavailable Graph again: from, to.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(2), TimeDelta::minutes(5));
/// What is still to be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) enum WalkStep {
    /// A list, from a position on.
    List { edge: Edge, after: Option<String> },
    /// All lists of a business.
    Business(AssetId),
}

/// A list that Graph refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UnreadList {
    /// The list.
    pub edge: Edge,
    /// Why, and who must act.
    pub reason: Reason,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
}

/// A walk as it stands.
struct Walk {
    steps: Vec<WalkStep>,
    unread: Vec<UnreadList>,
    calls: i64,
    is_truncated: bool,
}

/// What a wave means for the discovery.
enum WaveEnd {
    /// The next wave follows.
    Continue,
    /// Graph asks to wait until then.
    Pause(Timestamp),
    /// The token can serve nothing, or the app is at fault.
    Fail(Refusal),
}

/// The lists that a discovery begins with.
pub(super) fn first_steps(token: CredentialKind) -> Vec<WalkStep> {
    // The last step is taken first: businesses before what a person sees directly, so that an owner is known early.
    let list = |edge| WalkStep::List { edge, after: None };
    Edge::roots(token).into_iter().rev().map(list).collect()
}

impl DiscoveryRun<'_> {
    /// Reads wave by wave until nothing is left, Graph asks to wait, or the token fails.
    pub(super) async fn walk_to_end(&self) -> Result<(), Error> {
        let mut walk = Walk::of(&self.discovery.progress)?;
        while !walk.steps.is_empty() && !walk.is_truncated {
            if self.vault.runs.stop.is_cancelled() {
                return self.pause_until(Clock::system_time()).await;
            }
            match self.read_wave(&mut walk).await? {
                WaveEnd::Continue => {}
                WaveEnd::Pause(at) => return self.pause_until(at).await,
                WaveEnd::Fail(refusal) => {
                    return self
                        .end(DiscoveryEnding {
                            status: DiscoveryStatus::Failed,
                            reason: Some(reason_of(&refusal)),
                            not_registered: None,
                        })
                        .await;
                }
            }
        }
        let not_registered = if self.discovery.registers {
            self.register_new_assets().await?
        } else {
            None
        };
        self.end(DiscoveryEnding {
            status: DiscoveryStatus::Completed,
            reason: None,
            not_registered,
        })
        .await
    }

    async fn end(&self, ending: DiscoveryEnding) -> Result<(), Error> {
        self.vault
            .end_discovery(self.scope, self.lease, ending)
            .await
    }

    /// Gives the lease back; the discovery continues at this time of the system.
    async fn pause_until(&self, at: Timestamp) -> Result<(), Error> {
        let tx = self.vault.store.begin(self.scope).await?;
        tx.reschedule_due(self.lease, at).await?;
        Ok(tx.commit().await?)
    }

    /// Reads one page of a few lists, and stores what they hold.
    async fn read_wave(&self, walk: &mut Walk) -> Result<WaveEnd, Error> {
        let wave = walk.take_wave();
        let token = &self.discovery.token;
        let pages = join_all(wave.iter().map(|(edge, after)| {
            let read = (&self.token, token.kind);
            let after = after.as_deref();
            let graph = &self.vault.graph;
            graph.read_edge(&self.app, read, &token.person_id, edge, after)
        }));
        let pages = pages.await;
        walk.calls += i64::try_from(pages.len()).unwrap_or(i64::MAX);
        let (mut found, mut end) = (HashMap::new(), WaveEnd::Continue);
        for ((edge, after), page) in wave.into_iter().zip(pages) {
            match page {
                Ok(page) => self.note_page(walk, &mut found, edge, page),
                Err(refusal) => {
                    let refusal = self.confirm_refusal(refusal).await;
                    end = self.note_refusal(walk, end, (edge, after), refusal);
                }
            }
        }
        self.store_wave(walk, found.into_values().collect()).await?;
        self.vault
            .discovery_progress
            .notify_waiters(self.discovery.id);
        Ok(end)
    }

    /// Plans the next page of a list, and the lists of businesses that it names.
    fn note_page(
        &self,
        walk: &mut Walk,
        found: &mut HashMap<AssetId, DiscoveredAsset>,
        edge: Edge,
        page: EdgePage,
    ) {
        // The owner of what a client shared is another business.
        let owner = match &edge.of {
            EdgeOwner::Owned(business) => Some(business.clone()),
            EdgeOwner::Me | EdgeOwner::Assigned | EdgeOwner::Client(_) => None,
        };
        for listed in page.assets {
            if edge.kind == AssetKind::Business {
                walk.steps.push(WalkStep::Business(listed.id.clone()));
            }
            let is_granted = is_granted(&self.discovery.token.scopes, edge.kind, &listed.id);
            let asset = DiscoveredAsset {
                id: listed.id.clone(),
                kind: edge.kind,
                name: listed.name,
                business_id: owner.clone(),
                is_granted,
            };
            let known = found.entry(listed.id).or_insert(asset);
            known.business_id = known.business_id.take().or_else(|| owner.clone());
        }
        if let Some(after) = page.after {
            let after = Some(after);
            walk.steps.push(WalkStep::List { edge, after });
        }
    }

    /// The refusal as it counts: a token is dead only if Graph confirms it.
    async fn confirm_refusal(&self, refusal: Refusal) -> Refusal {
        use crate::credentials::second_opinion::{apply_opinion, needs_second_opinion};
        if !needs_second_opinion(&refusal) {
            return refusal;
        }
        let asked = self
            .vault
            .ask_second_opinion(&self.app, &self.token, &refusal);
        apply_opinion(asked.await, refusal)
    }

    /// What a refused list means: wait, fail, or leave the list out.
    fn note_refusal(
        &self,
        walk: &mut Walk,
        end: WaveEnd,
        (edge, after): (Edge, Option<String>),
        refusal: Refusal,
    ) -> WaveEnd {
        let now = Clock::system_time();
        let pause = match refusal.kind {
            RefusalKind::TokenDead | RefusalKind::AppFault => return WaveEnd::Fail(refusal),
            RefusalKind::Throttled { retry_at } => retry_at - self.vault.clock.now(),
            RefusalKind::Unavailable => PAUSE.0,
            _ => {
                walk.unread.push(UnreadList {
                    edge,
                    reason: reason_of(&refusal),
                    fbtrace_id: refusal.fbtrace_id,
                });
                return end;
            }
        };
        walk.steps.push(WalkStep::List { edge, after });
        let at = now + pause.clamp(PAUSE.0, PAUSE.1);
        match end {
            WaveEnd::Continue => WaveEnd::Pause(at),
            WaveEnd::Pause(other) => WaveEnd::Pause(at.max(other)),
            failed @ WaveEnd::Fail(_) => failed,
        }
    }

    /// Stores what a wave found and what is left, in one transaction.
    async fn store_wave(
        &self,
        walk: &mut Walk,
        mut found: Vec<DiscoveredAsset>,
    ) -> Result<(), Error> {
        found.sort_unstable_by(|one, two| one.id.cmp(&two.id));
        let id = self.discovery.id;
        let ids: Vec<_> = found.iter().map(|it| it.id.clone()).collect();
        let tx = self.vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        let known = tx.find_assets_alone(&ids).await?;
        let known: HashMap<_, _> = known.into_iter().map(|it| (it.id, it.kind)).collect();
        let compared = |asset: DiscoveredAsset| {
            let familiarity = Familiarity::from_kinds(asset.kind, known.get(&asset.id).copied());
            (asset, familiarity)
        };
        let counts = tx.count_discovered_assets(id).await?;
        let room = MAX_ASSETS.saturating_sub(counts.values().sum());
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        // Other lists name the same assets; those take no room.
        let listed = tx.find_discovered_among(id, &ids).await?;
        let found = found.into_iter().map(compared);
        let (mut found, mut new): (Vec<_>, Vec<_>) =
            found.partition(|(asset, _)| listed.contains(&asset.id));
        walk.is_truncated = new.len() > room || walk.calls >= MAX_CALLS;
        new.truncate(room);
        found.extend(new);
        tx.add_discovered_assets(id, &found).await?;
        tx.store_discovery_progress(id, &walk.to_progress()?)
            .await?;
        Ok(tx.commit().await?)
    }
}

impl Walk {
    fn of(progress: &DiscoveryProgress) -> Result<Self, Error> {
        Ok(Self {
            steps: serde_json::from_str(&progress.frontier).map_err(Error::from_cause)?,
            unread: serde_json::from_str(&progress.unread).map_err(Error::from_cause)?,
            calls: progress.calls,
            is_truncated: progress.is_truncated,
        })
    }

    fn to_progress(&self) -> Result<DiscoveryProgress, Error> {
        Ok(DiscoveryProgress {
            frontier: serde_json::to_string(&self.steps).map_err(Error::from_cause)?,
            unread: serde_json::to_string(&self.unread).map_err(Error::from_cause)?,
            calls: self.calls,
            is_truncated: self.is_truncated,
        })
    }

    /// The lists of the next wave; those of a business are planned when its turn comes.
    fn take_wave(&mut self) -> Vec<(Edge, Option<String>)> {
        let mut wave = Vec::with_capacity(WAVE);
        while wave.len() < WAVE {
            match self.steps.pop() {
                None => break,
                Some(WalkStep::List { edge, after }) => wave.push((edge, after)),
                Some(WalkStep::Business(business)) => {
                    let lists = Edge::of_business(&business).into_iter().rev();
                    let list = |edge| WalkStep::List { edge, after: None };
                    self.steps.extend(lists.map(list));
                }
            }
        }
        wave
    }
}

/// The reason of a refusal. A discovery that has ended does not ask again.
pub(super) fn reason_of(refusal: &Refusal) -> Reason {
    refusal.to_final_reason(NextStep::CorrectAppThenDiscover, NextStep::DiscoverLater)
}
