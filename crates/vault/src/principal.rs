//! A verified caller of the public API.
//!
//! The rule: the tenant comes from the verified credential and from nowhere else; whatever a use case reads or
//! writes for a caller lies within its [`Reach`], and what does not looks like what does not exist.

use regrant_domain::{
    Asset, ClientId, Permission, Permissions, PersonId, Reach, ReadReason, ReconnectSessionId,
    TenantId, Within,
};
use regrant_storage::{Begun, Reconnect, TenantScope};
use uuid::Uuid;

use crate::{Error, Resource};

/// A verified caller and what it may do.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(crate) scope: TenantScope,
    pub(crate) subject: Subject,
    pub(crate) permissions: Permissions,
    pub(crate) reach: Reach,
    pub(crate) reason_required: bool,
    pub(crate) reason: Option<ReadReason>,
    pub(crate) requests_per_second: Option<u32>,
    /// Of its token: when its client's is greater, the token is revoked.
    pub(crate) token_version: i64,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A machine of the tenant.
    Client(ClientId),
    /// A browser that one of the tenant's clients let in.
    Session {
        /// Its session.
        id: ReconnectSessionId,
        /// The client that opened it.
        client: ClientId,
        /// The only person whose token it may hand in.
        person: Option<PersonId>,
    },
}

impl Principal {
    /// Who calls.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The client that calls, or that let the caller in.
    #[must_use]
    pub const fn client(&self) -> ClientId {
        match &self.subject {
            Subject::Client(client) | Subject::Session { client, .. } => *client,
        }
    }

    /// The tenant that calls.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant()
    }

    /// What it may do.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// How often its tenant may call, where an operator decided that for it.
    #[must_use]
    pub const fn requests_per_second(&self) -> Option<u32> {
        self.requests_per_second
    }

    /// Demands a permission.
    ///
    /// # Errors
    /// `Forbidden` where the credential does not carry it.
    pub const fn demand(&self, permission: Permission) -> Result<(), Error> {
        if self.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// Demands that nothing of the tenant is out of reach: for what tells of all of it.
    ///
    /// # Errors
    /// `Restricted`.
    pub const fn demand_whole_tenant(&self) -> Result<(), Error> {
        match (&self.reach, &self.subject) {
            (Reach::All, Subject::Client(_)) => Ok(()),
            _ => Err(Error::Restricted),
        }
    }

    /// The same caller, who says why it reads.
    #[must_use]
    pub fn because(self, reason: Option<ReadReason>) -> Self {
        Self { reason, ..self }
    }

    /// Why the caller reads; its tenant may demand that it says so.
    pub(crate) const fn read_reason(&self) -> Result<Option<&ReadReason>, Error> {
        match &self.reason {
            None if self.reason_required => Err(Error::ReasonRequired),
            reason => Ok(reason.as_ref()),
        }
    }

    /// The name in the audit.
    pub(crate) fn actor(&self) -> String {
        match &self.subject {
            Subject::Client(client) => format!("client:{client}"),
            Subject::Session { id, .. } => format!("session:{id}"),
        }
    }

    /// The client or session that calls: whose idempotency keys, calls and streams are counted together.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        match &self.subject {
            Subject::Client(client) => client.uuid(),
            Subject::Session { id, .. } => id.uuid(),
        }
    }

    /// The session that calls, if one does.
    pub(crate) const fn session(&self) -> Option<ReconnectSessionId> {
        match &self.subject {
            Subject::Client(_) => None,
            Subject::Session { id, .. } => Some(*id),
        }
    }

    /// The only person whose token it may hand in, where it is so confined.
    pub(crate) const fn person(&self) -> Option<&PersonId> {
        match &self.subject {
            Subject::Session { person, .. } => person.as_ref(),
            Subject::Client(_) => None,
        }
    }

    /// Whether the caller may reach an asset: to it the others do not exist.
    pub(crate) fn reaches(&self, asset: &Asset) -> bool {
        self.reach.includes(&asset.id, asset.business_id.as_ref())
    }

    /// What it is confined to.
    pub(crate) fn within(&self) -> Option<Within> {
        self.reach.within().cloned()
    }

    /// The reconnects that show themselves: a session sees its own, a confined client what it began.
    pub(crate) const fn sees(&self) -> Begun {
        match (&self.subject, &self.reach) {
            (Subject::Client(_), Reach::All) => Begun::ByAnyone,
            (Subject::Client(client), Reach::Within(_)) => Begun::By(*client),
            (Subject::Session { id, .. }, _) => Begun::In(*id),
        }
    }

    /// The same reconnect, if it shows itself; one that does not looks like none.
    pub(crate) fn seen(&self, reconnect: Reconnect) -> Result<Reconnect, Error> {
        let seen = self.sees().includes(&reconnect);
        if seen {
            Ok(reconnect)
        } else {
            Err(Error::NotFound(Resource::Reconnect))
        }
    }
}
