//! A whole installation: its keys, the containers of `deploy/` and the operations guide.

mod compose;
mod keys;
mod operations;
mod standby;
