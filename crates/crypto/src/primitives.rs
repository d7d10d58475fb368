//! The building blocks of all formats: hashes, derivation, random bytes, AES-GCM and parsing.

mod aad;
mod argon2id;
mod derive;
mod mac;
mod message_key;
mod random;
mod reader;

pub(crate) use aad::build_aad;
pub(crate) use argon2id::{Argon2Costs, stretch_secret};
pub(crate) use derive::derive_key;
pub(crate) use mac::hmac_sha256;
pub(crate) use message_key::{Commitment, MessageKey, TAG};
pub(crate) use random::random_bytes;
pub(crate) use reader::Reader;
