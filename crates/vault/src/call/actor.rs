//! The operator, or the command line, that acts on the installation.
//!
//! The rule: no act of an operator returns a tenant's token, and each act is written to the audit under its actor. Whether
//! the operator may act is read when the act begins, not when its call was authenticated: in between, a body may arrive
//! slowly. Acts that decide who is an owner, or need a second one, read it again under the lock of all owners.
//! Start at [`Vault::require_owner`].

use regrant_domain::{Operator, OperatorId, OperatorRole, OperatorSessionId, Timestamp};
use regrant_storage::TenantTx;
use uuid::Uuid;

use crate::{Error, Vault};

/// Who acts on the installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// The command line of this machine.
    CommandLine,
    /// An operator who is logged in.
    Operator {
        /// The operator's id.
        id: OperatorId,
        /// The log-in, which may have ended since.
        session: OperatorSessionId,
    },
}

impl Actor {
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

impl Vault {
    /// Requires that the actor may change something now.
    ///
    /// # Errors
    /// `ReadOnly` for an operator whose role is read-only; `Unauthenticated` for one whose log-in has ended.
    pub(crate) async fn require_owner(&self, by: Actor) -> Result<(), Error> {
        let Actor::Operator { session, .. } = by else {
            return Ok(());
        };
        let now = self.clock.now();
        require_owner_role(self.store.find_operator_of_session(session, now).await)
    }
}

/// Locks the enabled owners, and requires that the actor may change something still.
///
/// # Errors
/// As [`Vault::require_owner`].
pub(crate) async fn lock_owners_for(
    tx: &TenantTx,
    by: Actor,
    now: Timestamp,
) -> Result<Vec<OperatorId>, Error> {
    let owners = tx.lock_owners().await?;
    if let Actor::Operator { session, .. } = by {
        require_owner_role(tx.find_operator_of_session(session, now).await)?;
    }
    Ok(owners)
}

fn require_owner_role(
    found: Result<Option<Operator>, regrant_storage::Error>,
) -> Result<(), Error> {
    let operator = found.map_err(Error::of_caller)?;
    match operator.ok_or(Error::Unauthenticated)?.role {
        OperatorRole::Owner => Ok(()),
        OperatorRole::Support => Err(Error::ReadOnly),
    }
}
