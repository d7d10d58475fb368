//! The results of items that need no probe.

use regrant_domain::{Outcome, Reason, ReasonCode, Serving, Who};
use regrant_storage::ItemResult;

/// The tenant has no such asset.
pub(super) fn unknown() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::UnknownAsset,
        Who::Provider,
        "This tenant has no such asset.",
        "Register the asset, then replace again.",
    );
    result(Outcome::UnknownAsset, reason)
}

/// The reconnect was cancelled.
pub(super) fn cancelled() -> ItemResult {
    let detail = "The reconnect was cancelled before this asset was reached.";
    result(
        Outcome::Failed,
        Reason::new(
            ReasonCode::Cancelled,
            Who::Provider,
            detail,
            "Start another reconnect.",
        ),
    )
}

/// A later reconnect settled the asset first.
pub(super) fn superseded() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::NewerReconnect,
        Who::Nobody,
        "A later reconnect of this asset settled first.",
        "Nothing to do.",
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

fn result(outcome: Outcome, reason: Reason) -> ItemResult {
    ItemResult {
        outcome,
        serving: None,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}
