//! Access tokens: `EdDSA` JWTs of type `at+jwt` (RFC 9068), made and verified here alone.
//!
//! The rule: the token chooses nothing. Algorithm and key come from our own map, the header has three
//! members and no other, and what the library lets pass is checked after it (see `verifier`).

mod checkpoint;
mod signing_key;
mod verifier;

use std::sync::Once;

use jsonwebtoken::crypto::aws_lc;
use regrant_domain::TenantId;
use serde::{Deserialize, Serialize};

pub use self::{checkpoint::Checkpoint, signing_key::SigningKey, verifier::Verifier};

/// The type in the header; other tokens of the same key must have another.
const TYPE: &str = "at+jwt";

/// What an access token says. Unknown and repeated members are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// Who signed it.
    pub iss: String,
    /// Which listener it is for. One, never a list.
    pub aud: String,
    /// Who holds it: a client, a reconnect session or an operator.
    pub sub: String,
    /// The holder's tenant; the reserved one for operators.
    pub tenant: TenantId,
    /// Tokens of a lower version than the holder's are revoked.
    pub ver: i64,
    /// What it permits, separated by spaces.
    pub scope: String,
    /// The token's own id; an operator's log-in.
    pub jti: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// From when it counts.
    pub nbf: i64,
    /// When it ends.
    pub exp: i64,
}

/// Why a signing key was not made or did not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// No key could be generated.
    #[error("no signing key could be generated")]
    Generate,
    /// The bytes are not an Ed25519 private key, or the key's id is not a short word.
    #[error("the signing key is not an Ed25519 key with an id of 1 to 128 visible characters")]
    Key,
    /// The claims were not signed.
    #[error("the claims could not be signed")]
    Sign,
}

/// Why a token was refused. For metrics and tests: a caller is told the same for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the access token is not accepted")]
pub enum JwtRefused {
    /// Over 8 KiB.
    TooLong,
    /// Not three parts of base64url.
    Shape,
    /// The header is not exactly our algorithm, our type and a key id.
    Header,
    /// No key of ours has this id.
    UnknownKey,
    /// The signature is not the key's.
    Signature,
    /// A claim is missing, repeated, unknown, empty or of the wrong type.
    Claims,
    /// Another issuer's.
    Issuer,
    /// For another audience.
    Audience,
    /// It ended.
    Expired,
    /// It does not count yet, or comes from the future.
    Early,
    /// It would live longer than an hour, or less than not at all.
    Lifetime,
}

/// Names the backend once. Without this the library picks by its features, and panics at first use if
/// another dependency turned a second backend on.
pub(crate) fn install_backend() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that the process named a backend before us, which is just as well.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
