//! Webhooks to tenants: endpoints, the delivery of events, and replays.
//!
//! The rule: an event is written in the transaction of the change it reports; it is delivered at least once.
//! Start at `deliver.rs`.

mod deliver;
pub(crate) mod endpoints;
pub(crate) mod replay;
#[cfg(test)]
mod webhooks_test;
