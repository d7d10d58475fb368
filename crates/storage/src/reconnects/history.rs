//! How many bytes a tenant's calls have left in the database, and which part of them is the history to delete first.
//!
//! The rule: the numbers are those of one tenant and come from the database, with a fixed share for the columns and
//! indexes of a row. What calls rely on (idempotency keys, open sessions, running reconnects) counts, and is no history.

use regrant_domain::Timestamp;

use crate::{Error, TenantTx, sql::to_micros};

/// About how many bytes a row takes besides its largest column, with its indexes.
pub const RECORD_ROW_BYTES: u64 = 512;

/// The bytes of reconnects `r`.
const RECONNECT_BYTES: &str = "512 * (1 + r.total)";
/// The bytes of reconnect sessions `r`, and of links `r`.
const SESSION_BYTES: &str = "512 + octet_length(r.asset_ids)";

impl TenantTx {
    /// How many bytes the tenant's reconnects, reconnect sessions, consents, links and idempotency keys take, about.
    pub async fn measure_records(&self) -> Result<u64, Error> {
        let query = self
            .query(
                "SELECT CAST(
                     (SELECT COALESCE(sum({reconnect_bytes}), 0) FROM reconnects r
                         WHERE r.tenant_id = :tenant)
                     + (SELECT COALESCE(sum({session_bytes}), 0) FROM reconnect_sessions r
                         WHERE r.tenant_id = :tenant)
                     + (SELECT COALESCE(sum({session_bytes}), 0) FROM links r
                         WHERE r.tenant_id = :tenant)
                     + (SELECT COALESCE(sum(512 + octet_length(i.response)), 0) FROM idempotency i
                         WHERE i.tenant_id = :tenant)
                     + (SELECT COALESCE(sum(512 + octet_length(c.sealed)), 0) FROM consents c
                         WHERE c.tenant_id = :tenant)
                     + (SELECT 512 * count(*) FROM consent_codes c
                         WHERE c.tenant_id = :tenant) AS BIGINT) AS bytes",
            )
            .fill("reconnect_bytes", RECONNECT_BYTES)
            .fill("session_bytes", SESSION_BYTES);
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        u64::try_from(row.get::<i64>("bytes")?).map_err(|_| Error::Corrupt("bytes"))
    }

    /// The end of the newest reconnect that does not fit into `max_bytes` together with those that ended after it.
    pub async fn find_excess_reconnects(&self, max_bytes: u64) -> Result<Option<Timestamp>, Error> {
        self.find_excess(
            "reconnects",
            "finished_at",
            RECONNECT_BYTES,
            max_bytes,
            None,
        )
        .await
    }

    /// The end of the newest ended session that does not fit into `max_bytes` together with those that end after it.
    pub async fn find_excess_sessions(
        &self,
        max_bytes: u64,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let (table, end) = ("reconnect_sessions", "expires_at");
        self.find_excess(table, end, SESSION_BYTES, max_bytes, Some(now))
            .await
    }

    /// The end of the newest ended link that does not fit into `max_bytes` together with those that end after it.
    pub async fn find_excess_links(
        &self,
        max_bytes: u64,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let (table, end) = ("links", "expires_at");
        self.find_excess(table, end, SESSION_BYTES, max_bytes, Some(now))
            .await
    }

    async fn find_excess(
        &self,
        table: &'static str,
        end: &'static str,
        bytes: &'static str,
        max_bytes: u64,
        ended_by: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, Error> {
        let query = self
            .query(
                "SELECT max(h.ended_at) AS ended_at FROM (
                     SELECT r.{end} AS ended_at, sum({bytes}) OVER (
                         ORDER BY r.{end} DESC ROWS UNBOUNDED PRECEDING) AS newer
                     FROM {table} r
                     WHERE r.tenant_id = :tenant AND r.{end} IS NOT NULL [AND r.{end} <= :ended_by]
                 ) h WHERE h.newer > :max_bytes",
            )
            .fill("table", table)
            .fill("end", end)
            .fill("bytes", bytes)
            .bind_optional("ended_by", ended_by.map(to_micros))
            .bind("max_bytes", i64::try_from(max_bytes).unwrap_or(i64::MAX));
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        row.maybe_time("ended_at")
    }
}
