//! The errors of the use cases, as far as they steer the caller.
//!
//! The rule: errors know no transport and hold no secret. Only the log shows the cause of `Internal`.

use std::{sync::Arc, time::Duration};

use regrant_domain::{AssetId, Permission, Reason};
use regrant_graph::CallError;
use regrant_storage::Outage;
use tracing::error;

use crate::call::batches::GroupFull;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a use case failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The tenant has no such object. Another tenant's object gives the same error.
    #[error("no such {0}")]
    NotFound(Resource),
    /// A field is not valid.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field's path in the request.
        field: String,
        /// What is expected.
        reason: String,
    },
    /// The request names too many items.
    #[error("{field}: at most {limit} in one request")]
    TooMany {
        /// The field's path.
        field: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The caller reaches no assets with these ids; the numbers are indices in the request's list.
    #[error("some of the assets are unknown")]
    UnknownAssets(Vec<usize>),
    /// The tenant has as many running reconnects as it may have.
    #[error("at most {0} reconnects of a tenant run at once")]
    TooManyRunning(usize),
    /// The records of the tenant's calls hold as many bytes as they may.
    #[error("the records of a tenant's calls hold at most {0} bytes")]
    RecordsFull(u64),
    /// Too many previews run at the same time.
    #[error("too many previews at once")]
    TooManyPreviews,
    /// Too many checks run at the same time.
    #[error("too many checks at once")]
    TooManyChecks,
    /// The credential is missing or not valid.
    #[error("the credential is missing or not valid")]
    Unauthenticated,
    /// A notice is not signed by the app that it names, or is too old.
    #[error("the message is not signed by the app, or is too old")]
    NotSigned,
    /// The credential lacks the permission.
    #[error("the scope `{}` is required", .0.as_str())]
    Forbidden(Permission),
    /// The credential is confined to some assets or calls, and the request is outside of them.
    #[error("the credential is confined to some of the tenant's assets")]
    Restricted,
    /// The client may not call from this address.
    #[error("the client may not call from this address")]
    AddressNotAllowed,
    /// The client must prove its requests, and the proof is missing or not valid.
    #[error("the request proof is missing or not valid")]
    ProofRefused,
    /// The operator's role is read-only.
    #[error("the role of this operator is read-only")]
    ReadOnly,
    /// The name or the password of the operator is wrong.
    #[error("the name or the password is wrong")]
    WrongCredentials,
    /// Too many log-ins with this name failed in a row.
    #[error("too many log-ins with this name failed")]
    LockedOut {
        /// When to try again.
        retry_after: Duration,
    },
    /// Too many log-ins are waiting; try again in a moment.
    #[error("too many log-ins at once")]
    Busy,
    /// As many calls of the tenant wait for the database as may.
    #[error("too many calls of the tenant wait for the database")]
    TenantBusy,
    /// The database, or the turn of the tenant, did not become free in time.
    #[error("the database is busy")]
    DatabaseBusy,
    /// The caller requests a scope that the client does not hold.
    #[error("the client does not hold a requested scope")]
    ScopeNotHeld,
    /// The tenant requires a reason for every read of a token.
    #[error("this tenant requires a reason for reading a token")]
    ReasonRequired,
    /// The request conflicts with the current state.
    #[error("{0}")]
    Conflict(Conflict),
    /// The submitted token cannot serve anything; nothing was changed.
    #[error("{0}")]
    TokenRefused(TokenRefusal),
    /// Graph does not respond; try again.
    #[error("the Graph API does not respond")]
    Upstream {
        /// When to try again.
        retry_after: Option<Duration>,
    },
    /// Another request with the same idempotency key was first; repeat the request to replay its result.
    #[error("a request with the same idempotency key is running")]
    Raced,
    /// A concurrent writer changed or claimed the rows first, so nothing was written.
    #[error("another process changed this first")]
    Stale,
    /// A row that decides who may do what was changed around the application.
    #[error("the row {0} was changed around the application")]
    Tampered(String),
    /// The database cannot be used at the moment: try again later.
    #[error("the database cannot be used")]
    Unavailable(Outage, #[source] BoxError),
    /// The provider of the key-encryption keys does not respond, or refuses their use.
    #[error("the key provider cannot be used")]
    KeysUnavailable(#[source] regrant_crypto::ProviderError),
    /// An internal error.
    #[error("internal error")]
    Internal(#[source] BoxError),
}

/// The kinds of objects that can be missing.
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
    /// A person's request to delete their data.
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
    /// A row that carries a seal.
    Row,
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
            Self::Row => "row",
            Self::ReconnectSession => "reconnect session",
        })
    }
}

