//! Reconnects: their status, and the outcomes and reasons of their items.

mod next_step;
mod outcome;
mod reason;
mod status;
mod verdict;

pub use next_step::{Heals, NextStep};
pub use outcome::{Coverage, Outcome, Serving};
pub use reason::{Reason, ReasonCode, Who};
pub use status::{OutcomeCounts, ReconnectStatus};
pub use verdict::Verdict;
