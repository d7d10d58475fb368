//! What can go wrong, as far as a caller can do something different about it.
//!
//! The rule: transport-free, and without secrets; `Internal` keeps its cause for the log alone.

use std::time::Duration;

use regrant_domain::{AssetId, Permission, Reason};
use regrant_graph::CallError;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing for this tenant; another tenant's looks exactly the same.
    #[error("no such {0}")]
    NotFound(Resource),
    /// A field does not hold what it must.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field's path, as the caller wrote it.
        field: String,
        /// What it must hold.
        reason: String,
    },
    /// More items than one call may name.
    #[error("{field}: at most {limit} in one call")]
    TooMany {
        /// The field's path.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Assets, by their places in the call, that there are none of within the caller's reach.
    #[error("some of the assets are not known")]
    UnknownAssets(Vec<usize>),
    /// As many of the tenant's reconnects run as may run at once.
    #[error("at most {0} reconnects of a tenant run at once")]
    TooManyRunning(usize),
    /// As many previews are under way as may be at once.
    #[error("too many previews at once")]
    TooManyPreviews,
    /// No credential, or one that is not good.
    #[error("the credential is missing or not valid")]
    Unauthenticated,
    /// A message is not signed by the app it names, or is not fresh.
    #[error("the message is not signed by the app, or is not fresh")]
    NotSigned,
    /// The credential does not carry the permission.
    #[error("the scope `{}` is needed", .0.as_str())]
    Forbidden(Permission),
    /// The credential is confined to some assets or calls, and this is beyond them.
    #[error("the credential is confined to some of the tenant's assets")]
    Restricted,
    /// The client may not call from this address.
    #[error("the client may not call from this address")]
    AddressNotAllowed,
    /// The client's calls must carry a proof, and this one's is missing or does not count.
    #[error("the call carries no proof that counts")]
    ProofRefused,
    /// The operator may look and not change.
    #[error("this operator may only look")]
    ReadOnly,
    /// No operator of that name has that password.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Too many log-ins with this name failed in a row.
    #[error("too many log-ins with this name failed")]
    LockedOut {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many log-ins wait already; try again in a moment.
    #[error("too many log-ins at once")]
    Busy,
    /// The caller asks for a scope the client does not hold.
    #[error("the client does not hold a scope that was asked for")]
    ScopeNotHeld,
    /// The tenant demands a reason for every token that is read.
    #[error("this tenant demands a reason for reading a token")]
    ReasonRequired,
    /// What is asked does not go with what is.
    #[error("{0}")]
    Conflict(Conflict),
    /// The submitted token cannot serve anything; nothing was changed.
    #[error("{0}")]
    TokenRefused(TokenRefusal),
    /// The upstream does not answer; try again.
    #[error("the Graph API does not answer")]
    Upstream {
        /// When to try again.
        retry_after: Option<Duration>,
    },
    /// A call with the same idempotency key was first; ask again to hear what it did.
    #[error("a call with the same idempotency key is under way")]
    Raced,
    /// A concurrent writer changed or claimed the rows first, so nothing was written.
    #[error("another process changed this first")]
    Stale,
    /// A fault of ours.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

/// What can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// An asset.
    Asset,
    /// A reconnect.
    Reconnect,
    /// A person.
    Person,
    /// A tenant.
    Tenant,
    /// An app.
    App,
    /// A client.
    Client,
    /// A request to delete a person's data.
    Deletion,
    /// A webhook endpoint.
    WebhookEndpoint,
    /// An event.
    Event,
    /// A checkpoint of the audit.
    Checkpoint,
    /// An operator.
    Operator,
    /// A reconnect session.
    ReconnectSession,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Reconnect => "reconnect",
            Self::Person => "person",
            Self::Tenant => "tenant",
            Self::App => "app",
            Self::Client => "client",
            Self::Deletion => "deletion",
            Self::WebhookEndpoint => "webhook endpoint",
            Self::Event => "event",
            Self::Checkpoint => "checkpoint",
            Self::Operator => "operator",
            Self::ReconnectSession => "reconnect session",
        })
    }
}

