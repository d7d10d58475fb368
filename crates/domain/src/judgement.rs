//! What Regrant concludes from probe results: outcomes, states, previews and the next probe.
//!
//! The rule: every judgement is a pure function of its arguments.

pub mod coverage;
pub mod failover;
mod probe_result;
pub mod refresh;
pub mod retry;
pub mod schedule;
mod scope_table;
pub mod settle;
pub mod state;
pub mod watch;

pub use probe_result::{ProbeFacts, ProbeResult, Refusal, RefusalKind};
pub use scope_table::find_missing_scope;
