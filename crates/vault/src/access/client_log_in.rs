//! Logs clients in with their secret, and issues their access tokens (RFC 6749 §4.4).
//!
//! The rule: an unknown client, a wrong secret, a refused address and an expired client look the same, and take as long. A
//! log-in changes nothing, so that its call can be counted before a token is issued and the proof of a key used up.
//! Start at `Vault::authenticate_client`.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use regrant_crypto::SecretHash;
use regrant_domain::{ClientId, ClientSecret, Permissions, Timestamp};
use regrant_storage::{TenantScope, UnverifiedClient};
use uuid::Uuid;

use crate::{
    Error, Principal, Vault,
    access::{
        authenticate::principal_of_client,
        claims::{Audience, NewToken},
        key_proof::{PresentedProof, Prover},
    },
};

/// What a client logs in with.
#[derive(Debug, Clone, Copy)]
pub struct ClientLogIn<'a> {
    /// The client; `None` if the text was no id.
    pub client: Option<ClientId>,
    /// Its secret.
    pub secret: &'a ClientSecret,
    /// The address of the call, behind trusted proxies.
    pub address: IpAddr,
}

impl<'a> ClientLogIn<'a> {
    /// The log-in of a client from this machine.
    #[must_use]
    pub const fn from_localhost(client: ClientId, secret: &'a ClientSecret) -> Self {
        Self {
            client: Some(client),
            secret,
            address: IpAddr::V4(Ipv4Addr::LOCALHOST),
        }
    }
}

/// A client that has logged in.
#[derive(Debug)]
pub struct LoggedInClient {
    /// The caller that the client is, with all of its permissions.
    pub caller: Principal,
    /// Whether its tokens must be bound to a key.
    proof_required: bool,
}

/// An access token for the API.
pub struct ApiToken {
    /// The JWT.
    pub access_token: String,
    /// The token's lifetime in seconds.
    pub expires_in: i64,
    /// The permissions of the token.
    pub scope: Permissions,
    /// Whether calls with the token must be proved with a key.
    pub is_bound: bool,
}

/// What a token that is issued permits.
struct TokenOffer {
    permissions: Permissions,
    /// The thumbprint of the key that calls must prove.
    key: Option<String>,
}

impl Vault {
    /// Finds the client that logs in with its secret.
    ///
    /// # Errors
    /// `Unauthenticated` for an unknown client, a wrong secret, a refused address and an expired
    /// client alike.
    pub async fn authenticate_client(
        &self,
        log_in: ClientLogIn<'_>,
    ) -> Result<LoggedInClient, Error> {
        let now = self.clock.now();
        let (scope, candidate) = self.find_logged_in_client(log_in, now).await?;
        let (granted, version) = (candidate.permissions(), candidate.token_version());
        Ok(LoggedInClient {
            caller: principal_of_client(scope, &candidate, granted, (version, None)),
            proof_required: candidate.proof_required(),
        })
    }

    /// Issues an access token to a client. Without `wanted`, the token carries all permissions of
    /// the client. With a proof, it is bound to the key of the proof.
    ///
    /// # Errors
    /// `ScopeNotHeld` if `wanted` exceeds the permissions of the client; `ProofRefused` and
    /// `NonceRequired`, also if the client must prove a key and does not.
    pub async fn issue_token(
        &self,
        client: &LoggedInClient,
        wanted: Option<Permissions>,
        proof: Option<PresentedProof<'_>>,
    ) -> Result<ApiToken, Error> {
        let (caller, now) = (&client.caller, self.clock.now());
        let permissions = wanted.unwrap_or(caller.permissions);
        if !caller.permissions.contains_all(permissions) {
            return Err(Error::ScopeNotHeld);
        }
        let key = match proof {
            None if !client.proof_required => None,
            proof => Some(self.use_proof_of_log_in(caller, proof, now).await?),
        };
        self.sign_client_token(caller, TokenOffer { permissions, key }, now)
            .await
    }

    /// Checks the proof of a log-in and uses it up. Returns the thumbprint of its key.
    async fn use_proof_of_log_in(
        &self,
        caller: &Principal,
        proof: Option<PresentedProof<'_>>,
        now: Timestamp,
    ) -> Result<String, Error> {
        let prover = Prover {
            scope: &caller.scope,
            client: caller.client(),
            token: None,
        };
        let checked = self.check_proof(prover, proof, now).await?;
        let key = checked.key.clone();
        self.use_proof(checked).await?;
        Ok(key)
    }

    async fn find_logged_in_client(
        &self,
        log_in: ClientLogIn<'_>,
        now: Timestamp,
    ) -> Result<(TenantScope, Arc<UnverifiedClient>), Error> {
        // Look up a malformed id too, so that it takes as long as an unknown one.
        let client = log_in
            .client
            .unwrap_or_else(|| ClientId::from_uuid(Uuid::nil()));
        let verify = |hash: &[u8]| {
            SecretHash::from_slice(hash).is_some_and(|hash| hash.matches_secret(log_in.secret))
        };
        let Some(candidate) = self.clients.find_client(client).await? else {
            // Verify against a dummy hash, so that an unknown client takes as long as a wrong
            // secret.
            let _never = verify(&[0; 32]);
            return Err(Error::Unauthenticated);
        };
        let admitted = candidate.admits_address(log_in.address) && !candidate.has_expired(now);
        let scope = candidate
            .scope_for_secret(now, verify)
            .filter(|_| admitted)
            .ok_or(Error::Unauthenticated)?;
        Ok((scope, candidate))
    }

    async fn sign_client_token(
        &self,
        caller: &Principal,
        offer: TokenOffer,
        now: Timestamp,
    ) -> Result<ApiToken, Error> {
        let (permissions, is_bound) = (offer.permissions, offer.key.is_some());
        let (lifetime, client) = (self.settings.access.token_lifetime, caller.client());
        let token = NewToken {
            audience: Audience::Api,
            sub: client.to_string(),
            client_id: client.to_string(),
            tenant: caller.tenant(),
            ver: caller.token_version,
            scope: permissions.to_string(),
            jti: Uuid::now_v7().to_string(),
            key: offer.key,
            lifetime,
        };
        let access_token = self.issuer.sign_token(token, now).await?;
        let expires_in = i64::try_from(lifetime.as_secs()).map_err(Error::from_cause)?;
        Ok(ApiToken {
            access_token,
            expires_in,
            scope: permissions,
            is_bound,
        })
    }
}
