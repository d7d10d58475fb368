//! Who runs the installation and acts now: an operator who logged in, or whoever has this machine's command line.
//!
//! The rule: no act of theirs hands out a tenant's token; each is told in the audit under its actor.

use regrant_domain::{OperatorId, OperatorRole};
use uuid::Uuid;

use crate::Error;

/// Who acts for the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    /// Whoever may run commands on this machine.
    CommandLine,
    /// An operator who logged in.
    Operator {
        /// Which one.
        id: OperatorId,
        /// What it may do.
        role: OperatorRole,
    },
}

impl Acting {
    /// Demands the right to change something.
    ///
    /// # Errors
    /// `ReadOnly` for an operator that may only look.
    pub const fn demand_owner(self) -> Result<(), Error> {
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

    /// The name in the audit.
    pub(crate) fn actor(self) -> String {
        match self {
            Self::CommandLine => "operator".to_owned(),
            Self::Operator { id, .. } => format!("operator:{id}"),
        }
    }

    /// Whom an idempotency key belongs to.
    pub(crate) const fn caller_id(self) -> Uuid {
        match self {
            Self::CommandLine => Uuid::nil(),
            Self::Operator { id, .. } => id.uuid(),
        }
    }
}
