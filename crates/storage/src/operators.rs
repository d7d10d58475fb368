//! Operators, their log-ins and the keys that sign access tokens.

pub(crate) mod login_attempt;
pub(crate) mod operator;
pub(crate) mod signing_key;

pub use operator::{Operator, OperatorSession, OperatorWithPassword};
pub use signing_key::{NewSigningKey, StoredSigningKey};
