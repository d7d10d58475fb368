//! Background work, and the log lines of its errors.

mod erasure;
mod graph_errors;
mod log_causes;
mod shutdown;
mod tampered_work;
mod worker;
