//! What threads share here. `tests/model.rs` compiles the other files with its own version of this one.

pub(crate) use std::sync::{Arc, Mutex, MutexGuard};

pub(crate) use tokio::sync::oneshot;
