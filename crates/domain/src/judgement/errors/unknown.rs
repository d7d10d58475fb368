//! Errors that no row of the table knows, counted for operators.

use crate::{AppId, AssetKind, Timestamp};

/// An error that only its family decides, and how often it came. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownError {
    /// The app whose call it answered.
    pub app: AppId,
    /// `code`.
    pub code: Option<i64>,
    /// `error_subcode`.
    pub subcode: Option<i64>,
    /// `type`.
    pub kind: String,
    /// The HTTP status.
    pub http_status: u16,
    /// The kind of object that the call was about.
    pub object: Option<AssetKind>,
    /// The message, redacted, with `#` for every number of five or more digits; at most 300 characters.
    pub text: String,
    /// How often it came.
    pub count: u64,
    /// When it came first.
    pub first_at: Timestamp,
    /// When it came last.
    pub last_at: Timestamp,
}
