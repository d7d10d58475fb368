//! Background work, and the log lines of its errors.

mod log_causes;
mod worker;
