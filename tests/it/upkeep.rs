//! Work in the background, and what the log says about it.

mod worker;
