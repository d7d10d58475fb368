//! A whole installation: the containers of `deploy/` and the operations guide.

mod compose;
mod distribution;
mod operations;
mod pooler;
mod standby;
mod statements;
