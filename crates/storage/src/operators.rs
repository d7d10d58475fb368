//! Operators, their log-ins and the keys that sign access tokens.

mod login_attempt;
mod operator;
mod session;
mod signing_key;

pub use operator::OperatorWithPassword;
pub use session::OperatorSession;
pub use signing_key::{NewSigningKey, StoredSigningKey};
