//! Tickets with which a page in a browser opens one stream of events.
//!
//! The rule: a ticket is deleted when it is used, so that no process accepts it twice. Of its secret only the hash is stored.

use regrant_domain::{ClientId, ReconnectSessionId, TenantId, Timestamp};
use uuid::Uuid;

use crate::{
    Error, Store, TenantTx,
    integrity::STREAM_TICKETS,
    sql::{Plans, Query, Row, to_micros},
};

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamTicket {
    /// The id.
    pub id: Uuid,
    /// The path of the stream that it opens.
    pub stream: String,
    /// The client that made it, or that opened the session that made it.
    pub client: ClientId,
    /// The version of the client's tokens; revoking them ends the ticket.
    pub client_version: i64,
    /// The session that made it.
    pub session: Option<ReconnectSessionId>,
    /// The id of the token that made it; revoking it ends the ticket.
    pub token: Option<Uuid>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl TenantTx {
    /// Inserts a ticket with the hash of its secret.
    pub async fn insert_stream_ticket(
        &self,
        ticket: &StreamTicket,
        secret_hash: [u8; 32],
    ) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO stream_tickets (tenant_id, id, secret_hash, stream, client_id,
                     client_version, session_id, session_token, expires_at)
                 VALUES (:tenant, :id, :secret, :stream, :client, :version, :session, :token,
                     :expires_at)",
            )
            .bind("id", ticket.id)
            .bind("secret", secret_hash.to_vec())
            .bind("stream", ticket.stream.as_str())
            .bind("client", ticket.client.uuid())
            .bind("version", ticket.client_version)
            .bind("session", ticket.session.map(ReconnectSessionId::uuid))
            .bind("token", ticket.token)
            .bind("expires_at", to_micros(ticket.expires_at));
        self.insert_sealed(&STREAM_TICKETS, ticket.id, query)
            .await
            .map(drop)
    }

    /// Uses a ticket up; whether it was still there.
    pub async fn take_stream_ticket(&self, id: Uuid) -> Result<bool, Error> {
        let query = self
            .query("DELETE FROM stream_tickets WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id);
        Ok(self.execute(query).await? > 0)
    }

    /// Deletes tickets that have ended.
    pub async fn purge_stream_tickets(&self, now: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM stream_tickets WHERE tenant_id = :tenant AND id IN (
                 SELECT id FROM stream_tickets WHERE tenant_id = :tenant AND expires_at <= :now
                 ORDER BY expires_at LIMIT :limit)",
            )
            .bind("now", to_micros(now))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}

impl Store {
    /// The ticket of this tenant whose secret has this hash. The tenant counts once its client is found.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the ticket was changed around the application.
    pub async fn find_stream_ticket(
        &self,
        tenant: TenantId,
        secret_hash: [u8; 32],
    ) -> Result<Option<StreamTicket>, Error> {
        let query = Query::tenant(
            tenant,
            "SELECT k.id, k.stream, k.client_id, k.client_version, k.session_id, k.session_token,
                 k.expires_at, {sealed}
             FROM stream_tickets k WHERE k.tenant_id = :tenant AND k.secret_hash = :secret",
        )
        .fill("sealed", STREAM_TICKETS.select_list("k"))
        .bind("secret", secret_hash.to_vec());
        let transaction = self.dialect.begin(&self.connection).await?;
        self.dialect
            .set_tenant(&transaction, tenant, Plans::Kept)
            .await?;
        let row = query.fetch_one(&transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        self.row_seals()?
            .check_row(&STREAM_TICKETS, tenant, &row, "k")?;
        ticket_from_row(&row).map(Some)
    }
}

fn ticket_from_row(row: &Row) -> Result<StreamTicket, Error> {
    let session: Option<Uuid> = row.get("session_id")?;
    Ok(StreamTicket {
        id: row.get("id")?,
        stream: row.get("stream")?,
        client: ClientId::from_uuid(row.get("client_id")?),
        client_version: row.get("client_version")?,
        session: session.map(ReconnectSessionId::from_uuid),
        token: row.get("session_token")?,
        expires_at: row.time("expires_at")?,
    })
}
