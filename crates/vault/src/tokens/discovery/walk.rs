//! The walk of a discovery: reads the lists of a token page by page until nothing is left.
//!
//! The rule: `[tx] network [tx]`, wave by wave. Each wave reads one page of a few lists, then one transaction stores what
//! was found together with the lists that are left, so that another process continues exactly there. The lists of a
//! business are planned when their turn comes, so what is left stays small.
//! Start at [`DiscoveryRun::walk_to_end`].

use std::collections::HashMap;

use chrono::TimeDelta;
use regrant_domain::{
    Clock, DiscoveredAsset, DiscoveryStatus, Familiarity, NextStep, Reason, Refusal, RefusalKind,
    Timestamp,
};
use regrant_graph::{Edge, EdgeWalk, ListPosition, Walker};
use regrant_storage::{DiscoveryEnding, DiscoveryProgress};
use serde::{Deserialize, Serialize};

use super::run::DiscoveryRun;
use crate::Error;

/// How many assets a discovery finds at most.
pub(super) const MAX_ASSETS: u64 = 10_000;
/// How many pages it reads at most: an end for lists that never end.
const MAX_CALLS: i64 = 4_000;
/// How long a discovery waits before it asks a throttled or unavailable Graph again: from, to.
const PAUSE: (TimeDelta, TimeDelta) = (TimeDelta::seconds(2), TimeDelta::minutes(5));

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
    left: EdgeWalk,
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

impl DiscoveryRun<'_> {
    /// Reads wave by wave until nothing is left, Graph asks to wait, or the token fails.
    pub(super) async fn walk_to_end(&self) -> Result<(), Error> {
        let mut walk = Walk::of(&self.discovery.progress)?;
        while !walk.left.is_over() && !walk.is_truncated {
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
        let wave = walk.left.take_wave();
        let token = &self.discovery.token;
        let walker = Walker {
            token: &self.token,
            kind: token.kind,
            person: &token.person_id,
            scopes: &token.scopes,
        };
        let pages = self.vault.graph.read_wave(&self.app, walker, &wave).await;
        walk.calls += i64::try_from(pages.len()).unwrap_or(i64::MAX);
        let (mut found, mut end) = (HashMap::new(), WaveEnd::Continue);
        for ((edge, after), page) in wave.into_iter().zip(pages) {
            match page {
                Ok(page) => walk.left.note_page(&mut found, walker.scopes, edge, page),
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
        (edge, after): ListPosition,
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
        walk.left.put_back((edge, after));
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
            left: serde_json::from_str(&progress.frontier).map_err(Error::from_cause)?,
            unread: serde_json::from_str(&progress.unread).map_err(Error::from_cause)?,
            calls: progress.calls,
            is_truncated: progress.is_truncated,
        })
    }

    fn to_progress(&self) -> Result<DiscoveryProgress, Error> {
        Ok(DiscoveryProgress {
            frontier: serde_json::to_string(&self.left).map_err(Error::from_cause)?,
            unread: serde_json::to_string(&self.unread).map_err(Error::from_cause)?,
            calls: self.calls,
            is_truncated: self.is_truncated,
        })
    }
}

/// The reason of a refusal. A discovery that has ended does not ask again.
pub(super) fn reason_of(refusal: &Refusal) -> Reason {
    refusal.to_final_reason(NextStep::CorrectAppThenDiscover, NextStep::DiscoverLater)
}
