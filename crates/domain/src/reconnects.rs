//! Reconnects: their status, and the outcomes and reasons of their items.

mod outcome;
mod reason;
mod status;

pub use outcome::{Coverage, Outcome, Serving};
pub use reason::{Reason, ReasonCode, Who};
pub use status::{OutcomeCounts, ReconnectStatus};
