//! Secrets of clients: disabled, rotated, and the access tokens issued for them revoked.

use regrant_domain::{ClientId, RevokedTokens, Timestamp};

use crate::{
    Error, TenantTx,
    sql::{maybe_micros, maybe_to_json},
};

impl TenantTx {
    /// Disables a client from `at` on and revokes every access token issued to it; `None` enables it again.
    /// The revoked tokens stay revoked.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn disable_client(&self, id: ClientId, at: Option<Timestamp>) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE clients
                 SET disabled_at = :at, token_version = token_version + :revoked_versions
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("at", maybe_micros(at))
            .bind("revoked_versions", i64::from(at.is_some()))
            .bind("id", id.uuid());
        self.change_client_row(id, query).await
    }

    /// Changes a client's secret. The old secret stays valid until `older_until`; without it, the old secret
    /// and every access token issued to the client are revoked.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn set_client_secret(
        &self,
        id: ClientId,
        hash: &[u8],
        older_until: Option<Timestamp>,
    ) -> Result<(), Error> {
        let older = if older_until.is_some() {
            "previous_secret_hash = secret_hash"
        } else {
            "previous_secret_hash = NULL, token_version = token_version + 1"
        };
        let query = self
            .query(
                "UPDATE clients SET {older}, previous_secret_until = :older_until,
                     secret_hash = :hash, proof_key_sealed = NULL,
                     previous_proof_key_sealed = NULL
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .fill("older", older)
            .bind("older_until", maybe_micros(older_until))
            .bind("hash", hash)
            .bind("id", id.uuid());
        self.change_client_row(id, query).await
    }

    /// The access tokens of the client that were revoked one by one. Lock the client first.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn find_revoked_tokens(&self, id: ClientId) -> Result<RevokedTokens, Error> {
        let query = self
            .query("SELECT revoked_tokens FROM clients WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.maybe_json("revoked_tokens")?.unwrap_or_default())
    }

    /// Writes which access tokens of the client were revoked one by one.
    ///
    /// # Errors
    /// [`Error::Stale`]: it is gone.
    pub async fn set_revoked_tokens(
        &self,
        id: ClientId,
        tokens: &RevokedTokens,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE clients SET revoked_tokens = :tokens
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("tokens", maybe_to_json(Some(tokens))?)
            .bind("id", id.uuid());
        self.change_client_row(id, query).await
    }

    /// Revokes every access token issued to the client.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has no such client.
    pub async fn revoke_client_tokens(&self, id: ClientId) -> Result<(), Error> {
        let query = self
            .query(
                "UPDATE clients SET token_version = token_version + 1
                 WHERE tenant_id = :tenant AND id = :id",
            )
            .bind("id", id.uuid());
        match self.change_client_row(id, query).await {
            Err(Error::Stale) => Err(Error::NotFound),
            other => other,
        }
    }
}
