//! The decisions on refused probes: one per kind of refusal.
//!
//! The rule: no refusal changes an active credential of another token.

use super::{CredentialChange, Decision, Standing, keep_active, old_token_or_none};
use crate::{Outcome, Reason, ReasonCode, Refusal, RefusalKind, Serving, Who};

pub(super) fn decide_refused(refusal: &Refusal, standing: &Standing) -> Decision {
    use RefusalKind as Kind;
    let decision = match &refusal.kind {
        Kind::NotReached | Kind::NoRole => decide_not_reached(refusal, standing),
        Kind::MissingScope(names) => {
            decide_missing_permission(ReasonCode::MissingScope, names, standing, Some(refusal))
        }
        Kind::MissingTask(names) => {
            decide_missing_permission(ReasonCode::MissingTask, names, standing, Some(refusal))
        }
        Kind::Checkpoint
        | Kind::Unconfirmed
        | Kind::TwoFactorRequired
        | Kind::ConsentRequired
        | Kind::DataAccessExpired => decide_action_required(refusal, standing),
        Kind::Throttled { retry_at } => Decision {
            retry_at: Some(*retry_at),
            ..decide_deferred(refusal, standing)
        },
        Kind::Unavailable | Kind::AppFault => decide_deferred(refusal, standing),
        Kind::TokenDead | Kind::PageMoved(_) | Kind::RequestFault | Kind::Unclassified => {
            decide_failed(refusal, standing)
        }
    };
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..decision
    }
}

/// The decision for an item that is still refused after its last retry.
#[must_use]
pub fn decide_last_refusal(refusal: &Refusal, standing: &Standing) -> Decision {
    Decision {
        fbtrace_id: refusal.fbtrace_id.clone(),
        ..decide_failed(refusal, standing)
    }
}

fn decide_not_reached(refusal: &Refusal, standing: &Standing) -> Decision {
    let may_park = standing.serves && !standing.same_token;
    if may_park {
        let reason = Reason::new(
            ReasonCode::NotReachedYet,
            Who::BusinessAdmin,
            "The new token does not reach this asset yet; it is parked and the old one still serves.",
            "Complete the migration of this business, or give the person access to the asset; then the new token \
             becomes active by itself.",
        );
        return keep_active(
            Outcome::Parked,
            CredentialChange::Park,
            Serving::Old,
            reason,
        );
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
            "The token does not reach this asset, and no other token serves it. {}",
            refusal.message
        ),
        "Give the person a role on the asset in its business, then replace the token again.",
    );
    keep_active(
        Outcome::NoAccess,
        doubt_own_token(standing, false),
        Serving::None,
        reason,
    )
}

pub(super) fn decide_missing_permission(
    code: ReasonCode,
    lacking: &[String],
    standing: &Standing,
    refusal: Option<&Refusal>,
) -> Decision {
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
    let graph_message = refusal
        .map(|it| format!(" {}", it.message))
        .unwrap_or_default();
    let (who, next_step) = if code == ReasonCode::MissingTask {
        (
            Who::BusinessAdmin,
            format!(
                "Assign the {requirement} to the person on this asset, then replace the token again."
            ),
        )
    } else {
        (
            Who::Person,
            format!("Log in again and grant the {requirement}, then replace the token again."),
        )
    };
    let detail = format!(
        "The new token reaches this asset but lacks a {requirement}{named}.{graph_message}"
    );
    let reason = Reason::new(code, who, detail, next_step);
    keep_active(
        Outcome::MissingPermission,
        CredentialChange::Nothing,
        old_token_or_none(standing),
        reason,
    )
}

fn decide_action_required(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, next_step) = match refusal.kind {
        RefusalKind::Checkpoint => (
            ReasonCode::Checkpoint,
            "Pass the checkpoint at facebook.com, then replace the token again.",
        ),
        RefusalKind::Unconfirmed => (
            ReasonCode::Unconfirmed,
            "Confirm the account at facebook.com, then replace the token again.",
        ),
        RefusalKind::TwoFactorRequired => (
            ReasonCode::TwoFactorRequired,
            "Turn on two-factor authentication, then replace the token again.",
        ),
        RefusalKind::DataAccessExpired => (
            ReasonCode::DataAccessExpired,
            "Log in to the app again to renew data access, then replace the token again.",
        ),
        _ => (
            ReasonCode::ConsentRequired,
            "Log in to the app again and consent, then replace the token again.",
        ),
    };
    let reason = Reason::new(code, Who::Person, refusal.message.clone(), next_step);
    keep_active(
        Outcome::UserActionRequired,
        CredentialChange::Nothing,
        old_token_or_none(standing),
        reason,
    )
}

fn decide_deferred(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, who, next_step) = match refusal.kind {
        RefusalKind::AppFault => (
            ReasonCode::AppFault,
            Who::Provider,
            "Correct the app's settings; the reconnect continues by itself.",
        ),
        RefusalKind::Throttled { .. } => (
            ReasonCode::Throttled,
            Who::NoOne,
            "The reconnect continues by itself.",
        ),
        _ => (
            ReasonCode::GraphUnavailable,
            Who::NoOne,
            "The reconnect continues by itself.",
        ),
    };
    let reason = Reason::new(code, who, refusal.message.clone(), next_step);
    keep_active(
        Outcome::Deferred,
        CredentialChange::Nothing,
        old_token_or_none(standing),
        reason,
    )
}

fn decide_failed(refusal: &Refusal, standing: &Standing) -> Decision {
    let (code, who, next_step) = match &refusal.kind {
        RefusalKind::TokenDead => (
            ReasonCode::TokenDead,
            Who::Person,
            "Log in again and replace the token.".to_owned(),
        ),
        RefusalKind::PageMoved(to) => {
            let to = to.as_deref().unwrap_or("the id in the message");
            (
                ReasonCode::PageMoved,
                Who::Provider,
                format!("Register the page as {to} and delete this one."),
            )
        }
        RefusalKind::RequestFault => (
            ReasonCode::RequestFault,
            Who::Provider,
            "Report this to the operator of Regrant.".to_owned(),
        ),
        RefusalKind::AppFault => (
            ReasonCode::AppFault,
            Who::Provider,
            "Correct the app's settings, then replace the token again.".to_owned(),
        ),
        RefusalKind::Throttled { .. } => (
            ReasonCode::Throttled,
            Who::NoOne,
            "Replace the token again later.".to_owned(),
        ),
        RefusalKind::Unavailable => (
            ReasonCode::GraphUnavailable,
            Who::NoOne,
            "Replace the token again later.".to_owned(),
        ),
        _ => (
            ReasonCode::Unclassified,
            Who::Provider,
            "Look up the message and replace the token again.".to_owned(),
        ),
    };
    let reason = Reason::new(code, who, refusal.message.clone(), next_step);
    if refusal.kind == RefusalKind::TokenDead && standing.same_token {
        return keep_active(
            Outcome::Failed,
            doubt_own_token(standing, true),
            Serving::None,
            reason,
        );
    }
    keep_active(
        Outcome::Failed,
        CredentialChange::Nothing,
        old_token_or_none(standing),
        reason,
    )
}

/// A refusal of the active token itself counts as a refused probe of the stored credential.
const fn doubt_own_token(standing: &Standing, definitive: bool) -> CredentialChange {
    if standing.same_token {
        CredentialChange::Doubt { definitive }
    } else {
        CredentialChange::Nothing
    }
}
