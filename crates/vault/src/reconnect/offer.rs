//! The validated token of a reconnect, as it is offered to its items.

use regrant_crypto::DataKey;
use regrant_domain::{AccessToken, Grant};

use crate::credentials::token_prints::TokenPrints;

/// The validated token and what Graph said of it.
pub(super) struct Credentials {
    pub(super) token: AccessToken,
    pub(super) grant: Grant,
}

/// The validated token with the key that seals it for the items of a chunk.
pub(super) struct Offer<'a> {
    pub(super) credentials: &'a Credentials,
    /// The token's fingerprint under that key.
    pub(super) fingerprint: Vec<u8>,
    /// Recognises the token among stored ones.
    pub(super) prints: TokenPrints,
    pub(super) key: &'a DataKey,
}
