//! A whole installation: its keys, the containers of `deploy/` and the operations guide, and
//! the way from one release to the next and back.

mod compose;
mod distribution;
mod documents;
mod keys;
mod killed_migration;
mod operations;
mod plans;
mod pooler;
mod sqlite_plans;
mod standby;
mod statement_counts;
mod statements;
mod upgrade;
