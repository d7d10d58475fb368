//! The decision on every probe result and standing, as a table.

use super::*;
use crate::{
    Certainty, CutOff, CutOffSource, Refusal, RefusalKind,
    watch::{Verdict, judge_probe},
};

fn refused(kind: RefusalKind) -> ProbeResult {
    ProbeResult::Refused(Refusal {
        kind,
        message: "(#100) a message of Graph".to_owned(),
        fbtrace_id: None,
    })
}

fn served() -> Standing {
    Standing {
        working_kind: Some(CredentialKind::User),
        serves: true,
        ..Standing::default()
    }
}

fn outcome(result: &ProbeResult, standing: &Standing) -> (Outcome, CredentialChange, Serving) {
    let it = decide_outcome(CredentialKind::User, result, standing);
    (it.outcome, it.change, it.serving)
}

#[test]
fn a_token_that_works_replaces_the_active_one() {
    let result = ProbeResult::Works(ProbeFacts::default());
    assert_eq!(
        outcome(&result, &served()),
        (Outcome::Replaced, CredentialChange::Activate, Serving::New)
    );
}

#[test]
fn a_token_that_does_not_reach_the_asset_is_parked_only_while_another_serves() {
    let result = refused(RefusalKind::NotReached);
    assert_eq!(
        outcome(&result, &served()),
        (Outcome::Parked, CredentialChange::Park, Serving::Old)
    );
    let bare = Standing::default();
    assert_eq!(
        outcome(&result, &bare),
        (Outcome::NoAccess, CredentialChange::Nothing, Serving::None)
    );
}

#[test]
fn a_persons_token_becomes_a_standby_of_a_system_users_token() {
    let standing = Standing {
        working_kind: Some(CredentialKind::SystemUser),
        ..served()
    };
    let result = ProbeResult::Works(ProbeFacts::default());
    assert_eq!(
        outcome(&result, &standing),
        (
            Outcome::Unchanged,
            CredentialChange::AddStandby,
            Serving::Old
        )
    );
}

#[test]
fn an_imported_system_users_token_outranks_others_only_after_it_worked_in_a_probe() {
    let standing = Standing {
        working_kind: None,
        ..served()
    };
    let result = ProbeResult::Works(ProbeFacts::default());
    assert_eq!(outcome(&result, &standing).0, Outcome::Replaced);
}

#[test]
fn a_refusal_of_the_active_token_itself_is_recorded() {
    let standing = Standing {
        same_token: true,
        ..served()
    };
    let refused_with = |kind| outcome(&refused(kind), &standing);
    let (spaced, dead) = (
        CredentialChange::CountRefusal(Certainty::Spaced),
        CredentialChange::CountRefusal(Certainty::Definitive),
    );
    assert_eq!(
        refused_with(RefusalKind::NotReached),
        (Outcome::NoAccess, spaced, Serving::Old)
    );
    assert_eq!(
        refused_with(RefusalKind::TokenDead),
        (Outcome::Failed, dead, Serving::None)
    );
}

#[test]
fn the_active_token_serves_until_its_refusals_disconnect_the_asset() {
    use RefusalKind as Kind;
    let first = Standing {
        same_token: true,
        ..served()
    };
    let second = Standing {
        next_refusal_ends: true,
        ..first.clone()
    };
    let held = Standing {
        refusals_held: true,
        ..second.clone()
    };
    let (old, none) = (Serving::Old, Serving::None);
    for (kind, expected) in [
        (Kind::NotReached, [old, none, old]),
        (Kind::MissingScope(vec![]), [old, none, old]),
        (Kind::TwoFactorRequired, [old, none, old]),
        (Kind::Checkpoint, [none, none, old]),
        (Kind::TokenDead, [none, none, none]),
        (Kind::Unclassified, [old, old, old]),
        (Kind::Unavailable, [old, old, old]),
    ] {
        let result = refused(kind.clone());
        let serving = [&first, &second, &held].map(|it| outcome(&result, it).2);
        assert_eq!(serving, expected, "{kind:?}");
    }
}

