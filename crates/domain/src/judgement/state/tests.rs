//! The state of every combination of facts, compared with an independent table.

use chrono::{DateTime, Duration};

use super::*;
use crate::{Certainty, CredentialKind, CutOff, CutOffSource, NextStep, ReasonCode, Refusals};

const NOTICE: Duration = Duration::days(30);
const NOW: i64 = 100;

fn day(n: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(n)
}

fn proved() -> AssetFacts {
    AssetFacts {
        active: Some(CredentialKind::User),
        proved_at: Some(day(0)),
        ..AssetFacts::default()
    }
}

fn status(facts: &AssetFacts, at: i64) -> Status {
    AssetState::from_facts(facts, day(at), NOTICE).status
}

fn cut_off(at: i64, source: CutOffSource) -> CutOff {
    CutOff {
        at: day(at),
        source,
        learned_at: day(3),
    }
}

/// Unknown, passed, now, within the notice window, at its edge, after it.
const MOMENTS: [Option<i64>; 6] = [
    None,
    Some(NOW - 1),
    Some(NOW),
    Some(NOW + 1),
    Some(NOW + 30),
    Some(NOW + 31),
];

/// One row of the table: a condition and the resulting status. The first row that fits counts.
type Row = (fn(&AssetFacts) -> bool, Status);

const TABLE: [Row; 10] = [
    (|it| it.active.is_none(), Status::Disconnected),
    (
        |it| matches!(&it.refusals, Some(it) if it.definitive || it.classified >= 2),
        Status::Disconnected,
    ),
    (
        |it| has_arrived(it, |read_at, date| read_at.is_some_and(|it| it >= date)),
        Status::Disconnected,
    ),
    (
        |it| matches!(&it.refusals, Some(it) if it.classified == 1 || it.unclassified >= 2),
        Status::Suspect,
    ),
    (|it| has_arrived(it, |_, _| true), Status::Suspect),
    (
        |it| {
            let read = it.cut_off.filter(|it| it.source == CutOffSource::Probe);
            read.is_some_and(|read| read.at <= day(NOW) && !is_proved_after(it, read.at))
        },
        Status::Suspect,
    ),
    (|it| it.proved_at.is_none(), Status::Unproven),
    (
        |it| {
            it.cut_off
                .is_some_and(|cut_off| !is_proved_after(it, cut_off.at))
        },
        Status::Migrating,
    ),
    (
        |it| {
            [it.expires_at, it.data_access_expires_at]
                .into_iter()
                .flatten()
                .any(|at| at <= day(NOW + 30) && !is_proved_after(it, at))
        },
        Status::Expiring,
    ),
    (|_| true, Status::Healthy),
];

fn is_proved_after(facts: &AssetFacts, date: Timestamp) -> bool {
    facts.proved_at.is_some_and(|it| it >= date)
}

/// Whether a date of the token has arrived, no later proof disproves it, and its reading `fits`.
fn has_arrived(facts: &AssetFacts, fits: fn(Option<Timestamp>, Timestamp) -> bool) -> bool {
    [facts.expires_at, facts.data_access_expires_at]
        .into_iter()
        .flatten()
        .filter(|date| *date <= day(NOW) && !is_proved_after(facts, *date))
        .any(|date| fits(facts.dates_read_at, date))
}

/// Refusals with these counts: of a class, without a class, and whether one was definitive.
fn refusals(classified: u32, unclassified: u32, definitive: bool) -> Option<Refusals> {
    (classified + unclassified > 0).then(|| Refusals {
        since: day(2),
        counted_at: day(3),
        reason: Reason::new(
            ReasonCode::NoRole,
            Who::BusinessAdmin,
            "x",
            NextStep::Replace,
        ),
        classified,
        unclassified,
        definitive,
    })
}

