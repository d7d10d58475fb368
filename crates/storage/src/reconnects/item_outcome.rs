//! Writing items and their outcomes.
//!
//! The rule: settling an item that has a final outcome is [`Error::Stale`].

use regrant_domain::{ReconnectId, Timestamp};
use sea_orm::Value;

use crate::{
    Error, ItemResult, NewItem, TenantTx,
    reconnects::item::OPEN,
    sql::{CHUNK, maybe_micros, maybe_to_json, to_micros},
};

/// How many items one statement settles: SQLite compares each with all rows of the statement.
const SETTLED: usize = 100;

/// Outcome, serving, reason, time of the retry, trace id, time of settling, number of the event.
type OutcomeColumns = [Value; 7];

impl TenantTx {
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
        for chunk in results.chunks(SETTLED) {
            let mut rows = Vec::with_capacity(chunk.len());
            for (position, result) in chunk {
                event_seq += 1;
                let [
                    outcome,
                    serving,
                    reason,
                    retry_at,
                    fbtrace_id,
                    settled_at,
                    seq,
                ] = to_columns(result, event_seq, at)?;
                rows.push([
                    (*position).into(),
                    outcome,
                    serving,
                    reason,
                    retry_at,
                    fbtrace_id,
                    settled_at,
                    seq,
                    result.count_attempts().into(),
                ]);
            }
            self.update_outcomes(reconnect, rows).await?;
        }
        Ok(())
    }

    async fn update_outcomes(
        &self,
        reconnect: ReconnectId,
        rows: Vec<[Value; 9]>,
    ) -> Result<(), Error> {
        let count = rows.len();
        let positions: Vec<_> = rows.iter().map(|[position, ..]| position.clone()).collect();
        // The list of positions is what SQLite finds the items by: for a join with rows alone it reads every open item
        // of the reconnect, and compares each with every row.
        let query = self
            .query(
                "WITH result (position, outcome, serving, reason, retry_at, fbtrace_id, settled_at,
                     event_seq, attempts) AS (VALUES :results)
                 UPDATE reconnect_items AS i SET outcome = result.outcome,
                     serving = result.serving, reason = result.reason,
                     retry_at = result.retry_at, fbtrace_id = result.fbtrace_id,
                     settled_at = result.settled_at, event_seq = result.event_seq,
                     attempts = CASE WHEN i.attempts < 1000000 THEN i.attempts + result.attempts
                         ELSE 1000000 END
                 FROM result
                 WHERE i.tenant_id = :tenant AND i.reconnect_id = :reconnect
                     AND i.position IN :positions AND i.position = result.position
                     AND (i.outcome IS NULL OR i.outcome = 'deferred')",
            )
            .bind_rows("results", rows)
            .bind_list("positions", positions)
            .bind("reconnect", reconnect.uuid());
        self.execute_exactly(count, query).await
    }

    /// Settles every open item with one result, without reading it; each gets the next number of the reconnect's events, in
    /// the order of their positions. Items with a final outcome keep theirs.
    ///
    /// # Errors
    /// [`Error::NotFound`]: no such reconnect.
    pub async fn settle_open_items(
        &self,
        reconnect: ReconnectId,
        result: &ItemResult,
        at: Timestamp,
    ) -> Result<u64, Error> {
        let open = self.count_open_items(reconnect).await?;
        let before = self.reserve_events(reconnect, open).await?;
        let query = self
            .query(
                "WITH open_item (position, turn) AS (
                     SELECT position, row_number() OVER (ORDER BY position) FROM reconnect_items
                     WHERE tenant_id = :tenant AND reconnect_id = :reconnect AND ({open}))
                 UPDATE reconnect_items AS i SET outcome = :outcome, serving = NULL,
                     reason = :reason, retry_at = NULL, settled_at = :at,
                     event_seq = :before + open_item.turn
                 FROM open_item
                 WHERE i.tenant_id = :tenant AND i.reconnect_id = :reconnect
                     AND i.position = open_item.position",
            )
            .fill("open", OPEN)
            .bind("outcome", result.outcome.as_str())
            .bind("reason", maybe_to_json(result.reason.as_ref())?)
            .bind("at", to_micros(at))
            .bind("before", before)
            .bind("reconnect", reconnect.uuid());
        self.execute_exactly(open, query).await?;
        Ok(u64::try_from(open).unwrap_or(u64::MAX))
    }

    async fn count_open_items(&self, reconnect: ReconnectId) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM reconnect_items
                 WHERE tenant_id = :tenant AND reconnect_id = :reconnect AND ({open})",
            )
            .fill("open", OPEN)
            .bind("reconnect", reconnect.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
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
                event_seq += i64::from(item.result.is_some());
                rows.push(to_row(reconnect, position, item, event_seq, at)?);
                position += 1;
            }
            let query = self
                .query(
                    "INSERT INTO reconnect_items (tenant_id, reconnect_id, position, asset_id, requested_id,
                         attempts, outcome, serving, reason, retry_at, fbtrace_id, settled_at,
                         event_seq)
                     VALUES :rows",
                )
                .bind_tenant_rows("rows", rows);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Reserves `n` numbers of the reconnect's events and returns the one before them.
    async fn reserve_events(&self, reconnect: ReconnectId, n: usize) -> Result<i64, Error> {
        let n = i64::try_from(n).map_err(|_| Error::Unsupported("too many items".to_owned()))?;
        let query = self
            .query(
                "UPDATE reconnects SET event_seq = event_seq + :n
                 WHERE tenant_id = :tenant AND id = :reconnect RETURNING event_seq",
            )
            .bind("n", n)
            .bind("reconnect", reconnect.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.get::<i64>("event_seq")? - n)
    }
}

fn to_row(
    reconnect: ReconnectId,
    position: i64,
    item: &NewItem,
    event_seq: i64,
    at: Timestamp,
) -> Result<[Value; 12], Error> {
    let [
        outcome,
        serving,
        reason,
        retry_at,
        fbtrace_id,
        settled_at,
        seq,
    ] = match &item.result {
        Some(result) => to_columns(result, event_seq, at)?,
        None => no_columns(),
    };
    Ok([
        reconnect.uuid().into(),
        position.into(),
        item.asset_id.as_str().into(),
        item.requested_id.as_str().into(),
        i64::from(item.result.is_some()).into(),
        outcome,
        serving,
        reason,
        retry_at,
        fbtrace_id,
        settled_at,
        seq,
    ])
}

fn to_columns(result: &ItemResult, event_seq: i64, at: Timestamp) -> Result<OutcomeColumns, Error> {
    let final_at = result.outcome.is_final().then_some(at);
    Ok([
        result.outcome.as_str().into(),
        result.serving.map(|it| it.as_str().to_owned()).into(),
        maybe_to_json(result.reason.as_ref())?.into(),
        maybe_micros(result.retry_at).into(),
        result.fbtrace_id.clone().into(),
        maybe_micros(final_at).into(),
        event_seq.into(),
    ])
}

/// The columns of an item that has no outcome. Each null has the type of its column.
fn no_columns() -> OutcomeColumns {
    let (text, number) = (Value::String(None), Value::BigInt(None));
    [
        text.clone(),
        text.clone(),
        text.clone(),
        number.clone(),
        text,
        number.clone(),
        number,
    ]
}
