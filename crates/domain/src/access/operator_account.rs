//! The account of an operator.

use crate::{OperatorId, OperatorName, OperatorRole, Timestamp};

/// An operator, without the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// The id.
    pub id: OperatorId,
    /// The name to log in with.
    pub name: OperatorName,
    /// The role.
    pub role: OperatorRole,
    /// When the account was created.
    pub created_at: Timestamp,
    /// When the account was disabled.
    pub disabled_at: Option<Timestamp>,
    /// When the operator last logged in.
    pub last_login_at: Option<Timestamp>,
}
