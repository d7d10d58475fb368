//! Issues a short-lived access token for a client secret and turns an access token into a
//! [`Principal`].
//!
//! The rule: the tenant comes only from the verified credential. Every request loads the token's
//! client again, so that a change to the client (disabled, expired, fewer scopes) applies at once.
//! Start at `Vault::authenticate_request`.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use regrant_crypto::{Claims, SecretHash};
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, Timestamp};
use regrant_storage::{TenantScope, UnverifiedClient};
use uuid::Uuid;

use crate::{
    Error, Principal, Subject, Vault,
    access::claims::{Audience, NewToken},
};

/// The credentials of one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestCredentials<'a> {
    /// The bearer token.
    pub token: &'a str,
    /// The client's IP address, behind trusted proxies.
    pub address: IpAddr,
    /// The value of the `X-Regrant-Proof` header.
    pub proof: Option<&'a str>,
}

impl<'a> RequestCredentials<'a> {
    /// The credentials of a request from this machine that sends only a bearer token.
    #[must_use]
    pub const fn from_localhost(token: &'a str) -> Self {
        Self {
            token,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            proof: None,
        }
    }
}

/// An access token for the API.
pub struct ApiToken {
    /// The JWT.
    pub access_token: String,
    /// The token's lifetime in seconds.
    pub expires_in: i64,
    /// The permissions of the token.
    pub scope: Permissions,
}

impl Vault {
    /// Exchanges a client's secret for an access token (RFC 6749 §4.4). Without `wanted`, the token
    /// carries all permissions of the client.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown client, a wrong secret, a refused address and an expired
    /// client alike; `ScopeNotHeld` if `wanted` exceeds the permissions of the client.
    pub async fn issue_token(
        &self,
        client: Option<ClientId>,
        secret: &ClientSecret,
        wanted: Option<Permissions>,
        address: IpAddr,
    ) -> Result<ApiToken, Error> {
        let now = self.clock.now();
        // Look up a malformed id too, so that it takes as long as an unknown one.
        let client = client.unwrap_or_else(|| ClientId::from_uuid(Uuid::nil()));
        let verify = |hash: &[u8]| {
            SecretHash::from_slice(hash).is_some_and(|hash| hash.matches_secret(secret))
        };
        let Some(candidate) = self.clients.find_client(client).await? else {
            // Verify against a dummy hash, so that an unknown client takes as long as a wrong
            // secret.
            let _never = verify(&[0; 32]);
            return Err(Error::Unauthenticated);
        };
        let admitted = candidate.admits_address(address) && !candidate.has_expired(now);
        let scope = candidate
            .scope_for_secret(now, verify)
            .filter(|_| admitted)
            .ok_or(Error::Unauthenticated)?;
        let wanted = wanted.unwrap_or_else(|| candidate.permissions());
        if !candidate.permissions().contains_all(wanted) {
            return Err(Error::ScopeNotHeld);
        }
        self.sign_client_token(client, &scope, &candidate, wanted, now)
            .await
    }

    async fn sign_client_token(
        &self,
        client: ClientId,
        scope: &TenantScope,
        candidate: &UnverifiedClient,
        permissions: Permissions,
        now: Timestamp,
    ) -> Result<ApiToken, Error> {
        let lifetime = self.settings.access.token_lifetime;
        let token = NewToken {
            audience: Audience::Api,
            sub: client.to_string(),
            tenant: scope.tenant(),
            ver: candidate.token_version(),
            scope: permissions.to_string(),
            jti: Uuid::now_v7().to_string(),
            lifetime,
        };
        let access_token = self.issuer.sign_token(token, now).await?;
        let expires_in = i64::try_from(lifetime.as_secs()).map_err(Error::from_cause)?;
        Ok(ApiToken {
            access_token,
            expires_in,
            scope: permissions,
        })
    }

    /// Finds the caller that an access token belongs to: a client or a browser session.
    ///
    /// # Errors
    /// `Unauthenticated` for any fault of the token or the client; `AddressNotAllowed`;
    /// `ProofRefused`.
    pub async fn authenticate_request(
        &self,
        presented: RequestCredentials<'_>,
    ) -> Result<Principal, Error> {
        let now = self.clock.now();
        let Ok(claims) = self
            .issuer
            .verify_token(Audience::Api, presented.token, now)
            .await
        else {
            // On the heap: every call holds this future.
            return Box::pin(self.authenticate_session(presented.token)).await;
        };
        let client: ClientId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let granted: Permissions = claims.scope.parse().map_err(|_| Error::Unauthenticated)?;
        let (scope, candidate) = self.find_client_of_token(client, &claims, now).await?;
        if !candidate.admits_address(presented.address) {
            return Err(Error::AddressNotAllowed);
        }
        if candidate.proof_required() {
            Box::pin(self.require_request_proof(&scope, &candidate, presented, now)).await?;
        }
        Ok(Principal {
            scope,
            subject: Subject::Client(client),
            permissions: granted.intersect_with(candidate.permissions()),
            reach: candidate.reach().clone(),
            reason_required: candidate.reason_required(),
            reason: None,
            requests_per_second: candidate.requests_per_second(),
            session_token: None,
            token_version: claims.ver,
        })
    }

    /// Whether this installation signed the token for callers of the API, even if it has ended or was revoked.
    pub async fn is_own_token(&self, token: &str) -> bool {
        let now = self.clock.now();
        self.issuer.is_own_token(Audience::Api, token, now).await
            || self
                .issuer
                .is_own_token(Audience::Browser, token, now)
                .await
    }

    /// Finds the client that a token belongs to. Fails if the client has expired or the token is
    /// revoked.
    async fn find_client_of_token(
        &self,
        client: ClientId,
        claims: &Claims,
        now: Timestamp,
    ) -> Result<(TenantScope, Arc<UnverifiedClient>), Error> {
        let candidate = self
            .clients
            .find_client(client)
            .await?
            .ok_or(Error::Unauthenticated)?;
        let scope = candidate
            .scope_of_tenant(claims.tenant)
            .ok_or(Error::Unauthenticated)?;
        if candidate.has_expired(now) || claims.ver < candidate.token_version() {
            return Err(Error::Unauthenticated);
        }
        Ok((scope, candidate))
    }

    /// Checks an authenticated caller again, for requests that run for minutes: the client or
    /// session must still be valid, with the same reach and with this permission. Does not check
    /// the token's expiry and signature or the client's address again.
    ///
    /// # Errors
    /// `Unauthenticated` if the caller is no longer valid; `Forbidden` if the permission is gone.
    pub async fn recheck_caller(
        &self,
        caller: &Principal,
        permission: Permission,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let held = match &caller.subject {
            Subject::Client(client) => {
                let candidate = self
                    .clients
                    .find_client(*client)
                    .await?
                    .ok_or(Error::Unauthenticated)?;
                let has_ended =
                    candidate.has_expired(now) || caller.token_version < candidate.token_version();
                let has_new_reach = *candidate.reach() != caller.reach;
                (!has_ended && !has_new_reach).then(|| candidate.permissions())
            }
            Subject::Session { id, .. } => self.find_session_permissions(caller, *id, now).await?,
        };
        let held = held.ok_or(Error::Unauthenticated)?;
        if held.contains(permission) {
            Ok(())
        } else {
            Err(Error::Forbidden(permission))
        }
    }
}
