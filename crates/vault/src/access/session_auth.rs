//! Authenticates browsers by the token of a reconnect session and limits what they may do.
//!
//! The rule: a session never has more rights than the client that opened it. Every request computes
//! its rights again: the session's assets that the client still reaches, and at most two
//! permissions that the client still has. The token only identifies the session. Start at
//! `Vault::authenticate_session`.

use std::time::Duration;

use regrant_domain::{
    AssetId, ClientId, Permission, Permissions, Reach, ReachLimit, ReconnectSessionId, TenantId,
    Timestamp,
};
use regrant_storage::{TenantScope, TenantTx, UnverifiedClient, UnverifiedSession};
use uuid::Uuid;

use crate::{
    Conflict, Error, Principal, Subject, Vault,
    access::claims::{Audience, NewToken},
};

/// The permissions that a session can have.
const SESSION_PERMISSIONS: [Permission; 2] =
    [Permission::ReconnectsPreview, Permission::ReconnectsWrite];

impl Vault {
    /// Finds the session that a browser's token belongs to.
    ///
    /// # Errors
    /// `Unauthenticated` for any fault of the token, the session or the client that opened it.
    pub(super) async fn authenticate_session(&self, token: &str) -> Result<Principal, Error> {
        let now = self.clock.now();
        let claims = self
            .issuer
            .verify_token(Audience::Browser, token, now)
            .await?;
        let id: ReconnectSessionId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let token = Uuid::parse_str(&claims.jti).map_err(|_| Error::Unauthenticated)?;
        self.find_session_caller(claims.tenant, id, (claims.ver, Some(token)))
            .await
    }

    /// The caller of a session whose holder was verified: by the token of this id, or by the cookie of the link that opened
    /// it. `version` is that of the client's tokens when the token, or the link, was made.
    ///
    /// # Errors
    /// `Unauthenticated` for any fault of the session or the client that opened it.
    pub(crate) async fn find_session_caller(
        &self,
        tenant: TenantId,
        id: ReconnectSessionId,
        (version, token): (i64, Option<Uuid>),
    ) -> Result<Principal, Error> {
        let now = self.clock.now();
        let candidate = self.store.find_session_for_call(tenant, id).await;
        let candidate = candidate.map_err(Error::of_caller)?;
        let candidate = candidate
            .filter(|it| is_session_valid(it, (version, token), now))
            .ok_or(Error::Unauthenticated)?;
        let (held, requests_per_second) = (candidate.permissions, candidate.requests_per_second);
        let accept = candidate.accept;
        let (session, client_reach) = (candidate.session.clone(), candidate.reach.clone());
        let scope = candidate
            .into_scope_of(tenant)
            .ok_or(Error::Unauthenticated)?;
        let assets = self
            .filter_reachable_assets(&scope, &client_reach, session.asset_ids)
            .await?;
        let subject = Subject::Session {
            id,
            client: session.client,
            client_reach,
            person: session.person_id.filter(|_| session.require_person),
            accept,
        };
        Ok(Principal {
            scope,
            subject,
            permissions: SESSION_PERMISSIONS
                .into_iter()
                .filter(|it| held.contains(*it))
                .collect(),
            reach: Reach::Within(ReachLimit {
                assets: assets.into_iter().collect(),
                ..ReachLimit::default()
            }),
            reason_required: false,
            reason: None,
            requests_per_second,
            token_id: token,
            token_version: version,
        })
    }

    /// The permissions of the client that opened a session; `None` if the session is no longer
    /// valid.
    pub(super) async fn find_session_permissions(
        &self,
        caller: &Principal,
        id: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<Option<Permissions>, Error> {
        let candidate = self
            .store
            .find_session_for_call(caller.tenant(), id)
            .await
            .map_err(Error::of_caller)?;
        Ok(candidate
            .filter(|it| is_session_valid(it, (caller.token_version, caller.token_id), now))
            .map(|it| it.permissions))
    }

    /// Takes one use from the calling session, in the transaction of the reconnect that needs it.
    /// Other callers need none. A refused token does not return the use: together with the number
    /// of previews this limits how many tokens a browser may try.
    ///
    /// # Errors
    /// `Conflict(SessionUsedUp)` if no use is left.
    pub(crate) async fn take_session_use(
        &self,
        tx: &TenantTx,
        caller: &Principal,
    ) -> Result<(), Error> {
        match caller.session() {
            Some(id) if !tx.take_session_use(id, self.clock.now()).await? => {
                Err(Error::Conflict(Conflict::SessionUsedUp))
            }
            _ => Ok(()),
        }
    }

    /// Keeps the assets that the client which opened the session still reaches.
    async fn filter_reachable_assets(
        &self,
        scope: &TenantScope,
        reach: &Reach,
        ids: Vec<AssetId>,
    ) -> Result<Vec<AssetId>, Error> {
        if reach.is_all() {
            return Ok(ids);
        }
        let tx = self.store.begin_read(scope).await?;
        let assets = tx.find_assets(&ids).await?;
        tx.commit().await?;
        let still = assets.into_iter().filter(|it| reach.includes_asset(it));
        Ok(still.map(|it| it.id).collect())
    }

    /// The client for whose sessions tokens can be signed. A token of a client that has no right to reconnect, or is not
    /// valid itself, would never be accepted.
    ///
    /// # Errors
    /// `Conflict(SessionEnded)`: the client's sessions have ended.
    pub(super) async fn find_client_of_session(
        &self,
        client: ClientId,
        now: Timestamp,
    ) -> Result<UnverifiedClient, Error> {
        let found = self.store.find_client_for_login(client).await?;
        let may_reconnect = |it: &UnverifiedClient| {
            let held = it.permissions();
            SESSION_PERMISSIONS.iter().any(|one| held.contains(*one))
        };
        found
            .filter(|it| !it.has_expired(now) && may_reconnect(it))
            .ok_or(Error::Conflict(Conflict::SessionEnded))
    }

    /// Signs a token with this id for a session of this client.
    pub(super) async fn sign_session_token(
        &self,
        client: &UnverifiedClient,
        (id, token): (ReconnectSessionId, Uuid),
        lifetime: Duration,
        now: Timestamp,
    ) -> Result<String, Error> {
        let scope: Permissions = SESSION_PERMISSIONS.into_iter().collect();
        let token = NewToken {
            audience: Audience::Browser,
            sub: id.to_string(),
            client_id: client.client().to_string(),
            tenant: client.tenant(),
            // Use the client's version: revoking the client's tokens also ends its sessions.
            ver: client.token_version(),
            scope: scope.to_string(),
            jti: token.to_string(),
            key: None,
            lifetime,
        };
        self.issuer.sign_token(token, now).await
    }
}

/// Whether the session is open, and a token of this client version and id, or the link that opened it, is valid for it.
fn is_session_valid(
    candidate: &UnverifiedSession,
    (ver, token): (i64, Option<Uuid>),
    now: Timestamp,
) -> bool {
    let tokens = candidate.session.tokens;
    let is_accepted =
        token.is_none_or(|token| tokens.is_none_or(|it| it.accepts_token(token, now)));
    candidate.session.is_open(now)
        && is_accepted
        && ver >= candidate.token_version
        && candidate.client_until.is_none_or(|until| now < until)
}
