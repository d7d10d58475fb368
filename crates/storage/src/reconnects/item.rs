//! Items of a reconnect: one an asset, each with one outcome.
//!
//! The rule: an item leaves open once. Settling one that has a final outcome is [`Error::Stale`].

use regrant_domain::{AssetId, Outcome, Reason, ReconnectId, Serving, Timestamp};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, maybe_json, maybe_time, time},
};

/// An item to accept.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// Its asset's canonical id.
    pub asset_id: AssetId,
    /// The id as the caller wrote it.
    pub asked: String,
    /// Its outcome, where accepting already tells.
    pub settled: Option<ItemResult>,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The outcome.
    pub outcome: Outcome,
    /// Which token serves now.
    pub serving: Option<Serving>,
    /// Why.
    pub reason: Option<Reason>,
    /// When it is tried again; `deferred` only.
    pub retry_at: Option<Timestamp>,
    /// Graph's trace id.
    pub fbtrace_id: Option<String>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its place in the caller's list.
    pub position: i64,
    /// Its asset.
    pub asset_id: AssetId,
    /// The id as the caller wrote it.
    pub asked: String,
    /// What became of it so far.
    pub result: Option<ItemResult>,
    /// How often it was settled or deferred.
    pub attempts: i64,
    /// The number of its newest event.
    pub event_seq: Option<i64>,
}

impl Item {
    /// Whether it has no final outcome.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.result.as_ref().is_none_or(|it| !it.outcome.is_final())
    }
}

/// Whether an item has no final outcome.
pub(crate) const OPEN: &str = "outcome IS NULL OR outcome = 'deferred'";

const SELECT: &str =
    "SELECT position, asset_id, asked, outcome, serving, reason, retry_at, fbtrace_id, attempts,
    event_seq FROM reconnect_items WHERE tenant_id = $1 AND reconnect_id = ";

impl TenantTx {
    /// Every item, in the caller's order.
    ///
    /// # Errors
    /// The database failed.
    pub async fn items(&self, reconnect: ReconnectId) -> Result<Vec<Item>, Error> {
        let query = self
            .query(SELECT)
            .bind(reconnect.uuid())
            .sql(" ORDER BY position");
        self.all(query).await?.iter().map(read).collect()
    }

