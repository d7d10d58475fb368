//! Key services: key-encryption keys that live outside of this process, in a service or a device that never returns them.
//!
//! The rule: a service gets the bytes of a data key only to wrap them, together with a context that it authenticates. What
//! it returns is checked here. An error says whether a retry can help.
//! The services are in a crate of their own, `regrant-providers`; start at [`KeyService`].

use std::{fmt, future::Future, pin::Pin, str::FromStr};

use regrant_domain::{KekRef, TenantId};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{KekSummary, ProviderError};
use crate::{primitives::build_aad, record::KeyRef};

/// Separates this use of associated data from others.
const DOMAIN: &[u8] = b"regrant/dek-context/v1\0";

/// The kinds of providers. The code is stored in every wrapped key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProviderKind {
    /// The keyring, a file.
    Local,
    /// AWS KMS.
    AwsKms,
    /// A device or library that speaks PKCS#11.
    Pkcs11,
    /// The transit engine of Vault or OpenBao.
    Transit,
}

impl ProviderKind {
    /// All, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Local, Self::AwsKms, Self::Pkcs11, Self::Transit];

    /// The name in settings, logs and health checks.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::AwsKms => "aws_kms",
            Self::Pkcs11 => "pkcs11",
            Self::Transit => "transit",
        }
    }

    pub(crate) const fn to_code(self) -> u8 {
        match self {
            Self::Local => 1,
            Self::AwsKms => 2,
            Self::Pkcs11 => 3,
            Self::Transit => 4,
        }
    }

    pub(crate) fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.to_code() == code)
    }
}

/// The text is not the name of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `local`, `aws_kms`, `pkcs11` or `transit`")]
pub struct UnknownProvider;

impl FromStr for ProviderKind {
    type Err = UnknownProvider;

    fn from_str(text: &str) -> Result<Self, UnknownProvider> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or(UnknownProvider)
    }
}

impl fmt::Display for ProviderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a wrapped data key is bound to. A service refuses to unwrap it in another context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyContext {
    data_key: Uuid,
    pairs: [(&'static str, String); 6],
}

impl KeyContext {
    pub(super) fn new(environment: &str, tenant: TenantId, key: KeyRef) -> Self {
        Self {
            data_key: key.id,
            pairs: [
                ("app", "regrant".to_owned()),
                ("env", environment.to_owned()),
                ("tenant", tenant.uuid().to_string()),
                ("dek_id", key.id.to_string()),
                ("dek_version", key.version.to_string()),
                ("purpose", "data_key".to_owned()),
            ],
        }
    }

    /// The id of the data key, for errors.
    #[must_use]
    pub const fn data_key(&self) -> Uuid {
        self.data_key
    }

    /// Names and values, for services that take pairs.
    #[must_use]
    pub const fn pairs(&self) -> &[(&'static str, String)] {
        &self.pairs
    }

    /// The same as bytes in which no value can run into the next, for services that take associated data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let fields = self.pairs.iter();
        let fields: Vec<&[u8]> = fields
            .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
            .collect();
        // The setting of the environment is short, and the other values have a fixed length.
        build_aad(DOMAIN, &fields).unwrap_or_default()
    }
}

/// What a call to a key service returns later.
pub type ServiceFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, ProviderError>> + Send + 'a>>;

/// When a service is to read the states of its keys again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// If that was some time ago.
    IfDue,
    /// Now: a version is unknown, or a step of a rotation follows.
    Now,
}

/// Wraps and unwraps data keys with key-encryption keys (KEKs) that it does not return.
pub trait KeyService: Send + Sync {
    /// The kind.
    fn kind(&self) -> ProviderKind;

    /// The KEKs as they were read last, the active one first.
    fn list_keks(&self) -> Vec<KekSummary>;

    /// Reads the states of the KEKs again; returns whether they changed.
    fn refresh(&self, when: Refresh) -> ServiceFuture<'_, bool>;

    /// Encrypts a data key, bound to the context.
    fn encrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        data_key: &'a [u8; 32],
    ) -> ServiceFuture<'a, Vec<u8>>;

    /// Decrypts what [`KeyService::encrypt`] returned, if the KEK and the context are the same.
    fn decrypt<'a>(
        &'a self,
        kek: KekRef,
        context: &'a KeyContext,
        body: &'a [u8],
    ) -> ServiceFuture<'a, Zeroizing<Vec<u8>>>;

    /// Adds the next version of the KEK as staged, unless there is a staged one; returns it.
    fn stage_kek(&self) -> ServiceFuture<'_, KekRef>;

    /// Makes a staged version the active one.
    fn promote_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()>;

    /// Destroys a decrypt-only version. What was cut off is done by the next call.
    fn destroy_kek(&self, kek: KekRef) -> ServiceFuture<'_, ()>;

    /// Whether the service can destroy this version at all, by what was read last.
    ///
    /// # Errors
    /// [`ProviderError::Unsupported`], which names the other way.
    fn check_destruction(&self, _kek: KekRef) -> Result<(), ProviderError> {
        Ok(())
    }

    /// Looks now whether the service once held this version and holds it no more. A service that lists what it destroyed
    /// needs no answer of its own.
    fn is_gone(&self, _kek: KekRef) -> ServiceFuture<'_, bool> {
        Box::pin(async { Ok(false) })
    }
}
