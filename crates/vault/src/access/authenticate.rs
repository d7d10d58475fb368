//! Turns an access token into a [`Principal`].
//!
//! The rule: the tenant comes only from the verified credential. Every request loads the token's
//! client again, so that a change to the client (disabled, expired, fewer scopes) applies at once.
//! Start at `Vault::authenticate_request`; `client_log_in.rs` issues the tokens.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use regrant_crypto::Claims;
use regrant_domain::{ClientId, Permission, Permissions, Timestamp};
use regrant_storage::{TenantScope, UnverifiedClient};
use uuid::Uuid;

use crate::{
    Error, Principal, Subject, Vault,
    access::{
        claims::Audience,
        key_proof::{CheckedProof, PresentedProof, Prover},
    },
};

/// The credentials of one request.
#[derive(Debug, Clone, Copy)]
pub struct RequestCredentials<'a> {
    /// The access token.
    pub token: &'a str,
    /// The client's IP address, behind trusted proxies.
    pub address: IpAddr,
}

impl<'a> RequestCredentials<'a> {
    /// The credentials of a request from this machine.
    #[must_use]
    pub const fn from_localhost(token: &'a str) -> Self {
        Self {
            token,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

impl Vault {
    /// Finds the caller that a bearer token belongs to: a client or a browser session.
    ///
    /// # Errors
    /// `Unauthenticated` for any fault of the token or the client; `AddressNotAllowed`;
    /// `ProofRefused` if the client must prove its requests.
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
        if claims.cnf.is_some() {
            // A stolen token must not work without its key.
            return Err(Error::Unauthenticated);
        }
        let (client, caller) = self.find_caller(&claims, presented.address, now).await?;
        if client.proof_required() {
            return Err(Error::ProofRefused);
        }
        Ok(caller)
    }

    /// Finds the client that a token belongs to which is bound to a key, by a proof of the request with that key (RFC 9449).
    /// Pass the proof to [`Vault::use_proof`] before the request may have an effect.
    ///
    /// # Errors
    /// As [`Vault::authenticate_request`]; `Unauthenticated` also for a token that is not bound; `ProofRefused`;
    /// `NonceRequired`.
    pub async fn authenticate_proved_request(
        &self,
        presented: RequestCredentials<'_>,
        proof: Option<PresentedProof<'_>>,
    ) -> Result<(Principal, CheckedProof), Error> {
        let now = self.clock.now();
        let claims = self
            .issuer
            .verify_token(Audience::Api, presented.token, now)
            .await?;
        let key = claims.cnf.as_ref().ok_or(Error::Unauthenticated)?;
        let (client, caller) = self.find_caller(&claims, presented.address, now).await?;
        let prover = Prover {
            scope: &caller.scope,
            client: client.client(),
            token: Some((presented.token, &key.jkt)),
        };
        let proof = self.check_proof(prover, proof, now).await?;
        Ok((caller, proof))
    }

    /// The client that a token belongs to, and the caller that it is with this token.
    async fn find_caller(
        &self,
        claims: &Claims,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<(Arc<UnverifiedClient>, Principal), Error> {
        let client: ClientId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let granted: Permissions = claims.scope.parse().map_err(|_| Error::Unauthenticated)?;
        let (scope, candidate) = self.find_client_of_token(client, claims, now).await?;
        if !candidate.admits_address(address) {
            return Err(Error::AddressNotAllowed);
        }
        let token = (claims.ver, token_id(claims));
        let caller = principal_of_client(scope, &candidate, granted, token);
        Ok((candidate, caller))
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
    pub(super) async fn find_client_of_token(
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
        if candidate.has_expired(now) || is_revoked(&candidate, claims.ver, token_id(claims)) {
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
                let has_ended = candidate.has_expired(now)
                    || is_revoked(&candidate, caller.token_version, caller.token_id);
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

/// The caller that a client is, with these permissions; `token` is the version and the id of its access token.
pub(super) fn principal_of_client(
    scope: TenantScope,
    client: &UnverifiedClient,
    granted: Permissions,
    (token_version, token_id): (i64, Option<Uuid>),
) -> Principal {
    Principal {
        scope,
        subject: Subject::Client(client.client()),
        permissions: granted.intersect_with(client.permissions()),
        reach: client.reach().clone(),
        reason_required: client.reason_required(),
        reason: None,
        requests_per_second: client.requests_per_second(),
        token_id,
        token_version,
    }
}

/// The id of a client's token.
pub(super) fn token_id(claims: &Claims) -> Option<Uuid> {
    claims.jti.parse().ok()
}

/// Whether the token was revoked, by itself or with all others of the client.
fn is_revoked(client: &UnverifiedClient, version: i64, token: Option<Uuid>) -> bool {
    version < client.token_version() || token.is_some_and(|it| client.has_revoked(it))
}
