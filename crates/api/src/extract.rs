//! What handlers take from a request beside its JSON: identifiers, headers, addresses, raw bodies.
//!
//! The rule: each extractor reads one thing and answers with the problem of that thing.

mod caller_address;
mod idempotency_key;
mod path_id;
mod raw_body;
mod read_reason;

pub(crate) use caller_address::CallerAddress;
pub(crate) use idempotency_key::Repeat;
pub(crate) use path_id::PathId;
pub(crate) use raw_body::Raw;
pub(crate) use read_reason::Because;
