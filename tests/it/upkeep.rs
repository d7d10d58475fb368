//! Background work, and the log lines of its errors.

mod graph_errors;
mod log_causes;
mod worker;
