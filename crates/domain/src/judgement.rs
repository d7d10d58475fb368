//! What Regrant concludes from probe results: outcomes, states, previews and the next probe.
//!
//! The rule: every judgement is a pure function of its arguments.

pub mod coverage;
mod probe_result;
pub mod schedule;
pub mod settle;
pub mod state;
pub mod watch;

pub use probe_result::{Proof, Proven, Refusal, RefusalKind};
