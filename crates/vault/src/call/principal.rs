//! A verified caller of the public API.
//!
//! The rule: the tenant comes from the verified credential alone. A use case reads and writes only within the caller's
//! [`Reach`]; to the caller, everything else does not exist.

use regrant_domain::{
    Asset, ClientId, ConsentForm, ConsentForms, ConsentOwner, Permission, Permissions, PersonId,
    Reach, ReachLimit, ReadReason, ReconnectSessionId, TenantId,
};
use regrant_storage::{Reconnect, ReconnectVisibility, TenantScope};
use uuid::Uuid;

use crate::{Error, Resource};

/// A verified caller: its tenant, its permissions and its reach.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(crate) scope: TenantScope,
    pub(crate) subject: Subject,
    pub(crate) permissions: Permissions,
    pub(crate) reach: Reach,
    pub(crate) reason_required: bool,
    pub(crate) reason: Option<ReadReason>,
    pub(crate) requests_per_second: Option<u32>,
    /// The id of the access token; `None` if the caller sent none: a link's cookie, or a client's secret.
    pub(crate) token_id: Option<Uuid>,
    /// The version of the token; the token is revoked once the client's version is greater.
    pub(crate) token_version: i64,
}

/// The client or the browser session that calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A client of the tenant: a machine.
    Client(ClientId),
    /// A browser, in a session that one of the tenant's clients opened.
    Session {
        /// The session.
        id: ReconnectSessionId,
        /// The client that opened it.
        client: ClientId,
        /// The assets that this client reaches now. The session itself reaches those of its list alone.
        client_reach: Reach,
        /// The only person whose token the browser may submit; `None` allows every person.
        person: Option<PersonId>,
        /// In which forms the browser may hand over a consent.
        accept: ConsentForms,
    },
}

impl Principal {
    /// The client or the session that calls.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The client that calls, or that opened the session.
    #[must_use]
    pub const fn client(&self) -> ClientId {
        match &self.subject {
            Subject::Client(client) | Subject::Session { client, .. } => *client,
        }
    }

    /// The caller's tenant.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.scope.tenant()
    }

    /// The caller's permissions.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// How often the tenant may call; `None` where no operator set a limit.
    #[must_use]
    pub const fn requests_per_second(&self) -> Option<u32> {
        self.requests_per_second
    }

    /// Requires a permission.
    ///
    /// # Errors
    /// `Forbidden` where the credential does not carry it.
    pub const fn require_permission(&self, permission: Permission) -> Result<(), Error> {
        if self.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }

    /// Requires that the caller reaches the whole tenant: for responses that cover all of the tenant's data.
    ///
    /// # Errors
    /// `Restricted` for a session and a confined client.
    pub const fn require_whole_tenant(&self) -> Result<(), Error> {
        match (&self.reach, &self.subject) {
            (Reach::All, Subject::Client(_)) => Ok(()),
            _ => Err(Error::Restricted),
        }
    }

    /// The same caller, with its reason for reading tokens.
    #[must_use]
    pub fn with_reason(self, reason: Option<ReadReason>) -> Self {
        Self { reason, ..self }
    }

    /// The caller's reason for reading tokens.
    ///
    /// # Errors
    /// `ReasonRequired`: the tenant requires a reason and the caller gave none.
    pub(crate) const fn require_read_reason(&self) -> Result<Option<&ReadReason>, Error> {
        match &self.reason {
            None if self.reason_required => Err(Error::ReasonRequired),
            reason => Ok(reason.as_ref()),
        }
    }

    /// The caller's name in the audit.
    pub(crate) fn audit_name(&self) -> String {
        match &self.subject {
            Subject::Client(client) => format!("client:{client}"),
            Subject::Session { id, .. } => format!("session:{id}"),
        }
    }

    /// The id of the client or session. Idempotency keys, rate limits and streams are counted by it.
    #[must_use]
    pub const fn caller_id(&self) -> Uuid {
        match &self.subject {
            Subject::Client(client) => client.uuid(),
            Subject::Session { id, .. } => id.uuid(),
        }
    }

    /// The calling session; `None` for a client.
    pub(crate) const fn session(&self) -> Option<ReconnectSessionId> {
        match &self.subject {
            Subject::Client(_) => None,
            Subject::Session { id, .. } => Some(*id),
        }
    }

    /// The only person whose token the caller may submit, if it is confined to one.
    pub(crate) const fn person(&self) -> Option<&PersonId> {
        match &self.subject {
            Subject::Session { person, .. } => person.as_ref(),
            Subject::Client(_) => None,
        }
    }

    /// To whom the caller's consents are bound.
    pub(crate) const fn consent_owner(&self) -> ConsentOwner {
        match &self.subject {
            Subject::Client(client) => ConsentOwner::Client(*client),
            Subject::Session { id, .. } => ConsentOwner::Session(*id),
        }
    }

    /// Requires that the caller may hand over a consent in this form. The list of a tenant binds its browsers.
    ///
    /// # Errors
    /// `ConsentFormNotAllowed`.
    pub(crate) const fn require_consent_form(&self, form: ConsentForm) -> Result<(), Error> {
        match &self.subject {
            Subject::Session { accept, .. } if !accept.contains(form) => {
                Err(Error::ConsentFormNotAllowed(form))
            }
            Subject::Session { .. } | Subject::Client(_) => Ok(()),
        }
    }

    /// Whether the caller may reach an asset.
    pub(crate) fn can_reach(&self, asset: &Asset) -> bool {
        self.reach.includes_asset(asset)
    }

    /// The assets and businesses that the caller is confined to.
    pub(crate) fn reach_limit(&self) -> Option<ReachLimit> {
        self.reach.as_limit().cloned()
    }

    /// Which reconnects the caller may see: a session those it started, a confined client those that it started.
    pub(crate) const fn visible_reconnects(&self) -> ReconnectVisibility {
        match (&self.subject, &self.reach) {
            (Subject::Client(_), Reach::All) => ReconnectVisibility::All,
            (Subject::Client(client), Reach::Within(_)) => ReconnectVisibility::OfClient(*client),
            (Subject::Session { id, .. }, _) => ReconnectVisibility::OfSession(*id),
        }
    }

    /// Checks that the caller may see the reconnect.
    ///
    /// # Errors
    /// `NotFound`, as for a reconnect that does not exist.
    pub(crate) fn authorize_reconnect(&self, reconnect: Reconnect) -> Result<Reconnect, Error> {
        if self.visible_reconnects().includes_reconnect(&reconnect) {
            Ok(reconnect)
        } else {
            Err(Error::NotFound(Resource::Reconnect))
        }
    }
}
