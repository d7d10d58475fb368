//! Reconnects and their previews: their status, and the outcomes and reasons of their items.

mod next_step;
mod outcome;
mod preview;
mod reason;
mod status;
mod verdict;

pub use next_step::{Heals, NextStep};
pub use outcome::{Coverage, Outcome, Serving};
pub use preview::{
    LeftOutAsset, LeftOutCause, PreviewFinding, PreviewItem, PreviewStatus, ReachableAsset,
};
pub use reason::{Reason, ReasonCode, Who};
pub use status::{OutcomeCounts, ReconnectStatus};
pub use verdict::Verdict;
