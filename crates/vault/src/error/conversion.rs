//! What errors of the other crates are to a use case.
//!
//! The rule: an error that steers no caller is internal.

use regrant_graph::CallError;

use super::{Conflict, Error};
use crate::call::batches::GroupFull;

impl From<regrant_storage::Error> for Error {
    fn from(error: regrant_storage::Error) -> Self {
        match error {
            regrant_storage::Error::Stale => Self::Stale,
            regrant_storage::Error::Tampered { table, id } => Self::tampered(table, id),
            regrant_storage::Error::Unavailable(outage, _) => {
                Self::Unavailable(outage, error.into())
            }
            regrant_storage::Error::TenantBusy => Self::TenantBusy,
            // A key was replaced a moment ago.
            regrant_storage::Error::Busy
            | regrant_storage::Error::OutdatedKek
            | regrant_storage::Error::UnknownAuditKey(_) => Self::DatabaseBusy,
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
