//! Tries a call again if its service did not respond.

use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use regrant_crypto::ProviderError;

/// Calls at most three times, with jittered pauses of about 100 and 200 milliseconds. Callers wait meanwhile.
pub(crate) async fn retry_call<T, F>(call: impl FnMut() -> F) -> Result<T, ProviderError>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    let pauses = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_times(2)
        .with_jitter();
    call.retry(pauses).when(ProviderError::is_retryable).await
}