/// What can be in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The asset has no token that works.
    #[error("asset {asset} has no token that works: {}", .reason.detail)]
    NoToken {
        /// The asset.
        asset: AssetId,
        /// Why, and who must act.
        reason: Reason,
    },
    /// The idempotency key was used with another body.
    #[error("this Idempotency-Key was used with another body")]
    OtherBody,
    /// The reconnect has ended already.
    #[error("the reconnect has ended")]
    Ended,
    /// The tenant has as many webhook endpoints as it may have.
    #[error("a tenant may have at most {0} webhook endpoints")]
    EndpointLimit(usize),
    /// Nothing is sent to a disabled endpoint.
    #[error("the webhook endpoint is disabled")]
    EndpointDisabled,
    /// The tenant has as many clients as it may have.
    #[error("a tenant may have at most {0} clients")]
    ClientLimit(usize),
    /// The client's secret is from before calls could be proved.
    #[error("the client needs another secret before its calls can be proved")]
    NoProofKey,
    /// Nobody else could run the installation.
    #[error("this is the last owner who can log in")]
    LastOwner,
    /// The tenant was deleted or shredded, or is to be deleted.
    #[error("the tenant was deleted or shredded, or is to be deleted")]
    TenantGone,
    /// The tenant is still served.
    #[error("the tenant must be suspended first")]
    TenantNotSuspended,
    /// What a preview found is not so any more.
    #[error("the plan does not hold any more")]
    PlanOutdated,
    /// The browser's session has no reconnect left to start, or no preview to look at.
    #[error("the session has no use left")]
    SessionUsedUp,
    /// The tenant has as many open sessions as it may have.
    #[error("a tenant may have at most {0} open sessions")]
    SessionLimit(usize),
    /// The tenant would have more assets than it may have.
    #[error("the tenant may have at most {0} assets")]
    AssetLimit(usize),
    /// Something of that name exists.
    #[error("this {0} exists already")]
    Exists(Resource),
}

/// Why a submitted token was refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// It has expired or was revoked.
    #[error("the token is dead: {0}")]
    Dead(String),
    /// It belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// The Graph cannot decipher it.
    #[error("the Graph cannot read the token")]
    Undecipherable,
    /// It is an app token or a page token.
    #[error("the token must be a person's or a system user's")]
    WrongKind,
    /// It belongs to another person than the caller expects.
    #[error("the token belongs to another person than `expect_person` names")]
    OtherPerson,
}

impl Error {
    /// A fault of ours with its cause.
    pub(crate) fn internal(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }

    /// The same error, where "not found" means `resource`.
    pub(crate) fn missing(resource: Resource) -> impl Fn(regrant_storage::Error) -> Self {
        move |error| match error {
            regrant_storage::Error::NotFound => Self::NotFound(resource),
            other => other.into(),
        }
    }
}

impl From<regrant_storage::Error> for Error {
    fn from(error: regrant_storage::Error) -> Self {
        match error {
            regrant_storage::Error::Stale => Self::Stale,
            other => Self::internal(other),
        }
    }
}

impl From<regrant_crypto::SealError> for Error {
    fn from(error: regrant_crypto::SealError) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_crypto::OpenError> for Error {
    fn from(error: regrant_crypto::OpenError) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_crypto::PasswordError> for Error {
    fn from(error: regrant_crypto::PasswordError) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_crypto::ProviderError> for Error {
    fn from(error: regrant_crypto::ProviderError) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_webhook::NoRandom> for Error {
    fn from(error: regrant_webhook::NoRandom) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_webhook::SendError> for Error {
    fn from(error: regrant_webhook::SendError) -> Self {
        Self::internal(error)
    }
}

impl From<regrant_crypto::JwtError> for Error {
    fn from(error: regrant_crypto::JwtError) -> Self {
        Self::internal(error)
    }
}

impl From<CallError> for Error {
    fn from(_: CallError) -> Self {
        Self::Upstream { retry_after: None }
    }
}
