//! A whole installation: its keys, the containers of `deploy/` and the operations guide.

mod compose;
mod distribution;
mod keys;
mod operations;
mod plans;
mod pooler;
mod standby;
mod statement_counts;
mod statements;
