//! The building blocks of all formats: hashes, derivation, random bytes, AES-GCM and parsing.

mod aad;
mod argon2id;
mod derive;
mod mac;
mod message_key;
mod random;
mod reader;

pub(crate) use aad::aad;
pub(crate) use argon2id::{Costs, stretch};
pub(crate) use derive::derive;
pub(crate) use mac::hmac;
pub(crate) use message_key::{Commitment, MessageKey, TAG};
pub(crate) use random::random;
pub(crate) use reader::Reader;
