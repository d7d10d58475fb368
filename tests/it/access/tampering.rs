//! Rows that decide who may do what are changed around the application: every change is refused at use, or named by
//! verifying the audit.
//!
//! The table of docs/threat-model.md: which column is checked where. The columns come from the schema, so that a new one
//! is tried too.

mod columns;
mod rows;
mod walls;
