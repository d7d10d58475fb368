//! Reconnects: read and listed.

use std::collections::HashMap;

use regrant_domain::{
    ClientId, GrantId, Outcome, OutcomeCounts, PersonId, ReconnectId, ReconnectSessionId,
    ReconnectStatus, SealedRecord, Timestamp, closed_list,
};
use uuid::Uuid;

use crate::{
    Error, ListedRows, TenantTx,
    reconnects::item::OPEN,
    sql::{CHUNK, Row},
};

closed_list! {
    /// What started a reconnect.
    pub enum ReconnectCause: "cause of a reconnect" {
        /// A call of the tenant.
        Call = "call",
        /// The worker, which refreshes a token before it expires.
        Refresh = "rotation",
    }
}

/// The reconnect that another one undoes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UndoneReconnect {
    /// Its id; it may be past retention.
    pub id: ReconnectId,
    /// Its number among the tenant's.
    pub intent_seq: i64,
}

/// A reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    /// The id.
    pub id: ReconnectId,
    /// The number of this reconnect among the tenant's; the newest wins.
    pub intent_seq: i64,
    /// Whether it runs, is completed or cancelled.
    pub status: ReconnectStatus,
    /// Whether its token was validated.
    pub token_validated: bool,
    /// The grant of its token, once that is validated.
    pub grant_id: Option<GrantId>,
    /// The person the token must belong to.
    pub expect_person: Option<PersonId>,
    /// The sealed token, until the reconnect is finished.
    pub submitted: Option<SealedRecord>,
    /// The number of the newest event of its items.
    pub event_seq: i64,
    /// The client that requested it.
    pub created_by: ClientId,
    /// The reconnect session that requested it, if one did.
    pub session: Option<ReconnectSessionId>,
    /// What started it.
    pub cause: ReconnectCause,
    /// The reconnect that it undoes; `None` where it replaces tokens.
    pub undo: Option<UndoneReconnect>,
    /// When it was requested.
    pub created_at: Timestamp,
    /// When it was finished.
    pub finished_at: Option<Timestamp>,
    /// How many items it has.
    pub total: i64,
    /// How many items have no final outcome.
    pub open: i64,
}

/// The reconnects that a caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconnectVisibility {
    /// All reconnects of the tenant.
    All,
    /// Reconnects that this client requested, itself or through a session that it opened.
    OfClient(ClientId),
    /// Reconnects of this session.
    OfSession(ReconnectSessionId),
}

impl ReconnectVisibility {
    /// Whether the caller may see this reconnect.
    #[must_use]
    pub fn includes_reconnect(self, reconnect: &Reconnect) -> bool {
        match self {
            Self::All => true,
            Self::OfClient(client) => reconnect.created_by == client,
            Self::OfSession(session) => reconnect.session == Some(session),
        }
    }

    /// The client and the session that a reconnect must have been requested by.
    pub(crate) fn to_filter(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Self::All => (None, None),
            Self::OfClient(client) => (Some(client.uuid()), None),
            Self::OfSession(session) => (None, Some(session.uuid())),
        }
    }
}

const SELECT: &str = "
    SELECT r.id, r.intent_seq, r.status, r.token_validated, r.grant_id, r.expect_person, r.submitted,
        r.event_seq, r.created_by, r.session_id, r.origin, r.created_at, r.finished_at, r.total,
        r.undo_of, r.undo_seq,
        (SELECT count(*) FROM reconnect_items i
            WHERE i.tenant_id = :tenant AND i.reconnect_id = r.id AND ({open})) AS open
    FROM reconnects r WHERE r.tenant_id = :tenant";

