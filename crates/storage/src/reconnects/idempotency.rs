//! Idempotency keys: which earlier call a repeated call replays.
//!
//! The rule: a key is valid within one caller and one route of one tenant. The body is known only by its
//! keyed fingerprint, because it may hold a token; the stored response holds no secret. The row is
//! written in the transaction of the call, so that both exist or neither does.

use regrant_domain::{ReconnectId, Timestamp};
use uuid::Uuid;

use crate::{Error, TenantTx, sql::to_micros};

/// What makes two calls the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The caller: a client, a session or an operator.
    pub caller: Uuid,
    /// The route that is called.
    pub route: &'static str,
    /// The caller's key.
    pub key: String,
}

/// The first call with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotentCall {
    /// Keyed hash of its body.
    pub fingerprint: Vec<u8>,
    /// The version of the data key it was hashed under.
    pub key_version: u32,
    /// Its response, as JSON without a secret.
    pub response: String,
    /// The reconnect it started: the key lasts as long as the reconnect.
    pub reconnect: Option<ReconnectId>,
}

impl TenantTx {
    /// The first call with this key, if there was one.
    pub async fn find_idempotent_call(
        &self,
        key: &IdempotencyKey,
    ) -> Result<Option<IdempotentCall>, Error> {
        let query = self
            .query(
                "SELECT fingerprint, key_version, response, reconnect_id FROM idempotency
                 WHERE tenant_id = :tenant AND caller_id = :caller AND route = :route
                     AND key = :key",
            )
            .bind("caller", key.caller)
            .bind("route", key.route)
            .bind("key", key.key.as_str());
        let Some(row) = self.fetch_one(query).await? else {
            return Ok(None);
        };
        Ok(Some(IdempotentCall {
            fingerprint: row.get("fingerprint")?,
            key_version: row.unsigned("key_version")?,
            response: row.get("response")?,
            reconnect: row
                .get::<Option<Uuid>>("reconnect_id")?
                .map(ReconnectId::from_uuid),
        }))
    }

    /// Stores the call. Its reconnect may be inserted later in the same transaction.
    ///
    /// # Errors
    /// [`Error::Taken`]: another call with this key came first. Drop the transaction and replay that call.
    pub async fn insert_idempotent_call(
        &self,
        key: &IdempotencyKey,
        call: &IdempotentCall,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO idempotency (tenant_id, caller_id, route, key, fingerprint,
                     key_version, response, reconnect_id, created_at)
                 VALUES (:tenant, :caller, :route, :key, :fingerprint, :key_version, :response,
                     :reconnect, :at)
                 ON CONFLICT DO NOTHING",
            )
            .bind("caller", key.caller)
            .bind("route", key.route)
            .bind("key", key.key.as_str())
            .bind("fingerprint", call.fingerprint.as_slice())
            .bind("key_version", i64::from(call.key_version))
            .bind("response", call.response.as_str())
            .bind("reconnect", call.reconnect.map(ReconnectId::uuid))
            .bind("at", to_micros(at));
        match self.execute(query).await? {
            0 => Err(Error::Taken("idempotency key")),
            _ => Ok(()),
        }
    }
}
