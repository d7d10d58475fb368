//! Reconnects: accepted, proved, finished or erased.

use std::{collections::HashMap, str::FromStr};

use regrant_domain::{
    ClientId, Counts, GrantId, Outcome, PersonId, ReconnectId, ReconnectSessionId, ReconnectStatus,
    Sealed, Timestamp,
};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    DueKind, Error, Lease, NewItem, TenantTx,
    reconnects::item::OPEN,
    sql::{CHUNK, Query, Row, time},
};

/// A reconnect to accept.
#[derive(Debug, Clone)]
pub struct NewReconnect {
    /// Its id.
    pub id: ReconnectId,
    /// The person the token must belong to, if the caller said so.
    pub expect_person: Option<PersonId>,
    /// The token that was handed in.
    pub submitted: Sealed,
    /// Who asked.
    pub created_by: ClientId,
    /// The browser's session that asked, if one did.
    pub session: Option<ReconnectSessionId>,
    /// What it is for.
    pub origin: Origin,
    /// When.
    pub created_at: Timestamp,
}

/// What a reconnect was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A call of the tenant.
    Call,
    /// A token was refreshed before its end.
    Rotation,
}

impl Origin {
    /// The name in the API and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Rotation => "rotation",
        }
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Call, Self::Rotation]
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or("unknown origin")
    }
}

/// What accepting gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// Its place among the tenant's reconnects.
    pub intent_seq: i64,
    /// The right to work on it, if it is due.
    pub lease: Option<Lease>,
}

/// A reconnect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconnect {
    /// Its id.
    pub id: ReconnectId,
    /// Its place among the tenant's reconnects.
    pub intent_seq: i64,
    /// Where it stands.
    pub status: ReconnectStatus,
    /// Whether its token was proved once.
    pub proved: bool,
    /// The grant its token was proved to be.
    pub grant_id: Option<GrantId>,
    /// The person the token must belong to.
    pub expect_person: Option<PersonId>,
    /// The token, until the reconnect ends.
    pub submitted: Option<Sealed>,
    /// The number of the newest event of its items.
    pub event_seq: i64,
    /// Who asked.
    pub created_by: ClientId,
    /// The browser's session that asked, if one did.
    pub session: Option<ReconnectSessionId>,
    /// What it is for.
    pub origin: Origin,
    /// When.
    pub created_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How many items it has.
    pub total: i64,
    /// How many of them have no final outcome.
    pub open: i64,
}

/// Whose reconnects a caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    /// All of the tenant's.
    ByAnyone,
    /// Those that this client began, or a session that it opened.
    By(ClientId),
    /// Those of this session.
    In(ReconnectSessionId),
}

impl Begun {
    /// Whether the reconnect is one of them.
    #[must_use]
    pub fn includes(self, reconnect: &Reconnect) -> bool {
        match self {
            Self::ByAnyone => true,
            Self::By(client) => reconnect.created_by == client,
            Self::In(session) => reconnect.session == Some(session),
        }
    }
}

const COLUMNS: &str =
    "r.id, r.intent_seq, r.status, r.proved, r.grant_id, r.expect_person, r.submitted,
    r.event_seq, r.created_by, r.session_id, r.origin, r.created_at, r.finished_at, r.total";