fn every_combination() -> Vec<AssetFacts> {
    let mut all = Vec::new();
    let kinds = [
        None,
        Some(CredentialKind::User),
        Some(CredentialKind::SystemUser),
    ];
    let cut_offs = MOMENTS
        .into_iter()
        .flat_map(|at| CutOffSource::ALL.map(|source| (at, source)));
    for (at, source) in cut_offs {
        for (expires, data_access) in MOMENTS.into_iter().flat_map(|a| MOMENTS.map(|b| (a, b))) {
            for (classified, unclassified, definitive) in [
                (0, 0, false),
                (0, 1, false),
                (0, 2, false),
                (0, 9, false),
                (1, 0, false),
                (1, 2, false),
                (1, 0, true),
                (2, 0, false),
                (2, 0, true),
            ] {
                for proved in [None, Some(1), Some(NOW)] {
                    for read in [None, Some(1), Some(NOW)] {
                        for active in kinds {
                            all.push(AssetFacts {
                                cut_off: at.map(|at| cut_off(at, source)),
                                expires_at: expires.map(day),
                                data_access_expires_at: data_access.map(day),
                                dates_read_at: read.map(day),
                                refusals: refusals(classified, unclassified, definitive),
                                proved_at: proved.map(day),
                                active,
                                has_candidate: unclassified == 1,
                                ..AssetFacts::default()
                            });
                        }
                    }
                }
            }
        }
    }
    all
}

#[test]
fn every_combination_has_the_status_of_the_table() {
    let all = every_combination();
    assert_eq!(all.len(), 6 * 3 * 6 * 6 * 9 * 3 * 3 * 3);
    for facts in all {
        let (_, expected) = TABLE
            .iter()
            .find(|(holds, _)| holds(&facts))
            .expect("the last row holds");
        let state = AssetState::from_facts(&facts, day(NOW), NOTICE);
        assert_eq!(state.status, *expected, "{facts:?}");
        assert_eq!(state.is_serving(), *expected != Status::Disconnected);
    }
}

#[test]
fn every_state_names_a_known_fact_that_explains_it() {
    for facts in every_combination() {
        let state = AssetState::from_facts(&facts, day(NOW), NOTICE);
        assert_eq!(
            facts.find_fact(state.fact.name),
            Some(state.fact),
            "{facts:?}"
        );
        let fits = match state.status {
            Status::Healthy => state.fact.name == FactName::Proof,
            Status::Unproven => state.fact.name == FactName::Registration,
            Status::Migrating => state.fact.name == FactName::CutOff,
            Status::Expiring => state.fact.at.is_some(),
            Status::Suspect | Status::Disconnected => {
                state.fact.name == FactName::Refusal
                    || state.fact.at.is_some_and(|at| at <= day(NOW))
                    || facts.active.is_none()
            }
        };
        assert!(fits, "{:?} by {:?}", state.status, state.fact);
    }
}

#[test]
fn every_state_has_a_start_a_reason_and_the_earliest_ending() {
    for facts in every_combination() {
        let state = AssetState::from_facts(&facts, day(NOW), NOTICE);
        assert!(state.since <= day(NOW), "{facts:?}");
        assert!(!state.reason.detail.is_empty());
        let earliest = [
            facts.cut_off.map(|it| it.at),
            facts.expires_at,
            facts.data_access_expires_at,
        ]
        .into_iter()
        .flatten()
        .filter(|at| !is_proved_after(&facts, *at))
        .min();
        assert_eq!(state.ending.map(|it| it.at), earliest, "{facts:?}");
        assert!(state.ending.is_none_or(|it| it.since <= day(NOW)));
    }
}

#[test]
fn an_announced_date_disconnects_nothing_by_itself() {
    let announced = AssetFacts {
        cut_off: Some(cut_off(90, CutOffSource::Webhook)),
        ..proved()
    };
    assert_eq!(status(&announced, 91), Status::Migrating);
    let read = AssetFacts {
        cut_off: Some(cut_off(90, CutOffSource::Probe)),
        ..proved()
    };
    assert_eq!(status(&read, 90), Status::Suspect, "until it is probed");
}

