//! Cryptography: everything that seals, opens, signs or compares a secret.
//!
//! The rule: a stored byte is hostile until its commitment and its tag hold. Parsing is total, every
//! seal binds the place it belongs to, and a failure to open does not say why.
//! Start at [`DataKey::seal`]; the formats have golden vectors in `testkit/`.

#![forbid(unsafe_code)]

mod client_secret;
mod data_key;
mod derive;
mod envelope;
mod error;
mod fingerprint;
mod jwt;
mod kek;
mod keyring;
mod message_key;
mod provider;
mod random;
mod reader;
mod strength;
mod wrapped_key;

pub use crate::{
    client_secret::{SecretHash, mint_client_secret},
    data_key::DataKey,
    envelope::{Context, KeyRef, MAX_PAYLOAD, Purpose},
    error::{OpenError, SealError},
    fingerprint::Fingerprint,
    jwt::{Claims, JwtError, JwtRefused, SigningKey, Verifier},
    kek::{KekRef, KekState, KekSummary},
    keyring::{Keyring, KeyringError},
    provider::{KeyProvider, ProviderError},
    strength::{InvalidStrength, Strength},
    wrapped_key::WrappedKey,
};
