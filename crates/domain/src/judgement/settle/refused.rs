//! The decisions on refused probes: one per kind of refusal.
//!
//! The rule: no refusal changes an active credential of another token. A refusal of the active token itself is counted,
//! whatever the item's outcome; until the refusals disconnect the asset, that token serves.

use super::{CredentialChange, Decision, Standing, keep_active, old_token_or_none};
use crate::{
    Certainty, NextStep, Outcome, Reason, ReasonCode, Refusal, RefusalKind, Serving, Who,
    judgement::watch::reason_cut_off_passed,
};

pub(super) fn decide_refused(refusal: &Refusal, standing: &Standing) -> Decision {
    use RefusalKind as Kind;
    let decision = match &refusal.kind {
        Kind::NotReached | Kind::NotReachedWithoutScope(_) | Kind::NoRole => {
            decide_not_reached(refusal, standing)
        }
        Kind::MissingScope(names) | Kind::MissingTask(names) => {
            decide_missing_permission(refusal.kind.meaning().code, names, standing, Some(refusal))
        }
        Kind::Checkpoint
        | Kind::Unconfirmed
        | Kind::TwoFactorRequired
        | Kind::ConsentRequired
        | Kind::DataAccessExpired => decide_plainly(Outcome::UserActionRequired, refusal, standing),
        Kind::Throttled { retry_at } => Decision {
            retry_at: Some(*retry_at),
            ..decide_plainly(Outcome::Deferred, refusal, standing)
        },
        Kind::Unavailable | Kind::AppFault => decide_plainly(Outcome::Deferred, refusal, standing),
        Kind::TokenDead
        | Kind::TokenRefused
        | Kind::Contradicted
        | Kind::AppRestricted
        | Kind::PageMoved(_)
        | Kind::RequestFault
        | Kind::Unclassified => decide_plainly(Outcome::Failed, refusal, standing),
    };
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..decision
    }
}

/// The decision for an item that is still refused after its last retry.
#[must_use]
pub fn decide_last_refusal(refusal: &Refusal, standing: &Standing) -> Decision {
    let next_step = match refusal.kind {
        RefusalKind::AppFault => NextStep::CorrectAppThenReplace,
        _ => NextStep::ReplaceLater,
    };
    let meaning = refusal.kind.meaning();
    let reason = Reason::new(
        meaning.code,
        meaning.who_after_last_try(),
        refusal.message.clone(),
        next_step,
    );
    let serving = old_token_or_none(standing);
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..keep_active(Outcome::Failed, CredentialChange::Nothing, serving, reason)
    }
}

fn decide_not_reached(refusal: &Refusal, standing: &Standing) -> Decision {
    if standing.serves && !standing.same_token {
        let (change, serving) = (CredentialChange::Park, Serving::Old);
        return keep_active(Outcome::Parked, change, serving, reason_parked(refusal));
    }
    let is_cut_off = is_cut_off(refusal, standing);
    if let RefusalKind::NotReachedWithoutScope(names) = &refusal.kind
        && !is_cut_off
    {
        let code = ReasonCode::MissingScope;
        return decide_missing_permission(code, names, standing, Some(refusal));
    }
    let change = count_own_refusal(refusal, standing);
    let serving = serving_after(change, refusal, standing);
    let detail = match serving {
        Serving::None => "The token does not reach this asset, and no other token serves it.",
        Serving::Old | Serving::New => {
            "The token that serves this asset does not reach it now; it serves until another probe is refused."
        }
    };
    let detail = format!("{detail} {}", refusal.message);
    let reason = if is_cut_off {
        reason_cut_off_passed(detail)
    } else {
        let meaning = refusal.kind.meaning();
        Reason::new(meaning.code, meaning.who, detail, meaning.offered)
    };
    keep_active(Outcome::NoAccess, change, serving, reason)
}

