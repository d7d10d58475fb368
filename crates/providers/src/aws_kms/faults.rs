//! What an error of AWS KMS means: try again, let an operator act, or the key does not open the bytes.

use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use regrant_crypto::{KekRef, ProviderError, ProviderKind};
use uuid::Uuid;

/// Codes after which the same call can succeed a little later.
const PASSING: [&str; 11] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
    "KMSInternalException",
    "InternalFailure",
    "DependencyTimeoutException",
    "KeyUnavailableException",
    "ServiceUnavailableException",
    "RequestTimeout",
];

/// Codes that say that the bytes do not belong to the key or to the context.
const WRONG: [&str; 3] = [
    "InvalidCiphertextException",
    "IncorrectKeyException",
    "InvalidKeyUsageException",
];

/// The error of a call about this key.
pub(super) fn map_error<E: ProvideErrorMetadata>(kek: KekRef, error: SdkError<E>) -> ProviderError {
    let SdkError::ServiceError(response) = error else {
        return unavailable(describe_transport(&error).to_owned());
    };
    let status = response.raw().status().as_u16();
    let (code, message) = (response.err().code(), response.err().message());
    let reason = [code, message]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(": ");
    match code {
        Some("NotFoundException") => ProviderError::UnknownKek(kek),
        Some(code) if PASSING.contains(&code) => unavailable(reason),
        _ if status >= 500 => unavailable(format!("status {status}: {reason}")),
        // Every error of KMS has a code: something else responded.
        None => unavailable(format!("status {status}: its response cannot be read")),
        // Refused, disabled or about to be deleted: the code and the message say which.
        _ => denied(kek, reason),
    }
}

/// The same for a decryption.
pub(super) fn map_unwrap_error<E: ProvideErrorMetadata>(
    kek: KekRef,
    data_key: Uuid,
    error: SdkError<E>,
) -> ProviderError {
    let code = match &error {
        SdkError::ServiceError(response) => response.err().code(),
        _ => None,
    };
    if code.is_some_and(|it| WRONG.contains(&it)) {
        return ProviderError::WrongKek { kek, data_key };
    }
    map_error(kek, error)
}

pub(super) const fn denied(kek: KekRef, reason: String) -> ProviderError {
    ProviderError::Denied {
        provider: ProviderKind::AwsKms,
        kek,
        reason,
    }
}

const fn unavailable(reason: String) -> ProviderError {
    ProviderError::Unavailable {
        provider: ProviderKind::AwsKms,
        reason,
    }
}

const fn describe_transport<E>(error: &SdkError<E>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "the call could not be made: are there credentials?",
        SdkError::TimeoutError(_) => "it did not respond in time",
        SdkError::DispatchFailure(_) => "it cannot be reached, or there are no credentials",
        _ => "its response cannot be read",
    }
}
