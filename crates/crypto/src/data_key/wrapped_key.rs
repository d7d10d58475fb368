//! A wrapped data key, version 1: a tenant's key as the database stores it.
//!
//! `"RK" 1 suite provider 0 dek_id16 dek_version4 kek_id16 kek_version4 check32 u16 length, body`. The
//! local body is `salt32 ciphertext32 tag16`; that of a key service is what the service returned. The rule: every unwrap
//! compares the check value in constant time. It commits to the data key even if the scheme of a provider does not.

use std::fmt;

use regrant_domain::TenantId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::DataKey;
use crate::{
    keyring::{Kek, KekRef, ProviderKind},
    primitives::{MessageKey, Reader, TAG, build_aad},
    record::KeyRef,
};

const MAGIC: &[u8] = b"RK\x01";
const SUITE: u8 = 1;
const LOCAL_BODY: u16 = 80;
/// The length of everything before the check value.
const PREFIX: usize = 46;
/// The length of the prefix, the check value and the length field.
const HEADER: usize = 80;
const INFO: &[u8] = b"regrant/dek/v1/keys\0";
const DOMAIN: &[u8] = b"regrant/dek/v1\0";

/// A data key encrypted with a key-encryption key (KEK). Safe to store and to show.
#[derive(Clone, PartialEq, Eq)]
pub struct WrappedKey(Vec<u8>);

impl WrappedKey {
    /// Takes the bytes of a wrap or of a database row.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The KEK that wrapped it; not trustworthy until it unwraps. `None`: not a wrapped key.
    #[must_use]
    pub fn kek_ref(&self) -> Option<KekRef> {
        WrappedKeyParts::parse(&self.0).map(|parsed| parsed.kek)
    }

    /// The provider that wrapped it; not trustworthy until it unwraps. `None`: not a wrapped key.
    #[must_use]
    pub fn provider(&self) -> Option<ProviderKind> {
        WrappedKeyParts::parse(&self.0).map(|parsed| parsed.provider)
    }

