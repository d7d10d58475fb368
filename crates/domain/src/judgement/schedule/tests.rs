//! When the next probe is due, for each kind of facts.

use chrono::DateTime;

use super::*;
use crate::{
    Certainty, CredentialKind, CutOff, CutOffSource, NextStep, Reason, ReasonCode, Refusals, Who,
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
fn the_planned_second_probe_counts_for_every_spread() {
    let pace = Pace::default();
    let parked = |to_go| AssetFacts {
        cut_off: Some(cut_off(Duration::minutes(to_go))),
        has_candidate: true,
        ..facts()
    };
    let lone = [facts(), parked(30), parked(7 * 60), parked(30 * 60)];
    for (spread, before) in (0..=u8::MAX).flat_map(|it| lone.iter().map(move |one| (it, one))) {
        let reason = || Reason::new(ReasonCode::NotReached, Who::Person, "x", NextStep::Replace);
        let (mut asset, mut at) = (before.clone(), now());
        while asset.refusal_weight() != Some(Weight::Final) {
            assert!(at - now() <= pace.doubt, "{spread} {before:?}");
            asset.refusals = asset.after_refusal(reason(), Certainty::Spaced, at, pace.doubt);
            asset.checked_at = Some(at);
            at = schedule_next_probe(&asset, at, NOTICE, &pace, spread)
                .expect("the asset has a credential")
                .at;
        }
    }
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
        schedule_next_probe(&facts(), now(), NOTICE, &Pace::default(), n).map(|it| it.at - now())
    };
    assert_eq!(spread(255), Some(Duration::minutes(24 * 60 * 9 / 10)));
    assert!(spread(100) < spread(0));
}
