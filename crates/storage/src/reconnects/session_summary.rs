//! Lists of reconnect sessions.
//!
//! The rule: a list reads no assets. A session may have thousands of them, and a list hundreds of sessions.

use regrant_domain::{ClientId, PersonId, ReconnectSessionId, Timestamp};

use crate::{Error, ListedRows, TenantTx, sql::Row};

/// A session without its assets, of which it may have thousands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReconnectSessionSummary {
    /// The id.
    pub id: ReconnectSessionId,
    /// The client that opened it.
    pub client: ClientId,
    /// The person it is for.
    pub person_id: Option<PersonId>,
    /// Whether only that person's token is accepted.
    pub require_person: bool,
    /// How many reconnects it may still start.
    pub uses_left: u32,
    /// How many previews it may still request.
    pub previews_left: u32,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was ended before that.
    pub ended_at: Option<Timestamp>,
}

const SUMMARY_COLUMNS: &str = "
    s.id, s.client_id, s.person_id, s.require_person, s.uses_left, s.previews_left, s.created_at,
    s.expires_at, s.ended_at";

impl ReconnectSessionSummary {
    /// Whether it is open at this moment.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at
    }
}

impl TenantTx {
    /// The next sessions older than `after`, the newest first; with `client`, those that it opened.
    pub async fn list_reconnect_sessions(
        &self,
        client: Option<ClientId>,
        after: Option<ReconnectSessionId>,
        limit: u32,
    ) -> Result<ListedRows<ReconnectSessionSummary>, Error> {
        let query = self
            .query(
                "SELECT {columns} FROM reconnect_sessions s
                 WHERE s.tenant_id = :tenant [AND s.client_id = :client] [AND s.id < :after]
                 ORDER BY s.id DESC LIMIT :limit",
            )
            .fill("columns", SUMMARY_COLUMNS)
            .bind_optional("client", client.map(ClientId::uuid))
            .bind_optional("after", after.map(ReconnectSessionId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_listed("reconnect_sessions", query, summary_from_row)
            .await
    }
}

pub(super) fn summary_from_row(row: &Row) -> Result<ReconnectSessionSummary, Error> {
    Ok(ReconnectSessionSummary {
        id: ReconnectSessionId::from_uuid(row.get("id")?),
        client: ClientId::from_uuid(row.get("client_id")?),
        person_id: row.maybe_parse("person_id")?,
        require_person: row.get("require_person")?,
        uses_left: row.unsigned("uses_left")?,
        previews_left: row.unsigned("previews_left")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.maybe_time("ended_at")?,
    })
}