    /// The hash that a rewrap uses for compare-and-set.
    #[must_use]
    pub fn sha256_digest(&self) -> [u8; 32] {
        Sha256::digest(&self.0).into()
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

/// Wraps a data key with a local KEK. Production passes a random salt; vectors pass a fixed one.
pub(crate) fn wrap_data_key(kek: &Kek, data_key: &DataKey, salt: &[u8; 32]) -> Option<WrappedKey> {
    wrap_with_check_value(kek, data_key, salt, data_key.compute_check_value())
}

/// Wraps a data key with a given check value, so that a test can forge it.
pub(crate) fn wrap_with_check_value(
    kek: &Kek,
    data_key: &DataKey,
    salt: &[u8; 32],
    check: [u8; 32],
) -> Option<WrappedKey> {
    let mut blob = build_prefix(ProviderKind::Local, data_key.key(), kek.at);
    let tenant = data_key.tenant();
    let message_key = derive_wrapping_key(kek, &blob, salt, tenant);
    blob.extend_from_slice(&check);
    blob.extend_from_slice(&LOCAL_BODY.to_be_bytes());
    let mut buffer = data_key.secret().clone();
    let tag = message_key.seal_buffer(
        &build_binding(&blob, tenant, data_key.key())?,
        buffer.as_mut_slice(),
    )?;
    blob.extend_from_slice(salt);
    blob.extend_from_slice(buffer.as_slice());
    blob.extend_from_slice(&tag);
    Some(WrappedKey(blob))
}

/// Unwraps a data key. `None`: another KEK, tenant, id or version, or changed bytes.
pub(crate) fn unwrap_data_key(
    kek: &Kek,
    tenant: TenantId,
    key: KeyRef,
    wrapped: &WrappedKey,
) -> Option<DataKey> {
    let parsed = WrappedKeyParts::parse(&wrapped.0)
        .filter(|parsed| parsed.key == key && parsed.kek == kek.at)?;
    let body = LocalBody::parse(&parsed)?;
    let message_key = derive_wrapping_key(kek, parsed.prefix, body.salt, tenant);
    let mut secret = Zeroizing::new(*body.ciphertext);
    message_key.open_buffer(
        &build_binding(parsed.header, tenant, key)?,
        secret.as_mut_slice(),
        body.tag,
    )?;
    parsed.check_data_key(DataKey::from_parts(tenant, key, secret))
}

/// The wrapped key whose body a key service returned. `None`: the body is longer than the format allows.
pub(crate) fn build_service_key(
    provider: ProviderKind,
    kek: KekRef,
    data_key: &DataKey,
    body: &[u8],
) -> Option<WrappedKey> {
    let mut blob = build_prefix(provider, data_key.key(), kek);
    blob.extend_from_slice(&data_key.compute_check_value());
    blob.extend_from_slice(&u16::try_from(body.len()).ok()?.to_be_bytes());
    blob.extend_from_slice(body);
    Some(WrappedKey(blob))
}

/// The data key that a key service unwrapped, if it is the one that was wrapped.
pub(crate) fn check_service_key(
    wrapped: &WrappedKey,
    tenant: TenantId,
    secret: &[u8],
) -> Option<DataKey> {
    let parsed = WrappedKeyParts::parse(&wrapped.0)?;
    let secret = Zeroizing::new(<[u8; 32]>::try_from(secret).ok()?);
    parsed.check_data_key(DataKey::from_parts(tenant, parsed.key, secret))
}

fn build_prefix(provider: ProviderKind, key: KeyRef, kek: KekRef) -> Vec<u8> {
    let mut prefix = Vec::with_capacity(HEADER + usize::from(LOCAL_BODY));
    prefix.extend_from_slice(MAGIC);
    prefix.extend_from_slice(&[SUITE, provider.to_code(), 0]);
    prefix.extend_from_slice(key.id.as_bytes());
    prefix.extend_from_slice(&key.version.to_be_bytes());
    prefix.extend_from_slice(kek.id.as_bytes());
    prefix.extend_from_slice(&kek.version.to_be_bytes());
    prefix
}

fn derive_wrapping_key(kek: &Kek, prefix: &[u8], salt: &[u8; 32], tenant: TenantId) -> MessageKey {
    MessageKey::derive(&kek.secret, salt, &[INFO, prefix, tenant.uuid().as_bytes()]).0
}

/// The encryption context, which a remote provider gets too. The header names the KEK, and a KEK belongs to one
/// installation, so the context needs no name of the environment.
fn build_binding(header: &[u8], tenant: TenantId, key: KeyRef) -> Option<Vec<u8>> {
    let (tenant, version) = (tenant.uuid(), key.version.to_be_bytes());
    build_aad(
        DOMAIN,
        &[
            header,
            b"regrant",
            tenant.as_bytes(),
            key.id.as_bytes(),
            &version,
            b"data_key",
        ],
    )
}

/// A parsed wrapped key that is not verified yet.
pub(crate) struct WrappedKeyParts<'a> {
    header: &'a [u8],
    prefix: &'a [u8],
    pub(crate) provider: ProviderKind,
    pub(crate) key: KeyRef,
    pub(crate) kek: KekRef,
    check: &'a [u8; 32],
    pub(crate) body: &'a [u8],
}

struct LocalBody<'a> {
    salt: &'a [u8; 32],
    ciphertext: &'a [u8; 32],
    tag: &'a [u8; TAG],
}

impl<'a> WrappedKeyParts<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        reader.expect_bytes(MAGIC)?;
        reader.expect_bytes(&[SUITE])?;
        let provider = ProviderKind::from_code(reader.read_u8()?)?;
        reader.expect_bytes(&[0])?;
        let key = KeyRef {
            id: reader.read_uuid()?,
            version: reader.read_u32()?,
        };
        let kek = KekRef {
            id: reader.read_uuid()?,
            version: reader.read_u32()?,
        };
        let check = reader.read_array()?;
        let length = reader.read_u16()?;
        let body = reader.read_slice(usize::from(length))?;
        reader.expect_end()?;
        let (header, prefix) = (bytes.get(..HEADER)?, bytes.get(..PREFIX)?);
        Some(Self {
            header,
            prefix,
            provider,
            key,
            kek,
            check,
            body,
        })
    }

    /// Compares the check value in constant time.
    fn check_data_key(&self, data_key: DataKey) -> Option<DataKey> {
        bool::from(data_key.compute_check_value().ct_eq(self.check)).then_some(data_key)
    }
}

impl<'a> LocalBody<'a> {
    fn parse(parsed: &WrappedKeyParts<'a>) -> Option<Self> {
        let mut reader = Reader::new(parsed.body);
        let (salt, ciphertext, tag) = (
            reader.read_array()?,
            reader.read_array()?,
            reader.read_array()?,
        );
        let is_local = parsed.provider == ProviderKind::Local;
        (is_local && reader.expect_end().is_some()).then_some(Self {
            salt,
            ciphertext,
            tag,
        })
    }
}
