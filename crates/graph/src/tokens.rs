//! Calls about one token: inspect it, exchange it or a code for it, confirm that it is dead, end it.
//!
//! The rule: `debug_token` is called with the app's own token, never with the token in question.
//! Start at `inspect`.

pub(crate) mod code;
pub(crate) mod death;
pub(crate) mod debug_token;
pub(crate) mod exchange;
pub(crate) mod inspect;
mod revoke;
