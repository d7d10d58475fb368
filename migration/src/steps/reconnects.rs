//! Steps for reconnects, their sessions and repeatable calls.

pub(super) mod s09_reconnects;
pub(super) mod s10_reconnect_items;
pub(super) mod s11_idempotency;
pub(super) mod s30_reconnect_sessions;
pub(super) mod s33_idempotent_responses;
pub(super) mod s34_session_previews;
pub(super) mod s62_undo;
pub(super) mod s63_session_tokens;
pub(super) mod s64_previews;