    /// Items whose newest event comes after `event_seq`, in the order of their events.
    ///
    /// # Errors
    /// The database failed.
    pub async fn items_after(
        &self,
        reconnect: ReconnectId,
        event_seq: i64,
        limit: u32,
    ) -> Result<Vec<Item>, Error> {
        let query = self
            .query(SELECT)
            .bind(reconnect.uuid())
            .sql(" AND event_seq > ")
            .bind(event_seq)
            .sql(" ORDER BY event_seq LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// Items to work on now, in the caller's order: not tried yet, or deferred until now.
    ///
    /// # Errors
    /// The database failed.
    pub async fn open_items(
        &self,
        reconnect: ReconnectId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Item>, Error> {
        let query = self
            .query(SELECT)
            .bind(reconnect.uuid())
            .sql(" AND (")
            .sql(OPEN)
            .sql(") AND (outcome IS NULL OR retry_at IS NULL OR retry_at <= ")
            .bind(time(now))
            .sql(") ORDER BY position LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// When the first deferred item may be tried again; `None`: none is deferred with a time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn next_retry(&self, reconnect: ReconnectId) -> Result<Option<Timestamp>, Error> {
        let query = self
            .query(
                "SELECT min(retry_at) AS retry_at FROM reconnect_items
                 WHERE tenant_id = $1 AND outcome = 'deferred' AND reconnect_id = ",
            )
            .bind(reconnect.uuid());
        self.one(query)
            .await?
            .ok_or(Error::NotFound)?
            .maybe_time("retry_at")
    }

    /// Settles items by position; each gets the next number of the reconnect's events, in this order.
    ///
    /// # Errors
    /// [`Error::Stale`]: one of them has a final outcome; [`Error::NotFound`]: no such reconnect.
    pub async fn settle_items(
        &self,
        reconnect: ReconnectId,
        results: &[(i64, ItemResult)],
        at: Timestamp,
    ) -> Result<(), Error> {
        if results.is_empty() {
            return Ok(());
        }
        let mut event_seq = self.reserve_events(reconnect, results.len()).await?;
        for chunk in results.chunks(CHUNK) {
            let mut rows = Vec::with_capacity(chunk.len());
            for (position, result) in chunk {
                event_seq += 1;
                rows.push(settled(*position, result, event_seq, at)?);
            }
            let query = self
                .query(
                    "UPDATE reconnect_items AS i SET outcome = v.column2, serving = v.column3, reason = v.column4,
                        retry_at = v.column5, fbtrace_id = v.column6, settled_at = v.column7,
                        event_seq = v.column8, attempts = i.attempts + 1 FROM",
                )
                .table(rows)
                .sql(" WHERE i.tenant_id = $1 AND i.position = v.column1 AND (i.")
                .sql("outcome IS NULL OR i.outcome = 'deferred') AND i.reconnect_id = ")
                .bind(reconnect.uuid());
            self.run_exactly(chunk.len(), query).await?;
        }
        Ok(())
    }

    pub(crate) async fn insert_items(
        &self,
        reconnect: ReconnectId,
        items: &[NewItem],
        at: Timestamp,
    ) -> Result<(), Error> {
        let (mut position, mut event_seq) = (0_i64, 0_i64);
        for chunk in items.chunks(CHUNK) {
            let mut rows = Vec::with_capacity(chunk.len());
            for item in chunk {
                event_seq += i64::from(item.settled.is_some());
                rows.push(accepted(reconnect, position, item, event_seq, at)?);
                position += 1;
            }
            let query = self
                .query(
                    "INSERT INTO reconnect_items (tenant_id, reconnect_id, position, asset_id, asked, attempts,
                     outcome, serving, reason, retry_at, fbtrace_id, settled_at, event_seq)",
                )
                .tenant_rows(rows);
            self.run(query).await?;
        }
        Ok(())
    }

    /// Takes `n` numbers of the reconnect's events and tells the one before them.
    async fn reserve_events(&self, reconnect: ReconnectId, n: usize) -> Result<i64, Error> {
        let n = i64::try_from(n).map_err(|_| Error::Unsupported("too many items".to_owned()))?;
        let query = self
            .query("UPDATE reconnects SET event_seq = event_seq + ")
            .bind(n)
            .sql(" WHERE tenant_id = $1 AND id = ")
            .bind(reconnect.uuid())
            .sql(" RETURNING event_seq");
        let row = self.one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.get::<i64>("event_seq")? - n)
    }
}

fn accepted(
    reconnect: ReconnectId,
    position: i64,
    item: &NewItem,
    event_seq: i64,
    at: Timestamp,
) -> Result<[Value; 12], Error> {
    let [
        _,
        outcome,
        serving,
        reason,
        retry_at,
        fbtrace_id,
        settled_at,
        event_seq,
    ] = match &item.settled {
        Some(result) => settled(position, result, event_seq, at)?,
        None => unsettled(position),
    };
    Ok([
        reconnect.uuid().into(),
        position.into(),
        item.asset_id.as_str().into(),
        item.asked.as_str().into(),
        i64::from(item.settled.is_some()).into(),
        outcome,
        serving,
        reason,
        retry_at,
        fbtrace_id,
        settled_at,
        event_seq,
    ])
}

fn settled(
    position: i64,
    result: &ItemResult,
    event_seq: i64,
    at: Timestamp,
) -> Result<[Value; 8], Error> {
    let final_at = result.outcome.is_final().then_some(at);
    Ok([
        position.into(),
        result.outcome.as_str().into(),
        result.serving.map(|it| it.as_str().to_owned()).into(),
        maybe_json(result.reason.as_ref())?.into(),
        maybe_time(result.retry_at).into(),
        result.fbtrace_id.clone().into(),
        maybe_time(final_at).into(),
        event_seq.into(),
    ])
}

fn unsettled(position: i64) -> [Value; 8] {
    let (text, number) = (Value::String(None), Value::BigInt(None));
    [
        position.into(),
        text.clone(),
        text.clone(),
        text.clone(),
        number.clone(),
        text,
        number.clone(),
        number,
    ]
}

fn read(row: &Row) -> Result<Item, Error> {
    let result = match row.maybe_parsed("outcome")? {
        Some(outcome) => Some(ItemResult {
            outcome,
            serving: row.maybe_parsed("serving")?,
            reason: row.maybe_json("reason")?,
            retry_at: row.maybe_time("retry_at")?,
            fbtrace_id: row.get("fbtrace_id")?,
        }),
        None => None,
    };
    Ok(Item {
        position: row.get("position")?,
        asset_id: row.parsed("asset_id")?,
        asked: row.get("asked")?,
        result,
        attempts: row.get("attempts")?,
        event_seq: row.get("event_seq")?,
    })
}
