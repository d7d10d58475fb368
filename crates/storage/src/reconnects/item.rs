//! Items of a reconnect: one an asset, each with one outcome.
//!
//! The rule: an item gets its final outcome once. `item_outcome.rs` writes them.

use regrant_domain::{
    AssetId, Outcome, Reason, ReasonCode, ReconnectId, Serving, Timestamp, state::reason_unreadable,
};

use crate::{
    Error, TenantTx,
    sql::{LenientRow, Row, to_micros},
};

/// An item to accept.
#[derive(Debug, Clone)]
pub struct NewItem {
    /// The canonical id of its asset.
    pub asset_id: AssetId,
    /// The id as the caller wrote it.
    pub requested_id: String,
    /// Its outcome, if accepting decides it.
    pub result: Option<ItemResult>,
}

/// The outcome of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemResult {
    /// The outcome.
    pub outcome: Outcome,
    /// Which token serves now.
    pub serving: Option<Serving>,
    /// Why.
    pub reason: Option<Reason>,
    /// When it is tried again; only if `deferred`.
    pub retry_at: Option<Timestamp>,
    /// The Graph API's trace id.
    pub fbtrace_id: Option<String>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its position in the caller's list.
    pub position: i64,
    /// Its asset.
    pub asset_id: AssetId,
    /// The id as the caller wrote it.
    pub requested_id: String,
    /// The outcome so far.
    pub result: Option<ItemResult>,
    /// How often it was settled or deferred, but for limits of Graph.
    pub attempts: i64,
    /// The number of its newest event.
    pub event_seq: Option<i64>,
    /// Whether a column does not parse. Its result is the failure then.
    pub is_unreadable: bool,
}

impl ItemResult {
    /// How many attempts it counts as: none where a limit of Graph deferred the item, which says nothing about it.
    pub(crate) fn count_attempts(&self) -> i64 {
        let reason = self.reason.as_ref().map(|it| it.code);
        let is_throttled =
            self.outcome == Outcome::Deferred && reason == Some(ReasonCode::Throttled);
        i64::from(!is_throttled)
    }
}

impl Item {
    /// Whether it has no final outcome.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.result.as_ref().is_none_or(|it| !it.outcome.is_final())
    }
}

/// An item has no final outcome.
pub(crate) const OPEN: &str = "outcome IS NULL OR outcome = 'deferred'";

const SELECT: &str = "
    SELECT position, asset_id, requested_id, outcome, serving, reason, retry_at, fbtrace_id, attempts,
        event_seq
    FROM reconnect_items WHERE tenant_id = :tenant AND reconnect_id = :reconnect";

impl TenantTx {
    /// Every item, in the caller's order.
    pub async fn list_items(&self, reconnect: ReconnectId) -> Result<Vec<Item>, Error> {
        let query = self
            .query("{select} ORDER BY position")
            .fill("select", SELECT)
            .bind("reconnect", reconnect.uuid());
        self.fetch_decoded("reconnect_items", query, item_from_row)
            .await
    }

    /// Items whose newest event comes after `event_seq`, in the order of their events.
    pub async fn list_items_after(
        &self,
        reconnect: ReconnectId,
        event_seq: i64,
        limit: u32,
    ) -> Result<Vec<Item>, Error> {
        let query = self
            .query("{select} AND event_seq > :event_seq ORDER BY event_seq LIMIT :limit")
            .fill("select", SELECT)
            .bind("reconnect", reconnect.uuid())
            .bind("event_seq", event_seq)
            .bind("limit", i64::from(limit));
        self.fetch_decoded("reconnect_items", query, item_from_row)
            .await
    }

    /// Items to work on now, in the caller's order: not tried yet, or deferred until now.
    pub async fn list_open_items(
        &self,
        reconnect: ReconnectId,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Item>, Error> {
        let query = self
            .query(
                "{select} AND ({open})
                     AND (outcome IS NULL OR retry_at IS NULL OR retry_at <= :now)
                 ORDER BY position LIMIT :limit",
            )
            .fill("select", SELECT)
            .fill("open", OPEN)
            .bind("reconnect", reconnect.uuid())
            .bind("now", to_micros(now))
            .bind("limit", i64::from(limit));
        self.fetch_decoded("reconnect_items", query, item_from_row)
            .await
    }

    /// When the first deferred item may be tried again; `None` if no item is deferred with a time.
    pub async fn find_next_retry(
        &self,
        reconnect: ReconnectId,
    ) -> Result<Option<Timestamp>, Error> {
        let query = self
            .query(
                "SELECT min(retry_at) AS retry_at FROM reconnect_items
                 WHERE tenant_id = :tenant AND reconnect_id = :reconnect AND outcome = 'deferred'",
            )
            .bind("reconnect", reconnect.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        row.maybe_time("retry_at")
    }
}

/// The item of a row. Where a column does not parse, the item is unreadable, and failed if it seems to be settled.
fn item_from_row(row: &Row) -> Result<Item, Error> {
    let (position, lenient) = (row.get("position")?, LenientRow::new());
    let requested_id: String = lenient.or_default(row.get("requested_id"));
    let asset_id = lenient.or(row.parse("asset_id"), placeholder_id()?);
    let result = lenient.or(result_from_row(row), Some(unreadable_result()));
    let attempts = lenient.or_default(row.counter("attempts"));
    let event_seq = lenient.or_default(row.get("event_seq"));
    let is_unreadable = lenient.report_fault("reconnect_items", asset_id.as_str());
    Ok(Item {
        position,
        asset_id,
        requested_id,
        result: if is_unreadable {
            Some(unreadable_result())
        } else {
            result
        },
        attempts,
        event_seq,
        is_unreadable,
    })
}

fn result_from_row(row: &Row) -> Result<Option<ItemResult>, Error> {
    let Some(outcome) = row.maybe_parse("outcome")? else {
        return Ok(None);
    };
    Ok(Some(ItemResult {
        outcome,
        serving: row.maybe_parse("serving")?,
        reason: row.maybe_json("reason")?,
        retry_at: row.maybe_time("retry_at")?,
        fbtrace_id: row.get("fbtrace_id")?,
    }))
}

/// The result of an item whose row does not parse.
fn unreadable_result() -> ItemResult {
    ItemResult {
        outcome: Outcome::Failed,
        serving: None,
        reason: Some(reason_unreadable()),
        retry_at: None,
        fbtrace_id: None,
    }
}

/// The asset of an item whose asset's id does not parse.
fn placeholder_id() -> Result<AssetId, Error> {
    "0".parse().map_err(|_| Error::Corrupt("asset_id"))
}
