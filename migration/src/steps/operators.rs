//! Steps for operators and the keys that sign access tokens.

pub(super) mod s03_signing_keys;
pub(super) mod s26_operators;
pub(super) mod s44_login_refusals;
