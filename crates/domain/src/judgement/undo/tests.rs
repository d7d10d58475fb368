//! The decision on every standing and probe result, as a table.

use super::*;
use crate::ProbeFacts;

const UNDONE: i64 = 5;
/// A reconnect before the undone one, the undone one, and one after it.
const NUMBERS: [i64; 3] = [4, UNDONE, 6];

fn refused(kind: RefusalKind) -> ProbeResult {
    ProbeResult::Refused(Refusal {
        kind,
        message: "(#190) a message of Graph".to_owned(),
        fbtrace_id: Some("trace".to_owned()),
    })
}

fn works() -> ProbeResult {
    ProbeResult::Works(ProbeFacts::default())
}

/// The token of the undone reconnect serves, and the one before is kept.
fn replaced() -> UndoStanding {
    UndoStanding {
        undone: UNDONE,
        settled: UNDONE,
        active: Some(UNDONE),
        candidate: None,
        has_previous: true,
        serves: true,
    }
}

fn every_standing() -> Vec<UndoStanding> {
    let slots = || [None, Some(4), Some(UNDONE), Some(6)];
    let mut all = Vec::new();
    for settled in NUMBERS {
        for (active, candidate) in slots().iter().flat_map(|a| slots().map(|c| (*a, c))) {
            for (has_previous, serves) in
                [(false, false), (false, true), (true, false), (true, true)]
            {
                all.push(UndoStanding {
                    undone: UNDONE,
                    settled,
                    active,
                    candidate,
                    has_previous,
                    serves,
                });
            }
        }
    }
    all
}

fn every_refusal() -> Vec<(RefusalKind, Outcome)> {
    use Outcome::{Deferred, Failed, PreviousDead};
    use RefusalKind as Kind;
    let retry_at = crate::Clock::system_time();
    vec![
        (Kind::NotReached, PreviousDead),
        (Kind::NotReachedWithoutScope(vec![]), PreviousDead),
        (Kind::NoRole, PreviousDead),
        (Kind::MissingScope(vec![]), PreviousDead),
        (Kind::MissingTask(vec![]), PreviousDead),
        (Kind::Checkpoint, PreviousDead),
        (Kind::Unconfirmed, PreviousDead),
        (Kind::TwoFactorRequired, PreviousDead),
        (Kind::ConsentRequired, PreviousDead),
        (Kind::DataAccessExpired, PreviousDead),
        (Kind::TokenDead, PreviousDead),
        (Kind::PageMoved(None), PreviousDead),
        (Kind::AppRestricted, PreviousDead),
        (Kind::TokenRefused, Failed),
        (Kind::Contradicted, Failed),
        (Kind::RequestFault, Failed),
        (Kind::Unclassified, Failed),
        (Kind::Throttled { retry_at }, Deferred),
        (Kind::Unavailable, Deferred),
        (Kind::AppFault, Deferred),
    ]
}

#[test]
fn the_step_of_every_standing_is_the_one_of_the_table() {
    for it in every_standing() {
        let is_newer = it.settled > UNDONE || it.active == Some(6) || it.candidate == Some(6);
        let expected = match (it.active, it.candidate) {
            _ if is_newer => UndoStep::Superseded,
            (Some(UNDONE), _) if it.has_previous => UndoStep::ProvePrevious,
            (Some(UNDONE), _) => UndoStep::NoPrevious,
            (_, Some(UNDONE)) => UndoStep::DropCandidate,
            _ => UndoStep::NotServing,
        };
        assert_eq!(it.step(), expected, "{it:?}");
    }
}

#[test]
fn a_previous_token_is_restored_only_if_it_works_and_nothing_came_later() {
    let refusals = every_refusal()
        .into_iter()
        .map(|(kind, _)| Some(refused(kind)));
    let proofs: Vec<_> = [None, Some(works())].into_iter().chain(refusals).collect();
    for standing in every_standing() {
        for proof in &proofs {
            let decision = decide_undo(&standing, proof.as_ref());
            let is_restored = decision.is_some_and(|it| it.change == UndoChange::RestorePrevious);
            let is_proved = matches!(proof, Some(ProbeResult::Works(_)));
            let expected = is_proved && standing.step() == UndoStep::ProvePrevious;
            assert_eq!(is_restored, expected, "{standing:?} {proof:?}");
        }
    }
}

#[test]
fn a_step_that_needs_no_proof_is_decided_without_one() {
    for standing in every_standing() {
        let decision = decide_undo(&standing, None).map(|it| (it.outcome, it.change));
        let expected = match standing.step() {
            UndoStep::ProvePrevious => None,
            UndoStep::DropCandidate => Some((Outcome::Restored, UndoChange::DropCandidate)),
            UndoStep::Superseded => Some((Outcome::Superseded, UndoChange::Nothing)),
            UndoStep::NoPrevious | UndoStep::NotServing => {
                Some((Outcome::NothingToUndo, UndoChange::Nothing))
            }
        };
        assert_eq!(decision, expected, "{standing:?}");
    }
}

#[test]
fn every_refusal_of_the_previous_token_has_its_outcome_and_changes_nothing() {
    for (kind, outcome) in every_refusal() {
        let decision = decide_undo(&replaced(), Some(&refused(kind.clone()))).unwrap();
        let found = (decision.outcome, decision.change, decision.serving);
        assert_eq!(
            found,
            (outcome, UndoChange::Nothing, Serving::New),
            "{kind:?}"
        );
        assert_eq!(decision.fbtrace_id.as_deref(), Some("trace"), "{kind:?}");
        assert!(decision.reason.is_some(), "{kind:?}");
    }
}

#[test]
fn only_a_throttle_names_the_time_of_the_retry() {
    for (kind, _) in every_refusal() {
        let decision = decide_undo(&replaced(), Some(&refused(kind.clone()))).unwrap();
        let is_throttled = matches!(kind, RefusalKind::Throttled { .. });
        assert_eq!(decision.retry_at.is_some(), is_throttled, "{kind:?}");
    }
}

#[test]
fn a_person_must_act_where_neither_token_works() {
    let broken = UndoStanding {
        serves: false,
        ..replaced()
    };
    let decision = decide_undo(&broken, Some(&refused(RefusalKind::TokenDead))).unwrap();
    assert_eq!(decision.serving, Serving::None);
    assert_eq!(decision.reason.map(|it| it.who), Some(Who::Person));
}

#[test]
fn after_the_last_try_no_failed_undo_waits_for_no_one() {
    for (kind, _) in every_refusal() {
        let ProbeResult::Refused(refusal) = refused(kind) else {
            unreachable!("it is refused")
        };
        let decision = decide_failed_undo(&refusal, &replaced());
        let reason = decision.reason.expect("a reason");
        let is_left = reason.who == Who::NoOne && reason.next_step != NextStep::Nothing;
        assert!(!is_left, "{reason:?}");
    }
}
