//! Limits of Graph: which scopes are paused, and how a call waits for them.
//!
//! The rule: `pauses` is the only record of a pause; a throttle or a usage header writes it, and
//! `admission` reads it before every call.
//! Start at `admission`.

pub(crate) mod admission;
pub(crate) mod pauses;
pub(crate) mod scopes;
pub(crate) mod timer;
pub(crate) mod usage;
