//! The errors of the use cases, as far as they steer the caller.
//!
//! The rule: errors know no transport and hold no secret. Only the log shows the cause of `Internal`.
//! Start at [`Error`]; `conversion.rs` makes it of the errors of other crates.

mod code_refusal;
mod conflict;
mod conversion;
mod resource;
mod token_refusal;

use std::{sync::Arc, time::Duration};

use regrant_domain::{ConsentForm, Permission};
use regrant_storage::Outage;
use tracing::error;

pub use self::{
    code_refusal::CodeRefusal, conflict::Conflict, resource::Resource, token_refusal::TokenRefusal,
};

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
    /// The process that ran the preview stopped before it ended.
    #[error("the preview was interrupted")]
    PreviewInterrupted,
    /// Too many checks run at the same time.
    #[error("too many checks at once")]
    TooManyChecks,
    /// A discovery of the tenant runs.
    #[error("a discovery of the tenant runs")]
    TooManyDiscoveries,
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
    /// The request must be proved with a key, and the proof is missing or not valid.
    #[error("the proof of the key is missing or not valid")]
    ProofRefused,
    /// The proof of the key has no nonce of this installation, or one that is too old.
    #[error("the proof of the key needs a newer nonce")]
    NonceRequired,
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
    /// The code cannot be exchanged; nothing was kept.
    #[error("{0}")]
    CodeRefused(CodeRefusal),
    /// The tenant does not accept consents in this form from browsers.
    #[error("the tenant accepts no consent in the form `{0}`")]
    ConsentFormNotAllowed(ConsentForm),
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
