//! The sentences that explain the state of an asset: why, who must act, and how.

use super::EndingCause;
use crate::{NextStep, Reason, ReasonCode, Who};

pub(super) fn reason_never_connected() -> Reason {
    let detail = "No token was ever stored for this asset.";
    Reason::new(
        ReasonCode::NeverConnected,
        Who::Person,
        detail,
        NextStep::ReplaceFirst,
    )
}

/// The reason of an asset or an item with a stored row that does not parse, or a record that does not open.
#[must_use]
pub fn reason_unreadable() -> Reason {
    let detail = "A stored row of this asset does not parse, or its sealed token does not open.";
    Reason::new(
        ReasonCode::Unreadable,
        Who::Provider,
        detail,
        NextStep::Restore,
    )
}

pub(super) fn reason_ended(cause: EndingCause) -> Reason {
    let (code, detail) = match cause {
        EndingCause::CutOff => (
            ReasonCode::CutOffPassed,
            "The cut-off of this asset has passed for the token's person.",
        ),
        EndingCause::DataAccess => (
            ReasonCode::DataAccessExpired,
            "Data access of this token has expired.",
        ),
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days => {
            (ReasonCode::TokenExpired, "The token has expired.")
        }
        EndingCause::Revoked | EndingCause::PersonLeaves => {
            (ReasonCode::Revoked, "The person revoked the app's access.")
        }
    };
    Reason::new(code, Who::Person, detail, NextStep::Replace)
}

pub(super) fn reason_not_confirmed(cause: EndingCause) -> Reason {
    let detail = match cause {
        EndingCause::CutOff => {
            "The cut-off of this asset has arrived; no probe has said yet whether access has ended."
        }
        EndingCause::DataAccess => {
            "The date on which data access expires has arrived; Graph has not confirmed it yet."
        }
        _ => "The date on which the token expires has arrived; Graph has not confirmed it yet.",
    };
    Reason::new(
        ReasonCode::EndNotConfirmed,
        Who::NoOne,
        detail,
        NextStep::PrepareToken,
    )
}

pub(super) fn reason_not_probed() -> Reason {
    let detail = "The token was imported and has not been probed yet.";
    Reason::new(
        ReasonCode::NotProbed,
        Who::NoOne,
        detail,
        NextStep::WaitForProbe,
    )
}

/// Why a page's imported token is not served yet: Graph has not said whose token it is, or has not given the page's own.
#[must_use]
pub fn reason_not_attributed() -> Reason {
    let detail = "The imported token is not served before Graph has said whose token it is.";
    Reason::new(
        ReasonCode::NotProbed,
        Who::NoOne,
        detail,
        NextStep::WaitForOwner,
    )
}

pub(super) fn reason_migrating(parked: bool) -> Reason {
    let detail = "The person's access to this asset ends at the cut-off, because they move to a managed account.";
    if parked {
        let next_step = NextStep::ParkedUntilMigration;
        return Reason::new(
            ReasonCode::CutOffKnown,
            Who::BusinessAdmin,
            detail,
            next_step,
        );
    }
    let next_step = NextStep::ReplaceBeforeCutOff;
    Reason::new(ReasonCode::CutOffKnown, Who::Person, detail, next_step)
}

pub(super) fn reason_ends_soon(cause: EndingCause, refresh_failed: bool) -> Reason {
    let (who, detail, next_step) = match cause {
        EndingCause::SystemUser60Days if refresh_failed => (
            Who::BusinessAdmin,
            "The system user's token expires soon, and Graph did not refresh it.",
            NextStep::GenerateToken,
        ),
        EndingCause::TokenExpiry if refresh_failed => (
            Who::Person,
            "The token expires soon, and Graph did not refresh it.",
            NextStep::Replace,
        ),
        EndingCause::SystemUser60Days => (
            Who::NoOne,
            "The system user's token expires soon.",
            NextStep::WaitForRefresh,
        ),
        EndingCause::DataAccess => (
            Who::Person,
            "Data access of the token expires soon.",
            NextStep::Replace,
        ),
        EndingCause::TokenExpiry
        | EndingCause::CutOff
        | EndingCause::Revoked
        | EndingCause::PersonLeaves => (Who::Person, "The token expires soon.", NextStep::Replace),
    };
    Reason::new(ReasonCode::EndsSoon, who, detail, next_step)
}

pub(super) fn reason_works() -> Reason {
    Reason::new(
        ReasonCode::Works,
        Who::NoOne,
        "The token works and no ending is near.",
        NextStep::Nothing,
    )
}