/// The states that a request can conflict with.
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
    /// The reconnect has ended.
    #[error("the reconnect has ended")]
    Ended,
    /// The tenant has as many webhook endpoints as it may have.
    #[error("a tenant may have at most {0} webhook endpoints")]
    EndpointLimit(usize),
    /// The webhook endpoint is disabled, so nothing can be sent to it.
    #[error("the webhook endpoint is disabled")]
    EndpointDisabled,
    /// The tenant has as many clients as it may have.
    #[error("a tenant may have at most {0} clients")]
    ClientLimit(usize),
    /// The client's secret is older than request proofs.
    #[error("the client needs a new secret before its requests can be proved")]
    NoProofKey,
    /// No other owner could log in.
    #[error("this is the last owner who can log in")]
    LastOwner,
    /// The tenant was deleted or shredded, or is to be deleted.
    #[error("the tenant was deleted or shredded, or is to be deleted")]
    TenantGone,
    /// The tenant is still active.
    #[error("the tenant must be suspended first")]
    TenantNotSuspended,
    /// The assets or the token changed since the preview.
    #[error("the assets or the token changed since the preview")]
    PlanOutdated,
    /// The browser session has no reconnects or no previews left.
    #[error("the session has no use left")]
    SessionUsedUp,
    /// The tenant has as many open sessions as it may have.
    #[error("a tenant may have at most {0} open sessions")]
    SessionLimit(usize),
    /// The tenant would have more assets than it may have.
    #[error("the tenant may have at most {0} assets")]
    AssetLimit(usize),
    /// No version of the key-encryption key is staged.
    #[error("no version of the key-encryption key is staged")]
    NoStagedKey,
    /// Processes that run cannot open the key, or still wrap with an older one.
    #[error("these processes lack the newest keyring: {}", .0.join(", "))]
    NodesLackKey(Vec<String>),
    /// The key is not in the state that the step requires.
    #[error("the key is not in the state that this step requires")]
    KeyState,
    /// The key still wraps data keys.
    #[error("the key still wraps {0} data keys")]
    KeyInUse(u64),
    /// This process cannot change the keyring.
    #[error("the keyring cannot be changed here: {0}")]
    KeyringNotWritable(String),
    /// The provider of the keys does not take this step; another way is named.
    #[error("{0}")]
    KeyStepUnsupported(&'static str),
    /// An object with this id or name exists.
    #[error("this {0} exists already")]
    Exists(Resource),
}

/// Why a submitted token was refused for all assets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// The token has expired or was revoked.
    #[error("the token is dead: {0}")]
    Dead(String),
    /// The token belongs to another app.
    #[error("the token belongs to another app")]
    ForeignApp,
    /// Graph cannot decipher the token.
    #[error("the Graph cannot read the token")]
    Undecipherable,
    /// The token is an app token or a page token.
    #[error("the token must be a person's or a system user's")]
    WrongKind,
    /// The token belongs to another person than the caller expects.
    #[error("the token belongs to another person than `expect_person` names")]
    OtherPerson,
}