#[test]
fn an_item_does_not_claim_that_no_token_serves_while_the_refused_one_does() {
    let standing = Standing {
        same_token: true,
        ..served()
    };
    let result = refused(RefusalKind::NotReached);
    let decision = decide_outcome(CredentialKind::User, &result, &standing);
    let detail = decision.reason.expect("a reason").detail;
    assert!(!detail.contains("no other token serves"), "{detail}");
}

#[test]
fn a_token_that_would_lose_a_task_does_not_replace() {
    let standing = Standing {
        tasks: vec!["MANAGE".to_owned(), "ANALYZE".to_owned()],
        ..served()
    };
    let result = ProbeResult::Works(ProbeFacts {
        tasks: Some(vec!["ANALYZE".to_owned()]),
        ..ProbeFacts::default()
    });
    let decision = decide_outcome(CredentialKind::User, &result, &standing);
    assert_eq!(decision.outcome, Outcome::MissingPermission);
    assert!(
        decision
            .reason
            .is_some_and(|it| it.detail.contains(": MANAGE."))
    );
}

#[test]
fn tasks_of_the_new_page_experience_equal_the_classic_ones() {
    let standing = Standing {
        tasks: vec!["MODERATE".to_owned()],
        ..served()
    };
    let tasks = Some(vec!["PROFILE_PLUS_MODERATE".to_owned()]);
    let result = ProbeResult::Works(ProbeFacts {
        tasks,
        ..ProbeFacts::default()
    });
    assert_eq!(outcome(&result, &standing).0, Outcome::Replaced);
}

#[test]
fn no_refusal_changes_an_active_credential_that_serves() {
    use RefusalKind as Kind;
    let at = crate::Clock::system_time();
    for kind in [
        Kind::NotReached,
        Kind::NotReachedWithoutScope(vec![]),
        Kind::NoRole,
        Kind::MissingScope(vec![]),
        Kind::MissingTask(vec![]),
        Kind::Checkpoint,
        Kind::Unconfirmed,
        Kind::TwoFactorRequired,
        Kind::ConsentRequired,
        Kind::DataAccessExpired,
        Kind::TokenDead,
        Kind::TokenRefused,
        Kind::Contradicted,
        Kind::AppRestricted,
        Kind::AppFault,
        Kind::PageMoved(None),
        Kind::RequestFault,
        Kind::Throttled { retry_at: at },
        Kind::Unavailable,
        Kind::Unclassified,
    ] {
        let (_, effect, serving) = outcome(&refused(kind.clone()), &served());
        assert!(
            matches!(effect, CredentialChange::Park | CredentialChange::Nothing),
            "{kind:?}"
        );
        assert_eq!(serving, Serving::Old, "{kind:?}");
    }
}

#[test]
fn a_refreshed_token_waits_where_its_persons_token_waited_unless_graph_calls_it_unusable() {
    let waits = (Outcome::Parked, CredentialChange::Park, Serving::Old);
    for (result, expected) in [
        (ProbeResult::Works(ProbeFacts::default()), waits),
        (refused(RefusalKind::NotReached), waits),
        (refused(RefusalKind::NotReachedWithoutScope(vec![])), waits),
        (refused(RefusalKind::NoRole), waits),
    ] {
        let decision = decide_outcome(CredentialKind::User, &result, &served());
        let it = decide_waiting(decision, &result, &served());
        assert_eq!((it.outcome, it.change, it.serving), expected, "{result:?}");
    }
    let dead = refused(RefusalKind::TokenDead);
    let decision = decide_outcome(CredentialKind::User, &dead, &served());
    assert_eq!(decide_waiting(decision.clone(), &dead, &served()), decision);
}

