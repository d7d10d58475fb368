//! Access tokens: `EdDSA` JWTs of type `at+jwt` (RFC 9068). Only this module makes and verifies them.
//!
//! The rule: the token chooses nothing. Algorithm and key come from our own map, the header has exactly three
//! members, and `verifier` adds the checks that the library does not make.

mod checkpoint;
mod proof_nonce;
mod receipt;
mod signing_key;
mod verifier;

use std::sync::Once;

use jsonwebtoken::crypto::aws_lc;
use regrant_domain::TenantId;
use serde::{Deserialize, Serialize};

pub use self::{
    checkpoint::Checkpoint,
    receipt::{ChainEnd, Receipt},
    signing_key::SigningKey,
    verifier::Verifier,
};

/// The type in the header. Other statements signed with the same key must have another type.
const TYPE: &str = "at+jwt";

/// The claims of an access token. Unknown and repeated members are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The issuer.
    pub iss: String,
    /// The listener that accepts it. One text, never a list.
    pub aud: String,
    /// The holder: a client, a reconnect session or an operator.
    pub sub: String,
    /// The client that the token was issued to (RFC 9068 §2.2): of a session the client that opened it, of an operator
    /// the operators' log-in.
    pub client_id: String,
    /// The holder's tenant; the reserved one for operators.
    pub tenant: TenantId,
    /// Tokens of a lower version than the holder's are revoked.
    pub ver: i64,
    /// The granted scopes, separated by spaces.
    pub scope: String,
    /// The token's own id; for operators the id of the log-in session.
    pub jti: String,
    /// When it was issued, in seconds since 1970.
    pub iat: i64,
    /// From when it is valid.
    pub nbf: i64,
    /// When it expires.
    pub exp: i64,
    /// The key that calls with the token prove (RFC 9449 §6.1); `None`: the holder of the token may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
}

/// The key that a token is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// The thumbprint of the public key (RFC 7638, SHA-256, base64url).
    pub jkt: String,
}

/// Why a signing key could not be made or could not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// No key could be generated.
    #[error("no signing key could be generated")]
    Generate,
    /// The bytes are not an Ed25519 private key, or the id is not 1 to 128 visible characters.
    #[error("the signing key is not an Ed25519 key with an id of 1 to 128 visible characters")]
    Key,
    /// The claims were not signed.
    #[error("the claims could not be signed")]
    Sign,
}

/// Why a token was refused. For metrics and tests: a caller gets the same error for every cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the access token is not accepted")]
pub enum JwtRefusal {
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
    /// The issuer is not ours.
    Issuer,
    /// The token is for another listener.
    Audience,
    /// The token has expired.
    Expired,
    /// The token is not valid yet, or its time of issue is in the future.
    Early,
    /// The lifetime is longer than an hour, or not positive.
    Lifetime,
}

/// Selects the cryptography backend of the library, once per process. Without this the library chooses by its features
/// and panics at first use if another dependency enables a second backend.
pub(crate) fn install_backend() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that the process has already selected a backend, which is fine.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
