//! Errors of sealing and opening.

/// Why a secret was not sealed. There is no weaker fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system returned no random bytes.
    #[error("the system returned no random bytes")]
    Random,
    /// The payload or the context is longer than the format allows.
    #[error("the payload or its context is too long to seal")]
    TooLong,
    /// The context names a tenant that does not own the key.
    #[error("the key belongs to another tenant")]
    ForeignTenant,
}

/// The bytes do not open here. One error for every cause, so that an attacker learns nothing from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record does not open")]
pub struct OpenError;
