//! A signed receipt as responses show it.

use chrono::{DateTime, Utc};
use regrant_vault::SignedReceipt;
use serde::Serialize;
use utoipa::ToSchema;

/// A signed receipt. `regrant receipts verify` verifies it, and so does any library for JWS.
#[derive(Serialize, ToSchema)]
#[schema(as = Receipt)]
pub(super) struct ReceiptOut {
    /// What was done.
    #[schema(example = "tenant.shredded")]
    act: String,
    /// When it was done.
    at: Option<DateTime<Utc>>,
    /// When the receipt was signed.
    signed_at: Option<DateTime<Utc>>,
    /// JWS of type `regrant-receipt+jwt` that the keys of `/.well-known/statement-keys.json` verify.
    statement: String,
}

impl From<SignedReceipt> for ReceiptOut {
    fn from(it: SignedReceipt) -> Self {
        let time = |seconds| DateTime::from_timestamp(seconds, 0);
        Self {
            at: time(it.receipt.at),
            signed_at: time(it.receipt.iat),
            act: it.receipt.act,
            statement: it.statement,
        }
    }
}
