//! Short histories that the engine once judged wrong: late observations, and dates that are not the only ones.

use chrono::{DateTime, Duration};

use crate::{
    AssetFacts, CredentialKind, CutOff, CutOffSource, FactName, Observation, ProbeFacts,
    ProbeResult, ReasonCode, Refusal, RefusalKind, Rules, Timestamp,
    schedule::{Pace, schedule_next_probe},
    state::{AssetState, Status},
};

const NOTICE: Duration = Duration::days(30);
const RULES: Rules = Rules {
    doubt_pause: Duration::minutes(10),
};

fn minute(n: i64) -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(100) + Duration::minutes(n)
}

fn proved() -> AssetFacts {
    AssetFacts {
        active: Some(CredentialKind::User),
        proved_at: Some(minute(0)),
        checked_at: Some(minute(0)),
        ..AssetFacts::default()
    }
}

fn refuse(facts: AssetFacts, kind: RefusalKind, at: i64) -> AssetFacts {
    let result = &ProbeResult::Refused(Refusal {
        kind,
        message: "message".to_owned(),
        fbtrace_id: None,
    });
    let is_held = false;
    facts.observe(Observation::Probe { result, is_held }, minute(at), &RULES)
}

fn prove(facts: AssetFacts, at: i64) -> AssetFacts {
    let result = &ProbeResult::Works(ProbeFacts::default());
    let is_held = false;
    facts.observe(Observation::Probe { result, is_held }, minute(at), &RULES)
}

fn state(facts: &AssetFacts, at: i64) -> AssetState {
    AssetState::from_facts(facts, minute(at), NOTICE)
}

#[test]
fn a_cut_off_that_a_proof_disproved_makes_no_refusal_definitive() {
    let announced_late = AssetFacts {
        cut_off: Some(CutOff {
            at: minute(-60),
            source: CutOffSource::Webhook,
            learned_at: minute(-90),
        }),
        ..proved()
    };
    let refused = refuse(announced_late, RefusalKind::NotReached, 5);
    assert_eq!(state(&refused, 5).status, Status::Suspect);
}

#[test]
fn a_revocation_stays_the_reason_after_the_token_is_found_dead() {
    let revoked = proved().observe(Observation::Deauthorisation, minute(5), &RULES);
    let probed = refuse(revoked, RefusalKind::TokenDead, 6);
    let state = state(&probed, 6);
    assert_eq!(
        (state.reason.code, state.fact.name),
        (ReasonCode::Revoked, FactName::Revocation)
    );
}

#[test]
fn a_deletion_is_the_reason_though_a_probe_proved_the_token_while_the_notice_waited() {
    let deleted = proved().observe(Observation::Deletion, minute(-1), &RULES);
    assert_eq!(deleted.active, None);
    assert_eq!(state(&deleted, 1).reason.code, ReasonCode::Revoked);
}

#[test]
fn refusals_that_arrive_in_the_reverse_order_are_spaced_all_the_same() {
    let mut facts = proved();
    for at in [30, 20, 20, 10] {
        facts = refuse(facts, RefusalKind::Unclassified, at);
    }
    assert_eq!(state(&facts, 30).status, Status::Suspect);
    assert_eq!(
        facts.refusals.map(|it| (it.since, it.unclassified)),
        Some((minute(10), 3))
    );
}

#[test]
fn a_proof_that_arrives_late_removes_no_refusal_after_it() {
    let doubted = refuse(proved(), RefusalKind::Unclassified, 1);
    let dead = refuse(doubted, RefusalKind::TokenDead, 5);
    assert_eq!(
        state(&prove(dead.clone(), 3), 6).status,
        Status::Disconnected
    );
    assert_eq!(state(&prove(dead, 6), 6).status, Status::Healthy);
}

#[test]
fn a_probe_is_due_at_the_next_date_though_an_earlier_one_has_passed() {
    let facts = AssetFacts {
        cut_off: Some(CutOff {
            at: minute(1),
            source: CutOffSource::Webhook,
            learned_at: minute(0),
        }),
        expires_at: Some(minute(60)),
        ..proved()
    };
    let probe = schedule_next_probe(&facts, minute(2), NOTICE, &Pace::default(), 0);
    assert_eq!(probe.map(|it| it.at), Some(minute(60)));
}

#[test]
fn a_second_revocation_counts_at_its_own_time() {
    let revoked = [5, 7].into_iter().fold(proved(), |facts, at| {
        facts.observe(Observation::Deauthorisation, minute(at), &RULES)
    });
    assert_eq!(
        state(&prove(revoked.clone(), 6), 8).status,
        Status::Disconnected
    );
    assert_eq!(state(&prove(revoked, 8), 8).status, Status::Healthy);
}