#[test]
fn a_date_disconnects_only_after_it_was_read_again_and_a_later_proof_disproves_it() {
    for date in [90, NOW] {
        let known = AssetFacts {
            data_access_expires_at: Some(day(date)),
            dates_read_at: Some(day(date - 30)),
            ..proved()
        };
        assert_eq!(status(&known, NOW), Status::Suspect);
        let read_again = AssetFacts {
            dates_read_at: Some(day(date)),
            ..known.clone()
        };
        assert_eq!(status(&read_again, NOW), Status::Disconnected);
        let works = AssetFacts {
            proved_at: Some(day(date)),
            ..read_again
        };
        assert_eq!(status(&works, NOW), Status::Healthy);
    }
}

/// The refusals after one on day 5.
fn refused(reason: &Reason, certainty: Certainty) -> Option<Refusals> {
    AssetFacts::default().after_refusal(reason.clone(), certainty, day(5), Duration::minutes(10))
}

#[test]
fn a_stored_failure_explains_the_state_before_a_passed_date() {
    let reason = Reason::new(ReasonCode::TokenDead, Who::Person, "x", NextStep::Replace);
    let facts = AssetFacts {
        refusals: refused(&reason, Certainty::Definitive),
        expires_at: Some(day(7)),
        ..proved()
    };
    let state = AssetState::from_facts(&facts, day(8), NOTICE);
    assert_eq!((state.since, state.reason), (day(5), reason));
}

#[test]
fn the_expiry_explains_a_token_that_died_after_it() {
    let reason = Reason::new(ReasonCode::TokenDead, Who::Person, "x", NextStep::Replace);
    let facts = AssetFacts {
        refusals: refused(&reason, Certainty::Definitive),
        expires_at: Some(day(4)),
        ..proved()
    };
    let state = AssetState::from_facts(&facts, day(8), NOTICE);
    assert_eq!(state.reason.code, ReasonCode::TokenExpired);
    assert_eq!((state.since, state.fact.name), (day(4), FactName::Refusal));
}

#[test]
fn the_sixty_days_of_a_system_user_need_no_person() {
    let facts = AssetFacts {
        active: Some(CredentialKind::SystemUser),
        expires_at: Some(day(60)),
        ..proved()
    };
    let state = AssetState::from_facts(&facts, day(40), NOTICE);
    assert_eq!(
        (state.status, state.who_must_act()),
        (Status::Expiring, Who::NoOne)
    );
    assert_eq!(
        state.ending.map(|it| it.cause),
        Some(EndingCause::SystemUser60Days)
    );
}

#[test]
fn a_revocation_is_an_ending() {
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, "x", NextStep::Replace);
    let facts = AssetFacts {
        refusals: refused(&reason, Certainty::Definitive),
        ..proved()
    };
    let state = AssetState::from_facts(&facts, day(8), NOTICE);
    assert_eq!(
        state.ending.map(|it| (it.cause, it.at)),
        Some((EndingCause::Revoked, day(5)))
    );
}

#[test]
fn a_revocation_that_is_not_definitive_counts_as_one_refused_probe() {
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, "x", NextStep::Replace);
    let facts = AssetFacts {
        refusals: refused(&reason, Certainty::Spaced),
        ..proved()
    };
    assert_eq!(status(&facts, 8), Status::Suspect);
}

#[test]
fn the_earliest_ending_counts_and_shows_within_the_notice_window() {
    let facts = AssetFacts {
        expires_at: Some(day(60)),
        data_access_expires_at: Some(day(90)),
        ..proved()
    };
    assert_eq!(status(&facts, 29), Status::Healthy);
    assert_eq!(status(&facts, 30), Status::Expiring);
    let ending = AssetState::from_facts(&facts, day(30), NOTICE).ending;
    assert_eq!(
        ending.map(|it| (it.at, it.cause)),
        Some((day(60), EndingCause::TokenExpiry))
    );
}

#[test]
fn a_date_at_the_beginning_of_time_has_a_state() {
    let now = Timestamp::MIN_UTC;
    let facts = AssetFacts {
        active: Some(CredentialKind::User),
        proved_at: Some(now),
        working_since: Some(now),
        registered_at: now,
        expires_at: now.checked_add_signed(Duration::days(1)),
        ..AssetFacts::default()
    };
    let state = AssetState::from_facts(&facts, now, NOTICE);
    assert_eq!((state.status, state.since), (Status::Expiring, now));
}
