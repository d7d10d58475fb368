//! What a proof does to an asset: the decision table of a reconnect's item.
//!
//! The rule: a credential that serves is replaced only by one that is proved on that asset, is not
//! outranked and does not lose a task. Everything else keeps it.
//! Start at [`decide`]; `storage` carries the decision out by compare-and-set.

use crate::{
    CredentialKind, Outcome, Proof, Proven, Reason, ReasonCode, Refusal, RefusalKind, Serving,
    Timestamp, Who,
};

/// What stands at the asset before the item is settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The kind of the active credential, if there is one and it was proved on this asset.
    pub proved: Option<CredentialKind>,
    /// Whether the active credential is believed to work: not ended, not cut off, not disconnected.
    pub serves: bool,
    /// Whether the active credential came from the very token that is offered.
    pub same_token: bool,
    /// Tasks that were proved for the active credential; empty where none are known.
    pub tasks: Vec<String>,
    /// Whether the offered token's person is known to be past the asset's cut-off.
    pub cut_off_passed: bool,
}

/// What is to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Seal the new token, make it active, move the active one to `previous`.
    Activate,
    /// Seal the same token anew, with what was just learned of it, in the place of the active credential.
    Renew,
    /// Keep the active credential; seal the new token as a standby.
    StandBy,
    /// Keep the active credential; seal the new token as the candidate.
    Park,
    /// Keep the active credential, and note that a proof of its own token failed.
    Doubt {
        /// Whether the failure is of a class that needs no second proof.
        definitive: bool,
    },
    /// Store nothing but the item's outcome.
    Nothing,
}

/// The outcome of one item and what it does to the asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The outcome of the item.
    pub outcome: Outcome,
    /// What to store.
    pub effect: Effect,
    /// Which token serves afterwards.
    pub serving: Serving,
    /// Why; `None` where the new token simply works.
    pub reason: Option<Reason>,
    /// When to try again; `deferred` only.
    pub retry_at: Option<Timestamp>,
    /// Graph's trace id of the refusal.
    pub fbtrace_id: Option<String>,
}

/// Decides what `proof` of a token of kind `offered` does to an asset that stands as `standing`.
#[must_use]
pub fn decide(offered: CredentialKind, proof: &Proof, standing: &Standing) -> Decision {
    match proof {
        Proof::Proven(proven) => decide_proven(offered, proven, standing),
        Proof::Refused(refusal) => decide_refused(refusal, standing),
    }
}

fn decide_proven(offered: CredentialKind, proven: &Proven, standing: &Standing) -> Decision {
    if standing.same_token {
        let reason = Reason::new(
            ReasonCode::SameToken,
            Who::Nobody,
            "This token is already active here and was proved again.",
            "Nothing to do.",
        );
        return kept(Outcome::Unchanged, Effect::Renew, Serving::Old, reason);
    }
    let outranked = standing.proved == Some(CredentialKind::SystemUser)
        && offered != CredentialKind::SystemUser;
    if standing.serves && outranked {
        let reason = Reason::new(
            ReasonCode::Outranked,
            Who::Nobody,
            "A system user's token serves this asset and outranks a person's; the new one stands by.",
            "Nothing to do.",
        );
        return kept(Outcome::Unchanged, Effect::StandBy, Serving::Old, reason);
    }
    let lost = lost_tasks(proven, standing);
    if !lost.is_empty() {
        return missing(ReasonCode::MissingTask, &lost, standing, None);
    }
    Decision {
        outcome: Outcome::Replaced,
        effect: Effect::Activate,
        serving: Serving::New,
        reason: None,
        retry_at: None,
        fbtrace_id: None,
    }
}

