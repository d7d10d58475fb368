//! Extractors beside JSON: identifiers in paths, headers, addresses, callbacks.
//!
//! The rule: an extractor reads one thing of the request and refuses it with the problem for that thing.

mod app_callback;
mod caller_address;
mod hosted_base;
mod idempotency_key;
mod language;
mod path_id;
mod proved_request;
mod read_reason;

pub(crate) use app_callback::AppCallback;
pub(crate) use caller_address::CallerAddress;
pub(crate) use hosted_base::{HostedBase, public_address};
pub(crate) use idempotency_key::IdempotencyHeader;
pub(crate) use language::Language;
pub(crate) use path_id::PathId;
pub(crate) use proved_request::{NONCE_HEADER, ProvedRequest, handle_head_as_get};
pub(crate) use read_reason::ReadReasonHeader;
