//! Cryptography: everything that seals, opens, signs or compares a secret.
//!
//! The rule: stored bytes are hostile until their commitment and their tag hold. Parsing never panics, every seal
//! is bound to the row that it belongs to, and an error of opening does not say why.
//! Start at [`DataKey::seal_record`]; the formats have golden vectors in `testkit/`.

#![forbid(unsafe_code)]

mod audit_key;
mod capability;
mod clients;
mod data_key;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hash_key;
mod jwt;
mod keyring;
mod meta;
mod password;
mod primitives;
mod record;

#[cfg(test)]
mod tests;

pub use regrant_domain::KekRef;

pub use crate::{
    audit_key::{AuditKey, sha256_digest},
    capability::{Capability, CapabilityHash},
    clients::{KeyProof, PROOF_ALGORITHMS, ProvedCall, SecretHash, mint_client_secret},
    data_key::{DataKey, WrappedKey},
    error::{OpenError, SealError},
    hash_key::HashKey,
    jwt::{
        ChainEnd, Checkpoint, Claims, Confirmation, JwtError, JwtRefusal, Receipt, SigningKey,
        Verifier,
    },
    keyring::{
        InvalidStrength, KekState, KekSummary, KeyContext, KeyProvider, KeyService, KeySource,
        Keyring, KeyringError, LocalKeys, PassphraseReader, ProviderError, ProviderKind, Refresh,
        ServiceFuture, ServiceKeys, Strength, UnknownProvider,
    },
    meta::{is_webhook_signed, matches_app_secret, matches_verify_token, open_signed_request},
    password::{InvalidPasswordStrength, PasswordError, PasswordHash, PasswordStrength},
    record::{Context, Fingerprint, KeyRef, MAX_PAYLOAD, Purpose},
};
