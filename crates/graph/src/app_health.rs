//! Whether an app works: the circuit breaker, and the checks that trip and reset it.
//!
//! The rule: a fault of the app must never be reported as the death of a person's token.
//! Start at `check`.

pub(crate) mod breaker;
pub(crate) mod check;
