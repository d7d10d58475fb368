//! Why something was not sealed, and that something did not open.

/// Nothing was sealed, and nothing weaker was written instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// The payload or the context is longer than the format holds.
    #[error("the payload or its context is too long to seal")]
    TooLong,
    /// The context names another tenant than the key's.
    #[error("the key belongs to another tenant")]
    ForeignTenant,
}

/// The bytes do not open here. One error for every cause: an oracle needs two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the record does not open")]
pub struct OpenError;
