//! Operators, their log-ins and the keys that sign access tokens.

mod login_attempt;
mod login_refusal;
mod operator;
mod session;
mod signing_key;

pub use login_attempt::{LoginFailures, LoginOrigin};
pub use login_refusal::LoginRefusals;
pub use operator::OperatorWithPassword;
pub use session::OperatorSession;
pub use signing_key::{NewSigningKey, StoredSigningKey};
