//! The operator, or the command line, that acts on the installation.
//!
//! The rule: no act of an operator returns a tenant's token, and each act is written to the audit under its actor.

use regrant_domain::{OperatorId, OperatorRole};
use uuid::Uuid;

use crate::Error;

/// Who acts on the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The command line of this machine.
    CommandLine,
    /// An operator who is logged in.
    Operator {
        /// The operator's id.
        id: OperatorId,
        /// What the operator may do.
        role: OperatorRole,
    },
}

impl Actor {
    /// Requires the right to change something.
    ///
    /// # Errors
    /// `ReadOnly` for an operator whose role is read-only.
    pub const fn require_owner(self) -> Result<(), Error> {
        match self {
            Self::CommandLine
            | Self::Operator {
                role: OperatorRole::Owner,
                ..
            } => Ok(()),
            Self::Operator {
                role: OperatorRole::Support,
                ..
            } => Err(Error::ReadOnly),
        }
    }

    /// The actor's name in the audit.
    pub(crate) fn audit_name(self) -> String {
        match self {
            Self::CommandLine => "operator".to_owned(),
            Self::Operator { id, .. } => format!("operator:{id}"),
        }
    }

    /// The id that the actor's idempotency keys belong to.
    pub(crate) const fn caller_id(self) -> Uuid {
        match self {
            Self::CommandLine => Uuid::nil(),
            Self::Operator { id, .. } => id.uuid(),
        }
    }
}