impl TenantTx {
    /// Accepts a reconnect with its items, in their order; with `due` (owner, leased until, due at) it goes
    /// on the work list, leased from the start.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant is gone.
    pub async fn accept_reconnect(
        &self,
        reconnect: &NewReconnect,
        items: &[NewItem],
        due: Option<(&str, Timestamp, Timestamp)>,
    ) -> Result<Accepted, Error> {
        let intent_seq = self.next_intent().await?;
        let settled = items.iter().filter(|it| it.settled.is_some()).count();
        let row: [Value; 11] = [
            reconnect.id.uuid().into(),
            intent_seq.into(),
            ReconnectStatus::Running.as_str().into(),
            reconnect
                .expect_person
                .as_ref()
                .map(|id| id.as_str().to_owned())
                .into(),
            reconnect.submitted.as_bytes().into(),
            count(settled)?.into(),
            count(items.len())?.into(),
            reconnect.created_by.uuid().into(),
            reconnect.session.map(ReconnectSessionId::uuid).into(),
            reconnect.origin.as_str().into(),
            time(reconnect.created_at).into(),
        ];
        let query = self
            .query(
                "INSERT INTO reconnects (tenant_id, id, intent_seq, status, expect_person, submitted, event_seq,
                 total, created_by, session_id, origin, created_at)",
            )
            .tenant_rows([row]);
        self.run(query).await?;
        self.insert_items(reconnect.id, items, reconnect.created_at)
            .await?;
        let lease = match due {
            Some((owner, until, due_at)) => {
                let object = reconnect.id.uuid();
                Some(
                    self.insert_due(DueKind::Reconnect, object, due_at, (owner, until))
                        .await?,
                )
            }
            None => None,
        };
        Ok(Accepted { intent_seq, lease })
    }

    /// The reconnect with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn reconnect(&self, id: ReconnectId) -> Result<Reconnect, Error> {
        let query = self.select().sql(" AND r.id = ").bind(id.uuid());
        let row = self.one(query).await?;
        read(&row.ok_or(Error::NotFound)?)
    }

    /// Reconnects older than `after`, the newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn list_reconnects(
        &self,
        begun: Begun,
        after: Option<ReconnectId>,
        limit: u32,
    ) -> Result<Vec<Reconnect>, Error> {
        let mut query = match begun {
            Begun::ByAnyone => self.select(),
            Begun::By(client) => self
                .select()
                .sql(" AND r.created_by = ")
                .bind(client.uuid()),
            Begun::In(session) => self
                .select()
                .sql(" AND r.session_id = ")
                .bind(session.uuid()),
        };
        if let Some(after) = after {
            query = query.sql(" AND r.id < ").bind(after.uuid());
        }
        let query = query
            .sql(" ORDER BY r.id DESC LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// How many items of each reconnect have each outcome.
    ///
    /// # Errors
    /// The database failed.
    pub async fn counts(&self, ids: &[ReconnectId]) -> Result<HashMap<ReconnectId, Counts>, Error> {
        let mut outcomes: HashMap<ReconnectId, Vec<Outcome>> =
            ids.iter().map(|id| (*id, Vec::new())).collect();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT reconnect_id, outcome, count(*) AS n FROM reconnect_items
                     WHERE tenant_id = $1 AND outcome IS NOT NULL AND reconnect_id IN ",
                )
                .list(chunk.iter().map(|id| id.uuid()))
                .sql(" GROUP BY reconnect_id, outcome");
            for row in self.all(query).await? {
                let id = ReconnectId::from_uuid(row.get("reconnect_id")?);
                let n =
                    usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))?;
                let outcome: Outcome = row.parsed("outcome")?;
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
    ///
    /// # Errors
    /// The database failed.
    pub async fn overlaps_older(&self, id: ReconnectId, intent_seq: i64) -> Result<bool, Error> {
        let query = self
            .query(
                "SELECT 1 FROM reconnect_items mine
                 JOIN reconnect_items i ON i.tenant_id = mine.tenant_id AND i.asset_id = mine.asset_id
                 JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
                 WHERE mine.tenant_id = $1 AND r.status = 'running'
                    AND (i.outcome IS NULL OR i.outcome = 'deferred') AND mine.reconnect_id = ",
            )
            .bind(id.uuid())
            .sql(" AND r.intent_seq < ")
            .bind(intent_seq)
            .sql(" LIMIT 1");
        Ok(self.one(query).await?.is_some())
    }

    /// Notes what the token was proved to be, and keeps the token as it is from here on.
    ///
    /// # Errors
    /// [`Error::Stale`]: the reconnect has ended.
    pub async fn mark_proved(
        &self,
        id: ReconnectId,
        grant: GrantId,
        submitted: &Sealed,
    ) -> Result<(), Error> {
        let query = self
            .query("UPDATE reconnects SET proved = (0 = 0), grant_id = ")
            .bind(grant.uuid())
            .sql(", submitted = ")
            .bind(submitted.as_bytes())
            .sql(" WHERE tenant_id = $1 AND status = 'running' AND id = ")
            .bind(id.uuid());
        self.run_exactly(1, query).await
    }

    /// Ends a reconnect: its token is wiped and it leaves the work list.
    ///
    /// # Errors
    /// [`Error::Stale`]: it has ended already.
    pub async fn finish_reconnect(
        &self,
        id: ReconnectId,
        status: ReconnectStatus,
        at: Timestamp,
    ) -> Result<(), Error> {
        let query = self
            .query("UPDATE reconnects SET submitted = NULL, status = ")
            .bind(status.as_str())
            .sql(", finished_at = ")
            .bind(time(at))
            .sql(" WHERE tenant_id = $1 AND status = 'running' AND id = ")
            .bind(id.uuid());
        self.run_exactly(1, query).await?;
        self.delete_due(DueKind::Reconnect, id.uuid()).await
    }

    /// Takes a reconnect off the work list: whoever works on it loses the lease.
    ///
    /// # Errors
    /// The database failed.
    pub async fn withdraw_reconnect(&self, id: ReconnectId) -> Result<(), Error> {
        self.delete_due(DueKind::Reconnect, id.uuid()).await
    }

    /// Removes a reconnect whose call was refused, with its items, idempotency key and place on the work list.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn erase_reconnect(&self, id: ReconnectId) -> Result<(), Error> {
        self.delete_due(DueKind::Reconnect, id.uuid()).await?;
        let query = self
            .query("DELETE FROM reconnects WHERE tenant_id = $1 AND id = ")
            .bind(id.uuid());
        match self.run(query).await? {
            0 => Err(Error::NotFound),
            _ => Ok(()),
        }
    }

    fn select(&self) -> Query {
        let sql = format!(
            "SELECT {COLUMNS}, (SELECT count(*) FROM reconnect_items i
                WHERE i.tenant_id = $1 AND i.reconnect_id = r.id AND ({OPEN})) AS open
             FROM reconnects r WHERE r.tenant_id = $1"
        );
        self.query(&sql)
    }

    /// The next number of the tenant's reconnects; held until this transaction ends, so that they are
    /// accepted one after the other.
    async fn next_intent(&self) -> Result<i64, Error> {
        let sql =
            "UPDATE tenants SET intent_seq = intent_seq + 1 WHERE id = $1 RETURNING intent_seq";
        let row = Query::of_tenant(self.tenant, sql)
            .one(&self.transaction)
            .await?;
        row.ok_or(Error::NotFound)?.get("intent_seq")
    }
}

fn count(n: usize) -> Result<i64, Error> {
    i64::try_from(n).map_err(|_| Error::Unsupported("too many items".to_owned()))
}

fn read(row: &Row) -> Result<Reconnect, Error> {
    Ok(Reconnect {
        id: ReconnectId::from_uuid(row.get("id")?),
        intent_seq: row.get("intent_seq")?,
        status: row.parsed("status")?,
        proved: row.get("proved")?,
        grant_id: row.get::<Option<Uuid>>("grant_id")?.map(GrantId::from_uuid),
        expect_person: row.maybe_parsed("expect_person")?,
        submitted: row.maybe_sealed("submitted")?,
        event_seq: row.get("event_seq")?,
        created_by: ClientId::from_uuid(row.get("created_by")?),
        session: row
            .get::<Option<uuid::Uuid>>("session_id")?
            .map(ReconnectSessionId::from_uuid),
        origin: row.parsed("origin")?,
        created_at: row.time("created_at")?,
        finished_at: row.maybe_time("finished_at")?,
        total: row.get("total")?,
        open: row.get("open")?,
    })
}
