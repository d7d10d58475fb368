//! What a client does with access tokens that it holds: revokes one (RFC 7009), or asks whether one is valid (RFC 7662).
//!
//! The rule: a client reaches the tokens that were issued to it, and those of sessions that it opened. Every other token
//! looks like one that does not exist. A revoked token is refused from the next call on, by every process: the list of
//! revoked tokens is read with the client, as its token version is.
//! Start at `Vault::revoke_own_token`.

use std::sync::Arc;

use chrono::DateTime;
use regrant_crypto::Claims;
use regrant_domain::{ClientId, ReconnectSessionId, Timestamp};
use regrant_storage::AuditEvent;
use serde_json::json;
use uuid::Uuid;

use crate::{
    Error, Principal, Vault,
    access::{authenticate::token_id, claims::Audience},
};

/// A valid access token, as its client may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnToken {
    /// The id of the token.
    pub id: String,
    /// The installation that issued it.
    pub issuer: String,
    /// The listener that accepts it.
    pub audience: String,
    /// The client or the session that holds it.
    pub subject: String,
    /// The client that it was issued to.
    pub client_id: String,
    /// Its permissions, separated by spaces.
    pub scope: String,
    /// When it was issued, in seconds since 1970.
    pub issued_at: i64,
    /// When it ends by itself, in seconds since 1970.
    pub ends_at: i64,
    /// The thumbprint of the key that calls with it prove; `None`: the holder of the token may use it.
    pub key: Option<String>,
}

/// Whose token it is.
enum Holder {
    /// The client itself; the id of the token.
    Client(Uuid),
    /// A browser's session.
    Session(ReconnectSessionId),
}

impl Vault {
    /// Revokes an access token of the client; of a session it opened, ends the session. A token that is not valid, or not
    /// the client's, changes nothing.
    ///
    /// # Errors
    /// The database does not respond.
    pub async fn revoke_own_token(&self, client: &Principal, token: &str) -> Result<(), Error> {
        match self.find_own_token(client, token).await? {
            Some((Holder::Client(id), claims)) => self.revoke_token(client, id, &claims).await,
            Some((Holder::Session(id), _)) => self.end_reconnect_session(client, id).await,
            None => Ok(()),
        }
    }

    /// A valid access token of the client, or of a session that it opened; `None` for every other text.
    ///
    /// # Errors
    /// The database does not respond.
    pub async fn introspect_own_token(
        &self,
        client: &Principal,
        token: &str,
    ) -> Result<Option<OwnToken>, Error> {
        let found = self.find_own_token(client, token).await?;
        Ok(found.map(|(_, claims)| OwnToken::from(&*claims)))
    }

    async fn find_own_token(
        &self,
        client: &Principal,
        token: &str,
    ) -> Result<Option<(Holder, Arc<Claims>)>, Error> {
        let now = self.clock.now();
        match self.issuer.verify_token(Audience::Api, token, now).await {
            Ok(claims) => self.find_token_of_client(client, &claims, now).await,
            Err(_) => self.find_token_of_session(client, token, now).await,
        }
    }

    async fn find_token_of_client(
        &self,
        client: &Principal,
        claims: &Arc<Claims>,
        now: Timestamp,
    ) -> Result<Option<(Holder, Arc<Claims>)>, Error> {
        let (holder, id): (Option<ClientId>, _) = (claims.sub.parse().ok(), token_id(claims));
        let (Some(holder), Some(id)) = (holder.filter(|it| *it == client.client()), id) else {
            return Ok(None);
        };
        match self.find_client_of_token(holder, claims, now).await {
            Ok(_) => Ok(Some((Holder::Client(id), Arc::clone(claims)))),
            Err(Error::Unauthenticated) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find_token_of_session(
        &self,
        client: &Principal,
        token: &str,
        now: Timestamp,
    ) -> Result<Option<(Holder, Arc<Claims>)>, Error> {
        let Ok(claims) = self
            .issuer
            .verify_token(Audience::Browser, token, now)
            .await
        else {
            return Ok(None);
        };
        match self.authenticate_session(token).await {
            Ok(it) if it.client() == client.client() && it.tenant() == client.tenant() => {
                let session = it.session().map(Holder::Session);
                Ok(session.map(|it| (it, claims)))
            }
            Ok(_) | Err(Error::Unauthenticated) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn revoke_token(
        &self,
        client: &Principal,
        token: Uuid,
        claims: &Claims,
    ) -> Result<(), Error> {
        let (id, now) = (client.client(), self.clock.now());
        let ends_at = DateTime::from_timestamp(claims.exp, 0).unwrap_or(now);
        let tx = self.store.begin(&client.scope).await?;
        tx.lock_client(id).await.map_err(Error::of_caller)?;
        let revoked = tx.find_revoked_tokens(id).await.map_err(Error::of_caller)?;
        let (action, detail) = if let Some(list) = revoked.with_token(token, ends_at, now) {
            tx.set_revoked_tokens(id, &list).await?;
            (
                "client.token_revoked",
                json!({ "token": token, "ends_at": ends_at }),
            )
        } else {
            tx.revoke_client_tokens(id)
                .await
                .map_err(Error::of_caller)?;
            (
                "client.tokens_revoked",
                json!({ "reason": "too many revoked one by one" }),
            )
        };
        let event = AuditEvent::new(client.audit_name(), action, id, detail);
        tx.write_audit_events(&[event], now).await?;
        Ok(tx.commit().await?)
    }
}

impl From<&Claims> for OwnToken {
    fn from(claims: &Claims) -> Self {
        Self {
            id: claims.jti.clone(),
            issuer: claims.iss.clone(),
            audience: claims.aud.clone(),
            subject: claims.sub.clone(),
            client_id: claims.client_id.clone(),
            scope: claims.scope.clone(),
            issued_at: claims.iat,
            ends_at: claims.exp,
            key: claims.cnf.as_ref().map(|it| it.jkt.clone()),
        }
    }
}
