//! AWS KMS: it encrypts data keys under a key that never leaves it.
//!
//! The rule: the ARN of the key is sent with every decryption and compared with what comes back, so that no other key that
//! the role may use opens anything. The SDK tries again with growing, jittered pauses. Tested with moto alone.
//! Start at [`AwsKms::connect`]; `faults.rs` says what an error of the service means.

mod faults;

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use aws_config::{BehaviorVersion, Region, retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_kms::{
    Client,
    primitives::Blob,
    types::{KeyMetadata, KeySpec, KeyState},
};
use regrant_crypto::{
    KekRef, KekState, KekSummary, KeyContext, KeyService, ProviderError, ProviderKind, Refresh,
    ServiceFuture,
};
use regrant_domain::Timestamp;
use tracing::error;
use zeroize::Zeroizing;

use crate::{AwsKmsSettings, kek_id::derive_kek_id};
use faults::{denied, map_error, map_unwrap_error};

/// Tries of one call, the first among them.
const TRIES: u32 = 3;
/// A call with all its tries ends within this time.
const TIMEOUT: Duration = Duration::from_secs(8);
const TRY_TIMEOUT: Duration = Duration::from_secs(3);
/// How often the keys are looked at where nothing asks for them: a scheduled deletion takes days.
const READ_EVERY: Duration = Duration::from_mins(5);
/// Keys of KMS have one version here: what KMS rotates inside of a key is its own matter.
const VERSION: u32 = 1;

const NO_VERSIONS: &str = "AWS KMS rotates by another key: set keys.aws_kms.key_arn to the new one and \
     keys.aws_kms.former_key_arns to the old one, and restart";
const NO_DESTRUCTION: &str = "schedule the deletion of the key in AWS KMS, which waits 7 to 30 days, and leave its ARN in \
     the settings until the key is shown as destroyed";

/// Keys of AWS KMS.
pub struct AwsKms {
    keys: Vec<Key>,
    states: RwLock<Vec<KekSummary>>,
    read_at: Mutex<Option<Instant>>,
}

/// A key and a client in its region.
struct Key {
    kek: KekRef,
    arn: String,
    client: Client,
}

impl AwsKms {
    /// Reads the keys, with the credentials of the environment: variables, a web identity, the container or the machine.
    /// One that is not there is listed as destroyed, the first one, too: after a move to another provider it does not wrap
    /// any more. Where it is to wrap, `KeySource::check_wrapping_kek` says so.
    ///
    /// # Errors
    /// An ARN is not one of a key; the service does not respond or refuses; a key is not a symmetric key for encryption.
    pub async fn connect(settings: AwsKmsSettings) -> Result<Self, ProviderError> {
        let mut keys = Vec::new();
        let arns = std::iter::once(settings.key_arn).chain(settings.former_key_arns);
        for arn in arns {
            keys.push(open_key(arn, settings.endpoint.as_deref()).await?);
        }
        let kms = Self {
            keys,
            states: RwLock::default(),
            read_at: Mutex::default(),
        };
        kms.read_keys().await?;
        Ok(kms)
    }

    async fn read_keys(&self) -> Result<bool, ProviderError> {
        let mut states = Vec::new();
        for (at, key) in self.keys.iter().enumerate() {
            let usual = if at == 0 {
                KekState::Active
            } else {
                KekState::DecryptOnly
            };
            states.push(key.read_state(usual).await?);
        }
        *self.read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        let mut current = self.states.write().unwrap_or_else(PoisonError::into_inner);
        let is_new = *current != states;
        *current = states;
        Ok(is_new)
    }

    fn find(&self, kek: KekRef) -> Result<&Key, ProviderError> {
        let found = self.keys.iter().find(|it| it.kek == kek);
        found.ok_or(ProviderError::UnknownKek(kek))
    }

    fn is_due(&self) -> bool {
        let read_at = self.read_at.lock().unwrap_or_else(PoisonError::into_inner);
        read_at.is_none_or(|it| it.elapsed() >= READ_EVERY)
    }
}

impl Key {
    async fn read_state(&self, usual: KekState) -> Result<KekSummary, ProviderError> {
        let described = self.client.describe_key().key_id(&self.arn).send().await;
        let facts = match described {
            Ok(described) => described.key_metadata,
            Err(error) => match map_error(self.kek, error) {
                // It was deleted, or it was made minutes ago: `KeyProvider` takes it for the latter if it wraps.
                ProviderError::UnknownKek(_) => {
                    return Ok(self.view(KekState::Destroyed, Timestamp::default()));
                }
                error => return Err(error),
            },
        };
        let facts = facts.ok_or(ProviderError::UnknownKek(self.kek))?;
        self.check_key(&facts)?;
        let created = facts
            .creation_date()
            .map(aws_sdk_kms::primitives::DateTime::secs);
        let created = created.and_then(|it| Timestamp::from_timestamp(it, 0));
        Ok(self.view(usual, created.unwrap_or_default()))
    }

    /// A key that is to be deleted or is disabled is still listed: what it wrapped must be wrapped again in time.
    fn check_key(&self, facts: &KeyMetadata) -> Result<(), ProviderError> {
        if facts.key_spec() != Some(&KeySpec::SymmetricDefault) {
            return Err(denied(self.kek, "it is not a symmetric key".to_owned()));
        }
        if let Some(state) = facts.key_state()
            && *state != KeyState::Enabled
        {
            error!(
                alarm = "key_provider_key",
                kek = %self.kek,
                key.state = state.as_str(),
                key.deletion = facts.deletion_date().map(ToString::to_string),
                "a key of AWS KMS cannot be used; if it is deleted, everything under it is lost"
            );
        }
        Ok(())
    }

    const fn view(&self, state: KekState, created: Timestamp) -> KekSummary {
        KekSummary {
            kek: self.kek,
            provider: ProviderKind::AwsKms,
            state,
            created,
        }
    }

    async fn encrypt(
        &self,
        context: HashMap<String, String>,
        data_key: &[u8; 32],
    ) -> Result<Vec<u8>, ProviderError> {
        let call = self.client.encrypt().key_id(&self.arn);
        let call = call.plaintext(Blob::new(data_key.as_slice()));
        let encrypted = call.set_encryption_context(Some(context)).send().await;
        let encrypted = encrypted.map_err(|error| map_error(self.kek, error))?;
        match (encrypted.key_id, encrypted.ciphertext_blob) {
            (Some(used), Some(blob)) if used == self.arn => Ok(blob.into_inner()),
            _ => Err(denied(self.kek, "it encrypted with another key".to_owned())),
        }
    }

    async fn decrypt(
        &self,
        context: &KeyContext,
        body: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ProviderError> {
        let (kek, data_key) = (self.kek, context.data_key());
        let call = self.client.decrypt().key_id(&self.arn);
        let call = call.ciphertext_blob(Blob::new(body));
        let call = call.set_encryption_context(Some(pairs_of(context)));
        let decrypted = call.send().await;
        let decrypted = decrypted.map_err(|error| map_unwrap_error(kek, data_key, error))?;
        match (decrypted.key_id, decrypted.plaintext) {
            (Some(used), Some(blob)) if used == self.arn => Ok(Zeroizing::new(blob.into_inner())),
            _ => Err(ProviderError::WrongKek { kek, data_key }),
        }
    }
}

async fn open_key(arn: String, endpoint: Option<&str>) -> Result<Key, ProviderError> {
    let kek = KekRef {
        id: derive_kek_id(ProviderKind::AwsKms, &[&arn]),
        version: VERSION,
    };
    let region = region_of_key(&arn).ok_or_else(|| {
        let expected = "expected the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>";
        denied(kek, expected.to_owned())
    })?;
    let timeouts = TimeoutConfig::builder()
        .operation_timeout(TIMEOUT)
        .operation_attempt_timeout(TRY_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
        .timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let client = Client::new(&loader.load().await);
    Ok(Key { kek, arn, client })
}

/// The region of the ARN of a key. `None`: it is not one.
fn region_of_key(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.split(':').collect();
    match parts.as_slice() {
        ["arn", partition, "kms", region, account, key]
            if !region.is_empty() && !account.is_empty() && partition.starts_with("aws") =>
        {
            let id = key.strip_prefix("key/")?;
            (!id.is_empty()).then_some(region)
        }
        _ => None,
    }
}

fn pairs_of(context: &KeyContext) -> HashMap<String, String> {
    let pairs = context.pairs().iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

impl KeyService for AwsKms {
    fn kind(&self) -> ProviderKind {
        ProviderKind::AwsKms
    }

    fn list_keks(&self) -> Vec<KekSummary> {
        self.states
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn refresh(&self, when: Refresh) -> ServiceFuture<'_, bool> {
        Box::pin(async move {
            if when == Refresh::IfDue && !self.is_due() {
                return Ok(false);
            }
            self.read_keys().await
        })
    }

    fn encrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>> {
        Box::pin(async move { self.find(kek)?.encrypt(pairs_of(context), data_key).await })
    }

    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>> {
        Box::pin(async move { self.find(kek)?.decrypt(context, body).await })
    }

    fn stage_kek(&self) -> ServiceFuture<'_, KekRef> {
        Box::pin(async { Err(ProviderError::Unsupported(NO_VERSIONS)) })
    }

    fn promote_kek(&self, _: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(async { Err(ProviderError::Unsupported(NO_VERSIONS)) })
    }

    fn destroy_kek(&self, _: KekRef) -> ServiceFuture<'_, ()> {
        Box::pin(async { Err(ProviderError::Unsupported(NO_DESTRUCTION)) })
    }

    fn check_destruction(&self, _: KekRef) -> Result<(), ProviderError> {
        Err(ProviderError::Unsupported(NO_DESTRUCTION))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_arn_of_a_key_has_a_region() {
        let key = "arn:aws:kms:eu-west-1:123456789012:key/mrk-1";
        assert_eq!(region_of_key(key), Some("eu-west-1"));
        assert_eq!(
            region_of_key(&key.replace("aws:kms", "aws-cn:kms")),
            Some("eu-west-1")
        );
        for other in [
            "arn:aws:kms:eu-west-1:123456789012:alias/regrant",
            "arn:aws:kms:eu-west-1:123456789012:key/",
            "arn:aws:s3:eu-west-1:123456789012:key/1",
            "alias/regrant",
            "",
        ] {
            assert_eq!(region_of_key(other), None, "{other}");
        }
    }
}
