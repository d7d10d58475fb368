//! When an asset is probed next, how urgent that probe is, and in which queue it waits.
//!
//! The rule: the closer the ending of an asset, the shorter the pause. A probe is due at every moment at which the
//! state changes by time alone. Assets that failed for good have a queue of their own and increasing pauses.

use chrono::Duration;

use crate::{
    AssetFacts, Timestamp, closed_list,
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
/// different times.
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
    let jitter = pause / 10 * i32::from(spread) / i32::from(u8::MAX);
    let at = if facts.checked_at.is_none() && facts.proved_at.is_none() {
        now
    } else {
        now + pause - jitter
    };
    let turning = list_turning_points(facts, notice)
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
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{
        Certainty, CredentialKind, CutOff, CutOffSource, NextStep, Reason, ReasonCode, Refusals,
        Who,
    };

    const NOTICE: Duration = Duration::days(30);

    fn now() -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::days(1_000)
    }

    fn facts() -> AssetFacts {
        let checked = Some(now());
        AssetFacts {
            active: Some(CredentialKind::User),
            proved_at: checked,
            checked_at: checked,
            ..AssetFacts::default()
        }
    }

    fn refusals(code: ReasonCode, certainty: Certainty, at: Timestamp) -> Option<Refusals> {
        let reason = Reason::new(code, Who::Person, "x", NextStep::Replace);
        AssetFacts::default().after_refusal(reason, certainty, at, Duration::minutes(10))
    }

    #[test]
    fn a_suspect_asset_is_looked_at_soon_although_a_token_waits_for_it() {
        let waiting = AssetFacts {
            has_candidate: true,
            ..facts()
        };
        assert_eq!(check(&waiting).at - now(), Pace::default().parked);
        let suspect = AssetFacts {
            refusals: refusals(ReasonCode::NotReached, Certainty::Spaced, now()),
            ..waiting
        };
        assert_eq!(check(&suspect).at - now(), Pace::default().doubt);
    }

    #[test]
    fn a_planned_probe_is_hastened_but_not_put_off_before_the_asset_is_looked_at() {
        let pause = |facts: &AssetFacts| check(facts).or_planned(facts).at - now();
        let planned = |to_go| AssetFacts {
            next_check_at: Some(now() + to_go),
            ..facts()
        };
        let soon = Duration::hours(1);
        assert_eq!(pause(&planned(soon)), soon, "a name was changed");
        assert_eq!(pause(&planned(Duration::days(9))), Pace::default().healthy);
        assert_eq!(
            pause(&planned(Duration::zero())),
            Pace::default().healthy,
            "it was just proved"
        );
        let overdue = AssetFacts {
            checked_at: Some(now() - Duration::days(2)),
            proved_at: None,
            ..planned(-soon)
        };
        assert_eq!(pause(&overdue), -soon, "it stays due");
    }

    fn check(facts: &AssetFacts) -> ScheduledProbe {
        schedule_next_probe(facts, now(), NOTICE, &Pace::default(), 0)
            .expect("the asset has a credential")
    }

    fn pause(facts: &AssetFacts) -> Duration {
        check(facts).at - now()
    }

    fn cut_off(to_go: Duration) -> CutOff {
        CutOff {
            at: now() + to_go,
            source: CutOffSource::Probe,
            learned_at: now(),
        }
    }

    #[test]
    fn the_nearer_the_ending_the_shorter_the_pause() {
        let with = |to_go| {
            pause(&AssetFacts {
                cut_off: Some(cut_off(to_go)),
                ..facts()
            })
        };
        assert_eq!(with(Duration::days(29)), Duration::hours(24));
        assert_eq!(with(Duration::hours(12)), Duration::hours(1));
        assert_eq!(with(Duration::minutes(30)), Duration::minutes(5));
        assert_eq!(
            with(Duration::minutes(2)),
            Duration::minutes(2),
            "the ending itself is a turning point"
        );
    }

    #[test]
    fn an_ending_at_the_edge_of_all_dates_has_no_notice_window() {
        let at = DateTime::<chrono::Utc>::MIN_UTC;
        let ending = AssetFacts {
            expires_at: Some(at),
            proved_at: None,
            ..facts()
        };
        let turns: Vec<_> = list_turning_points(&ending, NOTICE).collect();
        assert_eq!(turns, [at]);
    }

    #[test]
    fn an_asset_with_a_candidate_is_probed_more_often() {
        let parked = |to_go| {
            pause(&AssetFacts {
                cut_off: Some(cut_off(to_go)),
                has_candidate: true,
                ..facts()
            })
        };
        assert_eq!(parked(Duration::days(20)), Duration::hours(1));
        assert_eq!(parked(Duration::hours(24)), Duration::minutes(30));
        assert_eq!(parked(Duration::hours(1)), Duration::minutes(5));
    }

    #[test]
    fn an_asset_that_failed_for_good_waits_in_its_own_queue_with_growing_pauses() {
        let failed = |since: Duration| {
            let refusals = refusals(ReasonCode::TokenDead, Certainty::Definitive, now() - since);
            check(&AssetFacts {
                refusals,
                ..facts()
            })
        };
        assert_eq!(failed(Duration::minutes(1)).at - now(), Duration::hours(1));
        assert_eq!(failed(Duration::hours(5)).at - now(), Duration::hours(5));
        assert_eq!(failed(Duration::days(9)).at - now(), Duration::hours(24));
        assert_eq!(failed(Duration::days(9)).queue, ProbeQueue::Failing);
    }

    #[test]
    fn the_second_probe_after_a_refusal_is_spaced_and_urgent() {
        let suspect = check(&AssetFacts {
            refusals: refusals(ReasonCode::NotReached, Certainty::Spaced, now()),
            ..facts()
        });
        assert_eq!(
            (suspect.at - now(), suspect.harm_at),
            (Duration::minutes(10), now())
        );
    }

    #[test]
    fn a_refusal_without_a_class_is_looked_at_soon_though_the_asset_stays_healthy() {
        let refused = AssetFacts {
            refusals: refusals(ReasonCode::Unclassified, Certainty::Doubtful, now()),
            ..facts()
        };
        assert_eq!(pause(&refused), Duration::minutes(10));
    }

    #[test]
    fn an_imported_asset_is_probed_at_once() {
        let fresh = AssetFacts {
            proved_at: None,
            checked_at: None,
            ..facts()
        };
        assert_eq!(pause(&fresh), Duration::zero());
        assert_eq!(
            pause(&AssetFacts {
                proved_at: None,
                ..facts()
            }),
            Duration::minutes(10)
        );
    }

    #[test]
    fn an_asset_without_a_credential_is_never_probed() {
        assert_eq!(
            schedule_next_probe(&AssetFacts::default(), now(), NOTICE, &Pace::default(), 0),
            None
        );
    }

    #[test]
    fn the_spread_only_shortens_the_pause() {
        let spread = |n| {
            schedule_next_probe(&facts(), now(), NOTICE, &Pace::default(), n)
                .map(|it| it.at - now())
        };
        assert_eq!(spread(255), Some(Duration::minutes(24 * 60 * 9 / 10)));
        assert!(spread(100) < spread(0));
    }
}
