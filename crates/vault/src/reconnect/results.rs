//! The results of items that need no probe.

use regrant_domain::{
    NextStep, Outcome, Reason, ReasonCode, Serving, Who, state::reason_unreadable,
};
use regrant_storage::ItemResult;

/// The tenant has no such asset.
pub(super) fn unknown_asset_result() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::UnknownAsset,
        Who::Provider,
        "This tenant has no such asset.",
        NextStep::RegisterAsset,
    );
    result_with_reason(Outcome::UnknownAsset, reason)
}

/// A row of the asset or of the item does not parse.
pub(super) fn unreadable_result() -> ItemResult {
    result_with_reason(Outcome::Failed, reason_unreadable())
}

/// The reconnect was cancelled.
pub(super) fn cancelled_result() -> ItemResult {
    let detail = "The reconnect was cancelled before this asset was reached.";
    result_with_reason(
        Outcome::Failed,
        Reason::new(
            ReasonCode::Cancelled,
            Who::Provider,
            detail,
            NextStep::StartAgain,
        ),
    )
}

/// The person revoked the token of the reconnect.
pub(super) fn revoked_result() -> ItemResult {
    let detail = "The person took the app's access back before this asset was reached.";
    let reason = Reason::new(ReasonCode::Revoked, Who::Person, detail, NextStep::Replace);
    result_with_reason(Outcome::Failed, reason)
}

/// A later reconnect settled the asset first.
pub(super) fn superseded_result() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::NewerReconnect,
        Who::NoOne,
        "A later reconnect of this asset settled first.",
        NextStep::Nothing,
    );
    // The newer reconnect's token is the one that serves.
    let serving = Some(Serving::New);
    ItemResult {
        outcome: Outcome::Superseded,
        serving,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}

/// An undo of an asset that the tenant does not have, or that the caller does not reach.
pub(super) fn undo_of_unknown_result() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::UnknownAsset,
        Who::NoOne,
        "This tenant has no such asset.",
        NextStep::Nothing,
    );
    result_with_reason(Outcome::NothingToUndo, reason)
}

/// An undo of an asset whose token the reconnect did not change.
pub(super) fn not_changed_result() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::NotChanged,
        Who::NoOne,
        "The reconnect did not change the token of this asset.",
        NextStep::Nothing,
    );
    result_with_reason(Outcome::NothingToUndo, reason)
}

fn result_with_reason(outcome: Outcome, reason: Reason) -> ItemResult {
    ItemResult {
        outcome,
        serving: None,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}