fn decide_refused(refusal: &Refusal, standing: &Standing) -> Decision {
    use RefusalKind as Kind;
    let decision = match &refusal.kind {
        Kind::NotReached | Kind::NoRole => not_reached(refusal, standing),
        Kind::MissingScope(names) => {
            missing(ReasonCode::MissingScope, names, standing, Some(refusal))
        }
        Kind::MissingTask(names) => {
            missing(ReasonCode::MissingTask, names, standing, Some(refusal))
        }
        Kind::Checkpoint
        | Kind::Unconfirmed
        | Kind::TwoFactorRequired
        | Kind::ConsentRequired
        | Kind::DataAccessExpired => action_required(refusal, standing),
        Kind::Throttled { retry_at } => Decision {
            retry_at: Some(*retry_at),
            ..deferred(refusal, standing)
        },
        Kind::Unavailable | Kind::AppFault => deferred(refusal, standing),
        Kind::TokenDead | Kind::PageMoved(_) | Kind::RequestFault | Kind::Unclassified => {
            failed(refusal, standing)
        }
    };
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..decision
    }
}

/// The decision for an item whose transient refusal outlived its retries.
#[must_use]
pub fn give_up(refusal: &Refusal, standing: &Standing) -> Decision {
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..failed(refusal, standing)
    }
}

fn not_reached(refusal: &Refusal, standing: &Standing) -> Decision {
    let may_park = standing.serves && !standing.same_token;
    if may_park {
        let reason = Reason::new(
            ReasonCode::NotReachedYet,
            Who::BusinessAdmin,
            "The new token does not reach this asset yet; the old one still serves and the new one waits.",
            "Complete the migration of this business, or give the person access to the asset: the new token then \
             takes over by itself.",
        );
        return kept(Outcome::Parked, Effect::Park, Serving::Old, reason);
    }
    let code = match refusal.kind {
        _ if standing.cut_off_passed => ReasonCode::CutOffPassed,
        RefusalKind::NoRole => ReasonCode::NoRole,
        _ => ReasonCode::NotReached,
    };
    let reason = Reason::new(
        code,
        Who::BusinessAdmin,
        format!(
            "The token does not reach this asset, and no other serves it. {}",
            refusal.message
        ),
        "Give the person a role on the asset in its business, then replace again.",
    );
    kept(
        Outcome::NoAccess,
        doubt(standing, false),
        Serving::None,
        reason,
    )
}

fn missing(
    code: ReasonCode,
    lacking: &[String],
    standing: &Standing,
    refusal: Option<&Refusal>,
) -> Decision {
    let what = if code == ReasonCode::MissingTask {
        "task"
    } else {
        "permission"
    };
    let named = if lacking.is_empty() {
        String::new()
    } else {
        format!(": {}", lacking.join(", "))
    };
    let said = refusal
        .map(|it| format!(" {}", it.message))
        .unwrap_or_default();
    let (who, next_step) = if code == ReasonCode::MissingTask {
        (
            Who::BusinessAdmin,
            format!("Assign the {what} to the person on this asset, then replace again."),
        )
    } else {
        (
            Who::Person,
            format!("Log in again and grant the {what}, then replace again."),
        )
    };
    let detail = format!("The new token reaches this asset but lacks a {what}{named}.{said}");
    let reason = Reason::new(code, who, detail, next_step);
    kept(
        Outcome::MissingPermission,
        Effect::Nothing,
        old_or_none(standing),
        reason,
    )
}

fn action_required(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, next_step) = match refusal.kind {
        RefusalKind::Checkpoint => (
            ReasonCode::Checkpoint,
            "Pass the checkpoint at facebook.com, then replace again.",
        ),
        RefusalKind::Unconfirmed => (
            ReasonCode::Unconfirmed,
            "Confirm the account at facebook.com, then replace again.",
        ),
        RefusalKind::TwoFactorRequired => (
            ReasonCode::TwoFactorRequired,
            "Turn on two-factor authentication, then replace again.",
        ),
        RefusalKind::DataAccessExpired => (
            ReasonCode::DataAccessExpired,
            "Log in to the app again to renew data access, then replace again.",
        ),
        _ => (
            ReasonCode::ConsentRequired,
            "Log in to the app again and consent, then replace again.",
        ),
    };
    let reason = Reason::new(code, Who::Person, refusal.message.clone(), next_step);
    kept(
        Outcome::UserActionRequired,
        Effect::Nothing,
        old_or_none(standing),
        reason,
    )
}

