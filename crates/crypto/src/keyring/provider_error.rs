//! Why a data key was not wrapped or unwrapped.

use regrant_domain::KekRef;
use uuid::Uuid;

use super::ProviderKind;

/// Why a data key was not wrapped or unwrapped. Never try another provider instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// No provider has the key: another node may already use a newer one, or the key is destroyed.
    #[error("no provider holds version {} of the key {}", .0.version, .0.id)]
    UnknownKek(KekRef),
    /// The bytes are not a wrapped key of this id and version. A retry cannot succeed.
    #[error("the bytes are not this wrapped data key")]
    Refused,
    /// The key does not open the bytes: it is another key under the same name, the data key belongs to another tenant or
    /// environment, or the bytes were changed. A retry cannot succeed.
    #[error("the key {kek} does not open the data key {data_key}")]
    WrongKek {
        /// The KEK.
        kek: KekRef,
        /// The data key.
        data_key: Uuid,
    },
    /// The provider returned another data key than the one that was wrapped. A retry cannot succeed.
    #[error(
        "the key {kek} returned other bytes than the data key {data_key}: the check value differs"
    )]
    CheckValue {
        /// The KEK.
        kek: KekRef,
        /// The data key.
        data_key: Uuid,
    },
    /// The provider does not respond, is sealed or refuses calls for now: a retry can succeed.
    #[error("the key provider {provider} is not available: {reason}")]
    Unavailable {
        /// The provider.
        provider: ProviderKind,
        /// What it said, without a secret.
        reason: String,
    },
    /// The provider refuses the use of the key until an operator changes something there.
    #[error("the key provider {provider} refuses the use of the key {kek}: {reason}")]
    Denied {
        /// The provider.
        provider: ProviderKind,
        /// The KEK.
        kek: KekRef,
        /// What it said, without a secret.
        reason: String,
    },
    /// The provider does not take this step here.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The key is not in the state that the step requires.
    #[error("the key is not in the state that this step requires")]
    Transition,
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    Random,
}

impl ProviderError {
    /// Whether the same call can succeed a little later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
