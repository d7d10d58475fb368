//! What Regrant concludes from probe results: outcomes, states, previews and the next probe.
//!
//! The rule: every judgement is a pure function of its arguments.

pub mod coverage;
mod dates;
pub mod errors;
mod fact;
pub mod failover;
pub mod left_out;
mod mass_refusals;
mod meaning;
mod observation;
mod probe_result;
pub mod refresh;
mod refusals;
pub mod retry;
pub mod schedule;
mod scope_table;
pub mod settle;
pub mod state;
pub mod undo;
pub mod watch;

pub use dates::{DateStanding, is_reading_due, judge_date};
pub use fact::{Fact, FactName, FactSource};
pub use mass_refusals::{Hold, RefusalWindow, hold_refusal};
pub use meaning::Meaning;
pub use observation::{ActivatedToken, Observation, Rules, TokenDates};
pub use probe_result::{
    BusinessReading, Certainty, ObjectCondition, ProbeFacts, ProbeResult, Refusal, RefusalKind,
};
pub use refusals::{Refusals, Weight};
pub use scope_table::explain_by_scope;
pub(crate) use scope_table::reading_scopes;

#[cfg(test)]
mod tests;