fn deferred(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, who, next_step) = match refusal.kind {
        RefusalKind::AppFault => (
            ReasonCode::AppFault,
            Who::Provider,
            "Mend the app's settings; the reconnect goes on by itself.",
        ),
        RefusalKind::Throttled { .. } => (
            ReasonCode::Throttled,
            Who::Nobody,
            "The reconnect goes on by itself.",
        ),
        _ => (
            ReasonCode::GraphUnavailable,
            Who::Nobody,
            "The reconnect goes on by itself.",
        ),
    };
    let reason = Reason::new(code, who, refusal.message.clone(), next_step);
    kept(
        Outcome::Deferred,
        Effect::Nothing,
        old_or_none(standing),
        reason,
    )
}

fn failed(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, who, next_step) = match &refusal.kind {
        RefusalKind::TokenDead => (
            ReasonCode::TokenDead,
            Who::Person,
            "Log in again and replace with the new token.".to_owned(),
        ),
        RefusalKind::PageMoved(to) => {
            let to = to.as_deref().unwrap_or("the id named in the message");
            (
                ReasonCode::PageMoved,
                Who::Provider,
                format!("Register the page as {to} and delete this one."),
            )
        }
        RefusalKind::RequestFault => (
            ReasonCode::RequestFault,
            Who::Provider,
            "Report this to whoever runs Regrant.".to_owned(),
        ),
        RefusalKind::AppFault => (
            ReasonCode::AppFault,
            Who::Provider,
            "Mend the app's settings, then replace again.".to_owned(),
        ),
        RefusalKind::Throttled { .. } => (
            ReasonCode::Throttled,
            Who::Nobody,
            "Replace again later.".to_owned(),
        ),
        RefusalKind::Unavailable => (
            ReasonCode::GraphUnavailable,
            Who::Nobody,
            "Replace again later.".to_owned(),
        ),
        _ => (
            ReasonCode::Unclassified,
            Who::Provider,
            "Look the message up and replace again.".to_owned(),
        ),
    };
    let reason = Reason::new(code, who, refusal.message.clone(), next_step);
    if refusal.kind == RefusalKind::TokenDead && standing.same_token {
        return kept(
            Outcome::Failed,
            doubt(standing, true),
            Serving::None,
            reason,
        );
    }
    kept(
        Outcome::Failed,
        Effect::Nothing,
        old_or_none(standing),
        reason,
    )
}

/// A refusal of the very token that serves is a failed proof of what is stored.
const fn doubt(standing: &Standing, definitive: bool) -> Effect {
    if standing.same_token {
        Effect::Doubt { definitive }
    } else {
        Effect::Nothing
    }
}

/// Tasks the serving credential proved and the new one does not.
fn lost_tasks(proven: &Proven, standing: &Standing) -> Vec<String> {
    let Some(tasks) = proven.tasks.as_deref().filter(|_| standing.serves) else {
        return Vec::new();
    };
    let holds: Vec<_> = tasks.iter().map(|it| plain_task(it)).collect();
    if holds.contains(&FULL_CONTROL) {
        return Vec::new();
    }
    standing
        .tasks
        .iter()
        .filter(|it| !holds.contains(&plain_task(it)))
        .cloned()
        .collect()
}

const FULL_CONTROL: &str = "FULL_CONTROL";

/// `PROFILE_PLUS_MODERATE` of the new page experience is `MODERATE` of the classic one.
fn plain_task(task: &str) -> &str {
    task.strip_prefix("PROFILE_PLUS_").unwrap_or(task)
}

fn old_or_none(standing: &Standing) -> Serving {
    if standing.serves {
        Serving::Old
    } else {
        Serving::None
    }
}

