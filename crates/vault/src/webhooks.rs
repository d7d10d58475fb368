//! Webhooks to tenants: endpoints, deliveries and replays.
//!
//! The rule: an event is written in the transaction of the change that it reports, and delivered at least once.
//! Start at `deliver.rs`.

mod attempt;
mod current_target;
pub(crate) mod deliver;
mod endpoint_run;
pub(crate) mod endpoint_runs;
mod endpoint_secrets;
pub(crate) mod endpoints;
pub(crate) mod events;
mod outgoing;
pub(crate) mod replay;
mod send_window;
#[cfg(test)]
mod webhooks_test;
