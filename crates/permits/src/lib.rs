//! A concurrency limit with a total, a share for each key, and queues in which the keys take turns.
//!
//! The rule: whatever one key asks for, it holds no more than its share, it waits in a bounded queue of its own, and a
//! permit that becomes free goes to the key whose turn it is. So the others wait for one permit at most, not for a
//! backlog. Every limit of a process that tenants share is one of these.
//! Start at [`Permits::acquire`]; `queue.rs` decides who is next, and `tests/model.rs` runs both under all kinds of
//! schedules.

#![forbid(unsafe_code)]

mod limit;
mod queue;
mod sync;
#[cfg(test)]
mod tests;

pub use limit::{Limits, Permit, Permits, Refused, Urgency, Wait};