impl TenantTx {
    /// The reconnect with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_reconnect(&self, id: ReconnectId) -> Result<Reconnect, Error> {
        let query = self
            .query("{select} AND r.id = :id")
            .fill("select", SELECT)
            .fill("open", OPEN)
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?;
        reconnect_from_row(&row.ok_or(Error::NotFound)?)
    }

    /// The status of a reconnect, without a look at its items.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_reconnect_status(&self, id: ReconnectId) -> Result<ReconnectStatus, Error> {
        let query = self
            .query("SELECT status FROM reconnects WHERE tenant_id = :tenant AND id = :id")
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?;
        row.ok_or(Error::NotFound)?.parse("status")
    }

    /// The next reconnects older than `after`, the newest first.
    pub async fn list_reconnects(
        &self,
        begun: ReconnectVisibility,
        after: Option<ReconnectId>,
        limit: u32,
    ) -> Result<ListedRows<Reconnect>, Error> {
        let (client, session) = begun.to_filter();
        let query = self
            .query(
                "{select} [AND r.created_by = :client] [AND r.session_id = :session]
                     [AND r.id < :after]
                 ORDER BY r.id DESC LIMIT :limit",
            )
            .fill("select", SELECT)
            .fill("open", OPEN)
            .bind_optional("client", client)
            .bind_optional("session", session)
            .bind_optional("after", after.map(ReconnectId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_listed("reconnects", query, reconnect_from_row)
            .await
    }

    /// How many items of each reconnect have each outcome.
    pub async fn count_outcomes(
        &self,
        ids: &[ReconnectId],
    ) -> Result<HashMap<ReconnectId, OutcomeCounts>, Error> {
        let mut outcomes: HashMap<ReconnectId, Vec<Outcome>> =
            ids.iter().map(|id| (*id, Vec::new())).collect();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT reconnect_id, outcome, count(*) AS n FROM reconnect_items
                     WHERE tenant_id = :tenant AND outcome IS NOT NULL AND reconnect_id IN :ids
                     GROUP BY reconnect_id, outcome",
                )
                .bind_list("ids", chunk.iter().map(|id| id.uuid()));
            for row in self.fetch_all(query).await? {
                let id = ReconnectId::from_uuid(row.get("reconnect_id")?);
                let n = row.get::<i64>("n")?;
                let n = usize::try_from(n).map_err(|_| Error::Corrupt("count"))?;
                // An outcome that does not parse is shown as failed.
                let outcome = row.parse("outcome").unwrap_or(Outcome::Failed);
                outcomes
                    .entry(id)
                    .or_default()
                    .extend(std::iter::repeat_n(outcome, n));
            }
        }
        Ok(outcomes
            .into_iter()
            .map(|(id, all)| (id, all.into_iter().collect()))
            .collect())
    }

    /// Whether an older reconnect still has open items among the assets of this one.
    pub async fn overlaps_older_reconnect(
        &self,
        id: ReconnectId,
        intent_seq: i64,
    ) -> Result<bool, Error> {
        let query = self
            .query(
                "SELECT 1 FROM reconnect_items mine
                 JOIN reconnect_items i
                     ON i.tenant_id = mine.tenant_id AND i.asset_id = mine.asset_id
                 JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
                 WHERE mine.tenant_id = :tenant AND mine.reconnect_id = :id
                     AND r.status = 'running' AND r.intent_seq < :intent_seq
                     AND (i.outcome IS NULL OR i.outcome = 'deferred')
                 LIMIT 1",
            )
            .bind("id", id.uuid())
            .bind("intent_seq", intent_seq);
        Ok(self.fetch_one(query).await?.is_some())
    }
}

fn reconnect_from_row(row: &Row) -> Result<Reconnect, Error> {
    Ok(Reconnect {
        id: ReconnectId::from_uuid(row.get("id")?),
        intent_seq: row.get("intent_seq")?,
        status: row.parse("status")?,
        token_validated: row.get("token_validated")?,
        grant_id: row.get::<Option<Uuid>>("grant_id")?.map(GrantId::from_uuid),
        expect_person: row.maybe_parse("expect_person")?,
        submitted: row.maybe_sealed("submitted")?,
        event_seq: row.get("event_seq")?,
        created_by: ClientId::from_uuid(row.get("created_by")?),
        session: row
            .get::<Option<Uuid>>("session_id")?
            .map(ReconnectSessionId::from_uuid),
        cause: row.parse("origin")?,
        undo: undone_from_row(row)?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
        total: row.get("total")?,
        open: row.get("open")?,
    })
}

fn undone_from_row(row: &Row) -> Result<Option<UndoneReconnect>, Error> {
    let id = row.get::<Option<Uuid>>("undo_of")?;
    let number = row.get::<Option<i64>>("undo_seq")?;
    Ok(id.zip(number).map(|(id, intent_seq)| UndoneReconnect {
        id: ReconnectId::from_uuid(id),
        intent_seq,
    }))
}
