//! Cryptography: everything that seals, opens, signs or compares a secret.
//!
//! The rule: a stored byte is hostile until its commitment and its tag hold. Parsing is total, every
//! seal binds the place it belongs to, and a failure to open does not say why.
//! Start at [`DataKey::seal`]; the formats have golden vectors in `testkit/`.

#![forbid(unsafe_code)]

mod aad;
mod audit_key;
mod call_proof;
mod client_secret;
mod context;
mod data_key;
mod derive;
mod envelope;
mod error;
mod fingerprint;
mod jwt;
mod kek;
mod keyring;
mod mac;
mod message_key;
mod meta;
mod password;
mod provider;
mod random;
mod reader;
mod strength;
mod wrapped_key;

#[cfg(test)]
mod tests;

pub use crate::{
    audit_key::{AuditKey, digest},
    call_proof::{CallProof, ProofKey},
    client_secret::{SecretHash, mint_client_secret},
    context::{Context, Purpose},
    data_key::DataKey,
    envelope::{KeyRef, MAX_PAYLOAD},
    error::{OpenError, SealError},
    fingerprint::Fingerprint,
    jwt::{Checkpoint, Claims, JwtError, JwtRefused, SigningKey, Verifier},
    kek::{KekRef, KekState, KekSummary},
    keyring::{Keyring, KeyringError},
    meta::{open_signed_request, repeats, signs_webhook},
    password::{InvalidPasswordStrength, PasswordError, PasswordHash, PasswordStrength},
    provider::{KeyProvider, ProviderError},
    strength::{InvalidStrength, Strength},
    wrapped_key::WrappedKey,
};
