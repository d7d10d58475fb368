//! When an asset is probed next, how urgent that probe is, and in which queue it waits.
//!
//! The rule: the closer the ending of an asset, the shorter the pause. A probe is due at every moment at which the
//! state changes by time alone. Assets that failed for good have a queue of their own and increasing pauses.

use chrono::Duration;

use crate::{
    AssetFacts, Timestamp, Weight, closed_list,
    state::{AssetState, Status, list_endings},
};

closed_list! {
    /// The queue in which a probe waits.
    pub enum ProbeQueue: "queue of probes" {
        /// Assets that work or may work soon.
        Normal = "normal",
        /// Assets that failed for good, so that they cannot delay the others.
        Failing = "failing",
    }
}

/// The next probe of an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduledProbe {
    /// When the probe is due.
    pub at: Timestamp,
    /// When a tenant is harmed without this probe. Due probes run in this order.
    pub harm_at: Timestamp,
    /// The queue.
    pub queue: ProbeQueue,
}

/// The pauses between probes of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace {
    /// For a healthy asset without a known ending.
    pub healthy: Duration,
    /// The longest pause while a candidate is parked.
    pub parked: Duration,
    /// Between a refused probe and the second one.
    pub doubt: Duration,
    /// The shortest pause, close to an ending.
    pub shortest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            healthy: Duration::hours(24),
            parked: Duration::hours(1),
            doubt: Duration::minutes(10),
            shortest: Duration::minutes(5),
        }
    }
}

/// The next probe after one at `now`; `None` for an asset without a credential.
///
/// `spread` (any number) shortens the pause by up to a tenth, so that assets imported together are soon probed at
/// different times. A probe that is to count as the second refusal is not hastened: it is due when it counts.
#[must_use]
pub fn schedule_next_probe(
    facts: &AssetFacts,
    now: Timestamp,
    notice: Duration,
    pace: &Pace,
    spread: u8,
) -> Option<ScheduledProbe> {
    if !facts.is_served() && !facts.has_candidate && !facts.has_standby {
        return None;
    }
    let state = AssetState::from_facts(facts, now, notice);
    let pause = pause_before_probe(facts, &state, now, pace);
    let counts_at = next_refusal_counts_at(facts, pace);
    let jitter = match counts_at {
        Some(_) => Duration::zero(),
        None => pause / 10 * i32::from(spread) / i32::from(u8::MAX),
    };
    let at = if facts.checked_at.is_none() && facts.proved_at.is_none() {
        now
    } else {
        now + pause - jitter
    };
    let turning = list_turning_points(facts, notice)
        .chain(counts_at)
        .filter(|turn| *turn > now)
        .min();
    let lane = if state.is_serving() || facts.has_candidate {
        ProbeQueue::Normal
    } else {
        ProbeQueue::Failing
    };
    Some(ScheduledProbe {
        at: turning.map_or(at, |turn| turn.min(at)),
        harm_at: harm_at(&state, now),
        queue: lane,
    })
}

impl ScheduledProbe {
    /// The next probe after a write that is no probe. A planned probe stands until the asset is looked at: what is written
    /// meanwhile may hasten it, never put it off.
    #[must_use]
    pub fn or_planned(self, facts: &AssetFacts) -> Self {
        let looked_at = facts.checked_at.max(facts.proved_at);
        let standing = facts.next_check_at.filter(|it| Some(*it) > looked_at);
        Self {
            at: standing.map_or(self.at, |it| it.min(self.at)),
            ..self
        }
    }
}

fn pause_before_probe(
    facts: &AssetFacts,
    state: &AssetState,
    now: Timestamp,
    pace: &Pace,
) -> Duration {
    let to_go = state
        .ending
        .map(|it| it.at - now)
        .filter(|it| *it > Duration::zero());
    let nearing = |parts: i32, longest: Duration| {
        to_go.map_or(longest, |to_go| {
            (to_go / parts).max(pace.shortest).min(longest)
        })
    };
    let pause = match state.status {
        // A refusal that is too light for a status is looked at soon.
        Status::Healthy | Status::Expiring | Status::Migrating if facts.refusals.is_some() => {
            pace.doubt
        }
        Status::Suspect | Status::Unproven => pace.doubt,
        Status::Disconnected => (now - state.since)
            .max(Duration::hours(1))
            .min(pace.healthy),
        Status::Healthy | Status::Expiring | Status::Migrating => nearing(12, pace.healthy),
    };
    if facts.has_candidate {
        pause.min(nearing(48, pace.parked))
    } else {
        pause
    }
}

/// From when on another refusal counts, where refusals are counted that have not disconnected the asset.
fn next_refusal_counts_at(facts: &AssetFacts, pace: &Pace) -> Option<Timestamp> {
    let refusals = facts.refusals.as_ref();
    let open = refusals.filter(|it| it.weight() < Weight::Final)?;
    open.counted_at.checked_add_signed(pace.doubt)
}

/// The moments at which the state changes by time alone, or at which a date must be read again.
fn list_turning_points(facts: &AssetFacts, notice: Duration) -> impl Iterator<Item = Timestamp> {
    list_endings(facts)
        .into_iter()
        // A notice window that begins before all dates is no moment to wait for.
        .flat_map(move |it| [it.at.checked_sub_signed(notice), Some(it.at)])
        .flatten()
}

fn harm_at(state: &AssetState, now: Timestamp) -> Timestamp {
    match state.status {
        Status::Suspect | Status::Unproven => now,
        _ => state.ending.map_or(now + Duration::days(365), |it| it.at),
    }
}

#[cfg(test)]
mod tests;
