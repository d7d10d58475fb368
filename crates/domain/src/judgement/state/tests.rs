//! The state of every combination of facts, compared with an independent table.

use chrono::{DateTime, Duration};

use super::*;
use crate::{CredentialKind, CutOff, CutOffSource, ReasonCode};

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

const TABLE: [Row; 9] = [
    (|it| it.active.is_none(), Status::Disconnected),
    (|it| it.definitive, Status::Disconnected),
    (|it| it.failures >= 2, Status::Disconnected),
    (
        |it| {
            let read = it
                .cut_off
                .filter(|it| it.source == CutOffSource::Probe)
                .map(|it| it.at);
            [read, it.expires_at, it.data_access_expires_at]
                .iter()
                .flatten()
                .any(|at| *at <= day(NOW))
        },
        Status::Disconnected,
    ),
    (|it| it.failures == 1, Status::Suspect),
    (|it| it.proved_at.is_none(), Status::Unproven),
    (|it| it.cut_off.is_some(), Status::Migrating),
    (
        |it| {
            [it.expires_at, it.data_access_expires_at]
                .iter()
                .flatten()
                .any(|at| *at <= day(NOW + 30))
        },
        Status::Expiring,
    ),
    (|_| true, Status::Healthy),
];

fn every_combination() -> Vec<AssetFacts> {
    let reason = Reason::new(ReasonCode::NoRole, Who::BusinessAdmin, "x", "y");
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
        for expires in MOMENTS {
            for data_access in MOMENTS {
                for (failures, definitive) in
                    [(0, false), (1, false), (1, true), (2, false), (2, true)]
                {
                    for proved in [None, Some(day(1))] {
                        for active in kinds {
                            for parked in [false, true] {
                                all.push(AssetFacts {
                                    cut_off: at.map(|at| cut_off(at, source)),
                                    expires_at: expires.map(day),
                                    data_access_expires_at: data_access.map(day),
                                    failing: (failures > 0).then(|| (day(2), reason.clone())),
                                    failures,
                                    definitive,
                                    proved_at: proved,
                                    active,
                                    has_candidate: parked,
                                    ..AssetFacts::default()
                                });
                            }
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
    assert_eq!(all.len(), 6 * 3 * 6 * 6 * 5 * 2 * 3 * 2);
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
fn every_state_has_a_start_a_reason_and_the_earliest_ending() {
    for facts in every_combination() {
        let state = AssetState::from_facts(&facts, day(NOW), NOTICE);
        assert!(state.since <= day(NOW), "{facts:?}");
        assert!(!state.reason.detail.is_empty() && !state.reason.next_step.is_empty());
        let earliest = [
            facts.cut_off.map(|it| it.at),
            facts.expires_at,
            facts.data_access_expires_at,
        ]
        .into_iter()
        .flatten()
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
    assert_eq!(status(&read, 90), Status::Disconnected);
}

#[test]
fn a_stored_failure_explains_the_state_before_a_passed_date() {
    let reason = Reason::new(ReasonCode::TokenDead, Who::Person, "x", "y");
    let facts = AssetFacts {
        failing: Some((day(5), reason.clone())),
        failures: 1,
        definitive: true,
        expires_at: Some(day(7)),
        ..proved()
    };
    let state = AssetState::from_facts(&facts, day(8), NOTICE);
    assert_eq!((state.since, state.reason), (day(5), reason));
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
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, "x", "y");
    let facts = AssetFacts {
        failing: Some((day(5), reason)),
        failures: 1,
        definitive: true,
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
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, "x", "y");
    let facts = AssetFacts {
        failing: Some((day(5), reason)),
        failures: 1,
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
