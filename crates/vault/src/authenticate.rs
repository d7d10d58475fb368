//! Who is calling: a client's secret becomes a short token, a token becomes a [`Principal`].
//!
//! The rule: the tenant comes from the verified credential and from nowhere else. A token's client
//! is looked up on every call, so that disabling it ends its tokens at once.

use std::net::{IpAddr, Ipv4Addr};

use regrant_crypto::SecretHash;
use regrant_domain::{ClientId, ClientSecret, Permissions, Reach};
use serde_json::Value;

use crate::{Error, Principal, Subject, Vault};

/// What a call presents to be let in.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'a> {
    /// The bearer token.
    pub token: &'a str,
    /// Where the call comes from, trusted proxies seen through.
    pub address: IpAddr,
    /// The value of its `X-Regrant-Proof` header.
    pub proof: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// What a call from this machine presents, with this bearer token alone.
    #[must_use]
    pub const fn locally(token: &'a str) -> Self {
        Self { token, address: IpAddr::V4(Ipv4Addr::LOCALHOST), proof: None }
    }
}

/// An access token for the API.
pub struct IssuedToken {
    /// The JWT.
    pub access_token: String,
    /// Its life in seconds.
    pub expires_in: i64,
    /// What it may do.
    pub scope: Permissions,
}

impl Vault {
    /// Exchanges a client's secret for an access token (RFC 6749 §4.4); no `wanted` means all it holds.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown client and a wrong secret alike; `ScopeNotHeld`.
    pub async fn issue_token(
        &self,
        client: Option<ClientId>,
        secret: &ClientSecret,
        wanted: Option<Permissions>,
    ) -> Result<IssuedToken, Error> {
        let candidate = match client {
            Some(client) => self.store.candidate(client).await?,
            None => None,
        };
        let candidate = candidate.ok_or(Error::Unauthenticated)?;
        let (client, held) = (candidate.client(), candidate.permissions());
        let verify = |hash: &[u8]| SecretHash::from_slice(hash).is_some_and(|hash| hash.verify(secret));
        let scope = candidate.unlock(verify).ok_or(Error::Unauthenticated)?;
        let wanted = wanted.unwrap_or(held);
        if !held.contains_all(wanted) {
            return Err(Error::ScopeNotHeld);
        }
        let (access_token, expires_in) =
            self.issuer.sign(client, scope.tenant(), wanted, self.clock.now())?;
        Ok(IssuedToken { access_token, expires_in, scope: wanted })
    }

    /// The caller behind an access token.
    ///
    /// # Errors
    /// `Unauthenticated` for whatever is wrong with it.
    pub async fn authenticate(&self, presented: Presented<'_>) -> Result<Principal, Error> {
        let claims = self.issuer.verify(presented.token, self.clock.now())?;
        let client: ClientId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let granted: Permissions = claims.scope.parse().map_err(|_| Error::Unauthenticated)?;
        let candidate = self.store.candidate(client).await?.ok_or(Error::Unauthenticated)?;
        let (held, reason_required) = (candidate.permissions(), candidate.reason_required());
        let scope = candidate.vouch(claims.tenant).ok_or(Error::Unauthenticated)?;
        let permissions = granted.iter().filter(|it| held.contains(*it)).collect();
        let (subject, reach) = (Subject::Client(client), Reach::All);
        Ok(Principal { scope, subject, permissions, reach, reason_required, reason: None })
    }

    /// The public keys that verify this vault's tokens (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> &Value {
        self.issuer.jwks()
    }
}