fn kept(outcome: Outcome, effect: Effect, serving: Serving, reason: Reason) -> Decision {
    Decision {
        outcome,
        effect,
        serving,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(kind: RefusalKind) -> Proof {
        Proof::Refused(Refusal {
            kind,
            message: "(#100) words of the Graph".to_owned(),
            fbtrace_id: None,
        })
    }

    fn served() -> Standing {
        Standing {
            proved: Some(CredentialKind::User),
            serves: true,
            ..Standing::default()
        }
    }

    fn outcome(proof: &Proof, standing: &Standing) -> (Outcome, Effect, Serving) {
        let it = decide(CredentialKind::User, proof, standing);
        (it.outcome, it.effect, it.serving)
    }

    #[test]
    fn a_proved_token_replaces() {
        let proof = Proof::Proven(Proven::default());
        assert_eq!(
            outcome(&proof, &served()),
            (Outcome::Replaced, Effect::Activate, Serving::New)
        );
    }

    #[test]
    fn an_unreached_asset_parks_only_while_another_token_serves() {
        let proof = refused(RefusalKind::NotReached);
        assert_eq!(
            outcome(&proof, &served()),
            (Outcome::Parked, Effect::Park, Serving::Old)
        );
        let bare = Standing::default();
        assert_eq!(
            outcome(&proof, &bare),
            (Outcome::NoAccess, Effect::Nothing, Serving::None)
        );
    }

    #[test]
    fn a_persons_token_stands_by_behind_a_system_users() {
        let standing = Standing {
            proved: Some(CredentialKind::SystemUser),
            ..served()
        };
        let proof = Proof::Proven(Proven::default());
        assert_eq!(
            outcome(&proof, &standing),
            (Outcome::Unchanged, Effect::StandBy, Serving::Old)
        );
    }

    #[test]
    fn an_imported_system_users_token_outranks_nothing_before_it_is_proved() {
        let standing = Standing {
            proved: None,
            ..served()
        };
        let proof = Proof::Proven(Proven::default());
        assert_eq!(outcome(&proof, &standing).0, Outcome::Replaced);
    }

    #[test]
    fn a_refusal_of_the_token_that_serves_is_a_failed_proof_of_it() {
        let standing = Standing {
            same_token: true,
            ..served()
        };
        let told = |kind| outcome(&refused(kind), &standing);
        let (spaced, dead) = (
            Effect::Doubt { definitive: false },
            Effect::Doubt { definitive: true },
        );
        assert_eq!(
            told(RefusalKind::NotReached),
            (Outcome::NoAccess, spaced, Serving::None)
        );
        assert_eq!(
            told(RefusalKind::TokenDead),
            (Outcome::Failed, dead, Serving::None)
        );
    }

    #[test]
    fn a_token_that_would_lose_a_task_does_not_replace() {
        let standing = Standing {
            tasks: vec!["MANAGE".to_owned(), "ANALYZE".to_owned()],
            ..served()
        };
        let proof = Proof::Proven(Proven {
            tasks: Some(vec!["ANALYZE".to_owned()]),
            ..Proven::default()
        });
        let decision = decide(CredentialKind::User, &proof, &standing);
        assert_eq!(decision.outcome, Outcome::MissingPermission);
        assert!(
            decision
                .reason
                .is_some_and(|it| it.detail.contains(": MANAGE."))
        );
    }

    #[test]
    fn tasks_of_the_new_page_experience_count_as_the_classic_ones() {
        let standing = Standing {
            tasks: vec!["MODERATE".to_owned()],
            ..served()
        };
        let tasks = Some(vec!["PROFILE_PLUS_MODERATE".to_owned()]);
        let proof = Proof::Proven(Proven {
            tasks,
            ..Proven::default()
        });
        assert_eq!(outcome(&proof, &standing).0, Outcome::Replaced);
    }

    #[test]
    fn no_refusal_ever_touches_the_serving_credential() {
        use RefusalKind as Kind;
        let at = crate::Clock::wall();
        for kind in [
            Kind::NotReached,
            Kind::NoRole,
            Kind::MissingScope(vec![]),
            Kind::MissingTask(vec![]),
            Kind::Checkpoint,
            Kind::Unconfirmed,
            Kind::TwoFactorRequired,
            Kind::ConsentRequired,
            Kind::DataAccessExpired,
            Kind::TokenDead,
            Kind::AppFault,
            Kind::PageMoved(None),
            Kind::RequestFault,
            Kind::Throttled { retry_at: at },
            Kind::Unavailable,
            Kind::Unclassified,
        ] {
            let (_, effect, serving) = outcome(&refused(kind.clone()), &served());
            assert!(matches!(effect, Effect::Park | Effect::Nothing), "{kind:?}");
            assert_eq!(serving, Serving::Old, "{kind:?}");
        }
    }
}
