//! Who is calling: a client's secret becomes a short token, a token becomes a [`Principal`].
//!
//! The rule: the tenant comes from the verified credential and from nowhere else. A token's client
//! is looked up on every call, so that what ends or narrows it counts at once.

use std::net::{IpAddr, Ipv4Addr};

use regrant_crypto::SecretHash;
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions};
use uuid::Uuid;

use crate::{
    Error, Principal, Subject, Vault,
    access::claims::{Audience, NewToken},
};

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
        Self {
            token,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            proof: None,
        }
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
    /// `Unauthenticated` for an unknown client, a wrong secret, an address it may not call from and one whose time is
    /// over alike; `ScopeNotHeld`.
    pub async fn issue_token(
        &self,
        client: Option<ClientId>,
        secret: &ClientSecret,
        wanted: Option<Permissions>,
        address: IpAddr,
    ) -> Result<IssuedToken, Error> {
        let now = self.clock.now();
        // One that cannot be is looked for like any other.
        let client = client.unwrap_or_else(|| ClientId::from_uuid(Uuid::nil()));
        let verify =
            |hash: &[u8]| SecretHash::from_slice(hash).is_some_and(|hash| hash.verify(secret));
        let Some(candidate) = self.store.candidate(client).await? else {
            let _never = verify(&[0; 32]);
            return Err(Error::Unauthenticated);
        };
        let admitted = candidate.admits(address) && !candidate.has_expired(now);
        let scope = candidate
            .unlock(now, verify)
            .filter(|_| admitted)
            .ok_or(Error::Unauthenticated)?;
        let wanted = wanted.unwrap_or_else(|| candidate.permissions());
        if !candidate.permissions().contains_all(wanted) {
            return Err(Error::ScopeNotHeld);
        }
        let lifetime = self.settings.access.token_lifetime;
        let token = NewToken {
            audience: Audience::Api,
            sub: client.to_string(),
            tenant: scope.tenant(),
            ver: candidate.token_version(),
            scope: wanted.to_string(),
            jti: Uuid::now_v7().to_string(),
            lifetime,
        };
        let access_token = self.issuer.sign(token, now).await?;
        let expires_in = i64::try_from(lifetime.as_secs()).map_err(Error::internal)?;
        Ok(IssuedToken {
            access_token,
            expires_in,
            scope: wanted,
        })
    }

    /// The caller behind an access token.
    ///
    /// # Errors
    /// `Unauthenticated` for whatever is wrong with the token or its client; `AddressNotAllowed`; `ProofRefused`.
    pub async fn authenticate(&self, presented: Presented<'_>) -> Result<Principal, Error> {
        let now = self.clock.now();
        let Ok(claims) = self
            .issuer
            .verify(Audience::Api, presented.token, now)
            .await
        else {
            return self.visitor(presented.token).await;
        };
        let client: ClientId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let granted: Permissions = claims.scope.parse().map_err(|_| Error::Unauthenticated)?;
        let candidate = self
            .store
            .candidate(client)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let scope = candidate
            .vouch(claims.tenant)
            .ok_or(Error::Unauthenticated)?;
        if candidate.has_expired(now) || claims.ver < candidate.token_version() {
            return Err(Error::Unauthenticated);
        }
        if !candidate.admits(presented.address) {
            return Err(Error::AddressNotAllowed);
        }
        self.demand_proof(&scope, &candidate, presented, now)
            .await?;
        Ok(Principal {
            scope,
            subject: Subject::Client(client),
            permissions: granted.and(candidate.permissions()),
            reach: candidate.reach().clone(),
            reason_required: candidate.reason_required(),
            reason: None,
            requests_per_second: candidate.requests_per_second(),
            token_version: claims.ver,
        })
    }

    /// Demands that a caller which was let in still would be, with this permission and this reach: for what goes on for
    /// minutes. Its token's end and signature are not asked for again, nor where it calls from.
    ///
    /// # Errors
    /// `Unauthenticated`; `Forbidden`.
    pub async fn still_admit(
        &self,
        caller: &Principal,
        permission: Permission,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let held = match &caller.subject {
            Subject::Client(client) => {
                let candidate = self
                    .store
                    .candidate(*client)
                    .await?
                    .ok_or(Error::Unauthenticated)?;
                let ended =
                    candidate.has_expired(now) || caller.token_version < candidate.token_version();
                let is_confined_anew = *candidate.reach() != caller.reach;
                (!ended && !is_confined_anew).then(|| candidate.permissions())
            }
            Subject::Session { id, .. } => self.held_by_session(caller, *id, now).await?,
        };
        let held = held.ok_or(Error::Unauthenticated)?;
        if held.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }
}
