//! Access tokens whose signature was verified before: the signature of a token is verified once, not with each call.
//!
//! The rule: the cache knows a token by its hash, and only tokens that were accepted. The caller still checks the times of
//! a token that is found here, and that its key is not retired; the client is looked up with each call.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use regrant_crypto::{Claims, sha256_digest};

use crate::access::claims::Audience;

/// How many tokens are kept.
const MAX_TOKENS: u64 = 10_000;
/// How long a token is kept that no call uses.
const MAX_IDLE: Duration = Duration::from_mins(10);

/// Verified tokens, each by the hash of its text, for each listener.
pub(super) struct VerifiedTokens(Cache<(Audience, [u8; 32]), Arc<VerifiedToken>>);

/// A token that was accepted.
pub(super) struct VerifiedToken {
    /// The key that signed it.
    pub(super) kid: String,
    /// Its claims.
    pub(super) claims: Arc<Claims>,
}

impl VerifiedTokens {
    pub(super) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(MAX_TOKENS)
            .time_to_idle(MAX_IDLE);
        Self(cache.build())
    }

    pub(super) fn find_token(&self, audience: Audience, token: &str) -> Option<Arc<VerifiedToken>> {
        self.0.get(&(audience, sha256_digest(token.as_bytes())))
    }

    pub(super) fn add_token(
        &self,
        audience: Audience,
        token: &str,
        kid: &str,
        claims: &Arc<Claims>,
    ) {
        let verified = VerifiedToken {
            kid: kid.to_owned(),
            claims: Arc::clone(claims),
        };
        let hash = sha256_digest(token.as_bytes());
        self.0.insert((audience, hash), Arc::new(verified));
    }
}