/// Each task that waited for the load gets its error.
#[derive(Debug, thiserror::Error)]
#[error("what several tasks waited for cannot be loaded")]
struct SharedLoadError(#[source] Arc<Error>);

impl Error {
    /// An internal error with its cause.
    pub(crate) fn from_cause(cause: impl Into<BoxError>) -> Self {
        Self::Internal(cause.into())
    }

    /// The error of a load that several tasks waited for.
    pub(crate) fn of_shared_load(error: Arc<Self>) -> Self {
        match &*error {
            Self::TenantBusy => Self::TenantBusy,
            Self::DatabaseBusy => Self::DatabaseBusy,
            Self::Unavailable(outage, _) => {
                Self::Unavailable(*outage, SharedLoadError(error).into())
            }
            Self::KeysUnavailable(cause) => Self::KeysUnavailable(cause.clone()),
            _ => Self::from_cause(SharedLoadError(error)),
        }
    }

    /// Raises the alarm about a row that was changed around the application.
    fn tampered(table: &str, id: uuid::Uuid) -> Self {
        error!(alarm = "row_tampered", row.table = table, row.id = %id,
            "a row was changed around the application and is refused; run `regrant audit verify`");
        Self::Tampered(format!("{table}/{id}"))
    }

    /// The error of a caller whose own row was changed: such a caller is not authenticated.
    pub(crate) fn of_caller(error: regrant_storage::Error) -> Self {
        match error.into() {
            Self::Tampered(_) => Self::Unauthenticated,
            other => other,
        }
    }

    /// The same for a caller that was found together with others.
    pub(crate) fn of_shared_caller(error: Arc<regrant_storage::Error>) -> Self {
        match Self::of_batch(error) {
            Self::Tampered(_) => Self::Unauthenticated,
            other => other,
        }
    }

    /// The error of a batch, for each of the calls that shared it.
    pub(crate) fn of_batch(error: Arc<regrant_storage::Error>) -> Self {
        match &*error {
            regrant_storage::Error::Unavailable(outage, _) => {
                Self::Unavailable(*outage, error.into())
            }
            regrant_storage::Error::Busy => Self::DatabaseBusy,
            regrant_storage::Error::TenantBusy => Self::TenantBusy,
            regrant_storage::Error::Tampered { table, id } => Self::tampered(table, *id),
            _ => Self::from_cause(error),
        }
    }

    /// Maps errors of storage, where "not found" means `resource`.
    pub(crate) fn not_found_as(resource: Resource) -> impl Fn(regrant_storage::Error) -> Self {
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
            regrant_storage::Error::Tampered { table, id } => Self::tampered(table, id),
            regrant_storage::Error::Unavailable(outage, _) => {
                Self::Unavailable(outage, error.into())
            }
            regrant_storage::Error::TenantBusy => Self::TenantBusy,
            // The keyring was replaced a moment ago.
            regrant_storage::Error::Busy | regrant_storage::Error::OutdatedKek => {
                Self::DatabaseBusy
            }
            other => Self::from_cause(other),
        }
    }
}

impl From<regrant_crypto::KeyringError> for Error {
    fn from(error: regrant_crypto::KeyringError) -> Self {
        use regrant_crypto::KeyringError as Fault;
        match error {
            Fault::Transition => Self::Conflict(Conflict::KeyState),
            Fault::Permissions | Fault::ShortPassphrase | Fault::Passphrase(_) | Fault::Io(_) => {
                let reason = regrant_domain::error_chain(&error);
                Self::Conflict(Conflict::KeyringNotWritable(reason))
            }
            Fault::Provider(regrant_crypto::ProviderError::Unsupported(reason)) => {
                Self::Conflict(Conflict::KeyStepUnsupported(reason))
            }
            Fault::Provider(error) => error.into(),
            other => Self::from_cause(other),
        }
    }
}

impl From<regrant_crypto::ProviderError> for Error {
    fn from(error: regrant_crypto::ProviderError) -> Self {
        use regrant_crypto::ProviderError as Fault;
        match error {
            Fault::Unavailable { .. } | Fault::Denied { .. } => Self::KeysUnavailable(error),
            other => Self::from_cause(other),
        }
    }
}

impl From<GroupFull> for Error {
    fn from(_: GroupFull) -> Self {
        Self::TenantBusy
    }
}

/// Errors of these types are internal errors.
macro_rules! internal_errors {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for Error {
            fn from(error: $error) -> Self {
                Self::from_cause(error)
            }
        }
    )+};
}

internal_errors!(
    regrant_crypto::SealError,
    regrant_crypto::OpenError,
    regrant_crypto::PasswordError,
    regrant_crypto::JwtError,
    regrant_webhook::RandomError,
    regrant_webhook::SendError,
);

impl From<CallError> for Error {
    fn from(_: CallError) -> Self {
        Self::Upstream { retry_after: None }
    }
}
