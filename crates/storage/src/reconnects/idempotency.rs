//! Idempotency keys: which act a repeated call is.
//!
//! The rule: a key counts within one caller and one route of one tenant; the body is known by its keyed
//! fingerprint alone, because it may hold a token; what is kept of the answer holds no secret. The row is written
//! in the transaction of the act, so that one exists exactly where the other does.

use regrant_domain::{ReconnectId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{Error, TenantTx, sql::time};

/// What the caller said makes two calls the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// Who calls: a client, a session or an operator.
    pub caller: Uuid,
    /// What is called.
    pub route: &'static str,
    /// The caller's key.
    pub key: String,
}

/// A call that came first with its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentCall {
    /// Keyed hash of its body.
    pub fingerprint: Vec<u8>,
    /// The version of the data key it was hashed under.
    pub key_version: u32,
    /// What it did, as JSON without a secret.
    pub answer: String,
    /// The reconnect it began: the key lasts as long as that.
    pub reconnect: Option<ReconnectId>,
}

impl TenantTx {
    /// The call that came first with this key, if any did.
    ///
    /// # Errors
    /// The database failed.
    pub async fn find_idempotent(
        &self,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotentCall>, Error> {
        let query = self
            .query(
                "SELECT fingerprint, key_version, answer, reconnect_id FROM idempotency WHERE tenant_id = $1",
            )
            .sql(" AND caller_id = ")
            .bind(key.caller)
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
            answer: row.get("answer")?,
            reconnect: row
                .get::<Option<Uuid>>("reconnect_id")?
                .map(ReconnectId::from_uuid),
        }))
    }

    /// Remembers the call; a reconnect may be written later in the same transaction.
    ///
    /// # Errors
    /// [`Error::Taken`]: a call with this key came first. Give the transaction up: the act is that call's.
    pub async fn insert_idempotent(
        &self,
        key: &IdempotencyKey,
        call: &IdempotentCall,
        at: Timestamp,
    ) -> Result<(), Error> {
        let row: [Value; 8] = [
            key.caller.into(),
            key.route.into(),
            key.key.as_str().into(),
            call.fingerprint.as_slice().into(),
            i64::from(call.key_version).into(),
            call.answer.as_str().into(),
            call.reconnect.map(ReconnectId::uuid).into(),
            time(at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO idempotency
                 (tenant_id, caller_id, route, key, fingerprint, key_version, answer, reconnect_id, created_at)",
            )
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        match self.run(query).await? {
            0 => Err(Error::Taken("idempotency key")),
            _ => Ok(()),
        }
    }
}
