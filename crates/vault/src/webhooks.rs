//! Webhooks to tenants: endpoints, deliveries and replays.
//!
//! The rule: an event is written in the transaction of the change that it reports, and delivered at least once.
//! Start at `deliver.rs`.

mod attempt;
pub(crate) mod deliver;
mod endpoint_secrets;
pub(crate) mod endpoints;
mod outgoing;
pub(crate) mod replay;
#[cfg(test)]
mod webhooks_test;
