//! Idempotency keys: which reconnect a repeated call is.
//!
//! The rule: a key counts within one client and one route of one tenant; the body is known by its keyed
//! fingerprint alone, because it holds a token.

use regrant_domain::{ClientId, ReconnectId, Timestamp};
use sea_orm::Value;

use crate::{Error, TenantTx, query::time};

/// What the caller said makes two calls the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who calls.
    pub client: ClientId,
    /// What is called.
    pub route: &'static str,
    /// The caller's key.
    pub key: String,
}

/// The call that came first with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentCall {
    /// Keyed hash of its body.
    pub fingerprint: Vec<u8>,
    /// The version of the data key it was hashed under.
    pub key_version: u32,
    /// What it began.
    pub reconnect: ReconnectId,
}

impl TenantTx {
    /// The call that came first with this key, if any did.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_idempotent(&self, key: &IdempotencyKey) -> Result<Option<IdempotentCall>, Error> {
        let query = self
            .query("SELECT fingerprint, key_version, reconnect_id FROM idempotency WHERE tenant_id = $1")
            .sql(" AND client_id = ")
            .bind(key.client.uuid())
            .sql(" AND route = ")
            .bind(key.route)
            .sql(" AND key = ")
            .bind(key.key.as_str());
        let Some(row) = self.one(query).await? else {
            return Ok(None);
        };
        Ok(Some(IdempotentCall {
            fingerprint: row.get("fingerprint")?,
            key_version: row.unsigned("key_version")?,
            reconnect: ReconnectId::from_uuid(row.get("reconnect_id")?),
        }))
    }

    /// Remembers the call; the reconnect may be written later in the same transaction.
    ///
    /// # Errors
    /// [`Error::Taken`]: a call with this key came first; the transaction is still usable.
    pub async fn insert_idempotent(
        &self,
        key: &IdempotencyKey,
        fingerprint: &[u8],
        key_version: u32,
        reconnect: ReconnectId,
        at: Timestamp,
    ) -> Result<(), Error> {
        let row: [Value; 7] = [
            key.client.uuid().into(),
            key.route.into(),
            key.key.as_str().into(),
            fingerprint.into(),
            i64::from(key_version).into(),
            reconnect.uuid().into(),
            time(at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO idempotency
                 (tenant_id, client_id, route, key, fingerprint, key_version, reconnect_id, created_at)",
            )
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("idempotency key")),
            _ => Ok(()),
        }
    }
}
