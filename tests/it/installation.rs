//! A whole installation: the containers of `deploy/` and the operations guide.

mod compose;
mod operations;
mod standby;
