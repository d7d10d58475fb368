//! What the use cases of every folder take: who calls, the key that makes a request repeatable, one page of a list, the
//! overlap of two secrets; and where long work runs.
//!
//! The rule: nothing here knows a capability.

pub(crate) mod actor;
pub(crate) mod apart;
pub(crate) mod batches;
pub(crate) mod idempotency;
pub(crate) mod page;
pub(crate) mod principal;
pub(crate) mod record_quota;
pub(crate) mod secret_overlap;
pub(crate) mod threads;
