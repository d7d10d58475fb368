//! Who is calling: a client's secret becomes a short token, a token becomes a [`Principal`].
//!
//! The rule: the tenant comes from the verified credential and from nowhere else. A token's client
//! is looked up on every call, so that disabling it ends its tokens at once.

use regrant_crypto::SecretHash;
use regrant_domain::{ClientId, ClientSecret, Permission, Permissions, ReadReason};
use regrant_storage::TenantScope;
use serde_json::Value;

use crate::{Error, Vault};

/// A verified caller: one client of one tenant and what it may do.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(crate) scope: TenantScope,
    pub(crate) client: ClientId,
    permissions: Permissions,
    reason_required: bool,
    reason: Option<ReadReason>,
}

impl Principal {
    /// The client that calls.
    #[must_use]
    pub const fn client(&self) -> ClientId {
        self.client
    }

    /// What it may do.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        self.permissions
    }

    /// Demands a permission.
    ///
    /// # Errors
    /// `Forbidden` where the credential does not carry it.
    pub const fn demand(&self, permission: Permission) -> Result<(), Error> {
        if self.permissions.contains(permission) { Ok(()) } else { Err(Error::Forbidden(permission)) }
    }

    /// The same caller, who says why it reads.
    #[must_use]
    pub fn because(self, reason: Option<ReadReason>) -> Self {
        Self { reason, ..self }
    }

    /// Why the caller reads; its tenant may demand that it says so.
    pub(crate) const fn read_reason(&self) -> Result<Option<&ReadReason>, Error> {
        match &self.reason {
            None if self.reason_required => Err(Error::ReasonRequired),
            reason => Ok(reason.as_ref()),
        }
    }

    pub(crate) fn actor(&self) -> String {
        format!("client:{}", self.client)
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
    pub async fn authenticate(&self, token: &str) -> Result<Principal, Error> {
        let claims = self.issuer.verify(token, self.clock.now())?;
        let client: ClientId = claims.sub.parse().map_err(|_| Error::Unauthenticated)?;
        let granted: Permissions = claims.scope.parse().map_err(|_| Error::Unauthenticated)?;
        let candidate = self.store.candidate(client).await?.ok_or(Error::Unauthenticated)?;
        let (held, reason_required) = (candidate.permissions(), candidate.reason_required());
        let scope = candidate.vouch(claims.tenant).ok_or(Error::Unauthenticated)?;
        let permissions = granted.iter().filter(|it| held.contains(*it)).collect();
        Ok(Principal { scope, client, permissions, reason_required, reason: None })
    }

    /// The public keys that verify this vault's tokens (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> &Value {
        self.issuer.jwks()
    }
}