#[test]
fn a_refreshed_token_is_a_standby_where_its_persons_token_was_one_and_serves_nothing() {
    let works = ProbeResult::Works(ProbeFacts::default());
    let unserved = Standing {
        serves: false,
        ..served()
    };
    for (standing, serving) in [(served(), Serving::Old), (unserved, Serving::None)] {
        let decision = decide_outcome(CredentialKind::User, &works, &standing);
        assert_eq!(decision.change, CredentialChange::Activate);
        let it = decide_standby(decision, &works, &standing);
        assert_eq!(
            (it.outcome, it.change, it.serving),
            (Outcome::Unchanged, CredentialChange::AddStandby, serving)
        );
    }
    let refusal = refused(RefusalKind::NotReached);
    let decision = decide_outcome(CredentialKind::User, &refusal, &served());
    assert_eq!(
        decide_standby(decision.clone(), &refusal, &served()),
        decision
    );
}

#[test]
fn a_cut_off_has_passed_only_for_the_person_who_serves() {
    let passed = Standing {
        cut_off_passed: true,
        ..served()
    };
    let (one, other): (PersonId, PersonId) =
        ("1".parse().expect("an id"), "2".parse().expect("an id"));
    assert!(passed.for_person(Some(&one), Some(&one)).cut_off_passed);
    assert!(!passed.for_person(Some(&one), Some(&other)).cut_off_passed);
    assert!(!passed.for_person(None, None).cut_off_passed);
}

#[test]
fn after_the_cut_off_a_reconnect_says_of_the_old_account_what_the_worker_says() {
    use RefusalKind as Kind;
    let now = crate::Clock::system_time();
    let passed = CutOff {
        at: now,
        source: CutOffSource::Probe,
        learned_at: now,
    };
    let lacking = || Kind::NotReachedWithoutScope(vec!["pages_show_list".to_owned()]);
    for kind in [Kind::NotReached, lacking(), Kind::NoRole] {
        for same_token in [false, true] {
            let result = refused(kind.clone());
            let standing = Standing {
                serves: same_token,
                same_token,
                cut_off_passed: true,
                refusals_held: true,
                ..served()
            };
            let decision = decide_outcome(CredentialKind::User, &result, &standing);
            let Verdict::Refused { reason, certainty } = judge_probe(&result, Some(passed), now)
            else {
                panic!("{kind:?} is counted")
            };
            let counted = CredentialChange::CountRefusal(certainty);
            let change = if same_token {
                counted
            } else {
                CredentialChange::Nothing
            };
            assert_eq!(
                (decision.outcome, decision.change, decision.serving),
                (Outcome::NoAccess, change, Serving::None),
                "{kind:?}"
            );
            let found = decision.reason.expect("a reason");
            assert_eq!(
                (found.code, found.who, found.next_step),
                (reason.code, reason.who, reason.next_step),
                "{kind:?}"
            );
        }
    }
}

#[test]
fn a_scope_name_decides_neither_whether_a_token_is_parked_nor_what_it_means() {
    let names = vec!["pages_show_list".to_owned()];
    let result = refused(RefusalKind::NotReachedWithoutScope(names.clone()));
    assert_eq!(
        outcome(&result, &served()),
        (Outcome::Parked, CredentialChange::Park, Serving::Old)
    );
    let reason = |standing| decide_outcome(CredentialKind::User, &result, &standing).reason;
    let parked = reason(served()).expect("a reason");
    assert_eq!(
        (parked.code, parked.lacking),
        (ReasonCode::MissingScope, names)
    );
    assert_eq!(
        outcome(&result, &Standing::default()),
        (
            Outcome::MissingPermission,
            CredentialChange::Nothing,
            Serving::None
        )
    );
}

#[test]
fn after_the_last_try_no_failed_item_waits_for_no_one() {
    for kind in crate::judgement_docs::every_kind() {
        let ProbeResult::Refused(refusal) = refused(kind) else {
            unreachable!("it is refused")
        };
        let decision = decide_last_refusal(&refusal, &served());
        let reason = decision.reason.expect("a reason");
        let is_left = reason.who == Who::NoOne && reason.next_step != NextStep::Nothing;
        assert!(
            decision.outcome != Outcome::Failed || !is_left,
            "{reason:?}"
        );
    }
}
