//! Which tokens of a reconnect session are valid.
//!
//! The rule: a session has one token, and for a short overlap the one before. A session that was never refreshed notes
//! none: its only token is valid.

use regrant_domain::{ReconnectSessionId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    integrity::RECONNECT_SESSIONS,
    sql::{Row, to_micros},
};

/// The valid tokens of a session that was refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTokens {
    /// The id of the newest token.
    pub newest: Uuid,
    /// The id of the token before; `None` for the one that the session was opened with.
    pub older: Option<Uuid>,
    /// Until when the token before is valid.
    pub older_until: Timestamp,
}

impl SessionTokens {
    /// Whether the token with this id is valid now.
    #[must_use]
    pub fn accepts_token(&self, id: Uuid, now: Timestamp) -> bool {
        let is_older = self.older.is_none_or(|older| older == id);
        id == self.newest || (is_older && now < self.older_until)
    }
}

impl TenantTx {
    /// Gives a session another token and another end, unless it was ended; whether it was not. Until `older_until` the
    /// token before is valid.
    pub async fn refresh_reconnect_session(
        &self,
        id: ReconnectSessionId,
        token: Uuid,
        older_until: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(
                "UPDATE reconnect_sessions SET older_token_id = token_id, token_id = :token,
                     older_token_until = :older_until, expires_at = :expires_at
                 WHERE tenant_id = :tenant AND id = :id AND ended_at IS NULL",
            )
            .bind("token", token)
            .bind("older_until", to_micros(older_until))
            .bind("expires_at", to_micros(expires_at))
            .bind("id", id.uuid());
        let touched = self
            .change_sealed(&RECONNECT_SESSIONS, &[id.uuid()], query)
            .await?;
        Ok(touched > 0)
    }
}

pub(super) fn tokens_from_row(row: &Row) -> Result<Option<SessionTokens>, Error> {
    let newest = row.get::<Option<Uuid>>("token_id")?;
    let older_until = row.maybe_time("older_token_until")?;
    let older = row.get("older_token_id")?;
    Ok(newest
        .zip(older_until)
        .map(|(newest, older_until)| SessionTokens {
            newest,
            older,
            older_until,
        }))
}