/// Why a token is parked. One without the permissions that read such an asset may never reach it: they are named.
fn reason_parked(refusal: &Refusal) -> Reason {
    let detail =
        "The new token does not reach this asset yet; it is parked and the old one still serves.";
    let RefusalKind::NotReachedWithoutScope(names) = &refusal.kind else {
        let (code, next_step) = (ReasonCode::NotReachedYet, NextStep::CompleteMigration);
        return Reason::new(code, Who::BusinessAdmin, detail, next_step);
    };
    let meaning = refusal.kind.meaning();
    let detail = format!(
        "{detail} It may lack a permission: {}. {}",
        names.join(", "),
        refusal.message
    );
    Reason::new(meaning.code, meaning.who, detail, meaning.offered).lacking(names)
}

/// Whether the refusal says that the person's cut-off has passed.
const fn is_cut_off(refusal: &Refusal, standing: &Standing) -> bool {
    standing.cut_off_passed && refusal.kind.is_not_reached()
}

pub(super) fn decide_missing_permission(
    code: ReasonCode,
    lacking: &[String],
    standing: &Standing,
    refusal: Option<&Refusal>,
) -> Decision {
    let meaning = if code == ReasonCode::MissingTask {
        RefusalKind::MissingTask(Vec::new()).meaning()
    } else {
        RefusalKind::MissingScope(Vec::new()).meaning()
    };
    let requirement = if code == ReasonCode::MissingTask {
        "task"
    } else {
        "permission"
    };
    let named = if lacking.is_empty() {
        String::new()
    } else {
        format!(": {}", lacking.join(", "))
    };
    // Only a probe that read the object shows that the token reaches it.
    let detail = match refusal {
        None => format!("The new token reaches this asset but lacks a {requirement}{named}."),
        Some(it) => format!("The new token lacks a {requirement}{named}. {}", it.message),
    };
    let (change, serving) = match refusal {
        None => (CredentialChange::Nothing, old_token_or_none(standing)),
        Some(it) => {
            let change = count_own_refusal(it, standing);
            (change, serving_after(change, it, standing))
        }
    };
    keep_active(
        Outcome::MissingPermission,
        change,
        serving,
        Reason::new(code, meaning.who, detail, meaning.offered).lacking(lacking),
    )
}

/// The decision with this outcome, where the table of meanings says all that there is to say.
fn decide_plainly(outcome: Outcome, refusal: &Refusal, standing: &Standing) -> Decision {
    let meaning = refusal.kind.meaning();
    let reason = Reason::new(
        meaning.code,
        meaning.who,
        refusal.message.clone(),
        meaning.offered,
    );
    let change = count_own_refusal(refusal, standing);
    let serving = serving_after(change, refusal, standing);
    keep_active(outcome, change, serving, reason)
}

/// Which token serves once the refusal is counted. A refusal that is held makes the asset suspect, no more.
fn serving_after(change: CredentialChange, refusal: &Refusal, standing: &Standing) -> Serving {
    let is_held =
        standing.refusals_held && refusal.kind.is_mass_suspect() && !is_cut_off(refusal, standing);
    let ends = match change {
        CredentialChange::CountRefusal(Certainty::Definitive) => true,
        CredentialChange::CountRefusal(Certainty::Spaced) => standing.next_refusal_ends,
        _ => false,
    };
    if ends && !is_held {
        Serving::None
    } else {
        old_token_or_none(standing)
    }
}

/// A refusal of the active token itself counts as a refused probe of the stored credential.
const fn count_own_refusal(refusal: &Refusal, standing: &Standing) -> CredentialChange {
    let certainty = if is_cut_off(refusal, standing) {
        Certainty::Definitive
    } else {
        refusal.kind.certainty()
    };
    match certainty {
        Certainty::Silent => CredentialChange::Nothing,
        certainty if standing.same_token => CredentialChange::CountRefusal(certainty),
        _ => CredentialChange::Nothing,
    }
}
