//! What is past retention, dropped in bounded steps.
//!
//! The rule: a step drops at most `limit` rows of one kind, and nothing that running work or a serving credential
//! still needs. Audit events are never dropped: `audit_prune.rs` takes their words.

use regrant_domain::{TenantId, Timestamp};

use crate::{
    Error, Store, TenantScope, TenantTx,
    sql::{Query, time},
};

impl Store {
    /// Active tenants after `after`, in the order of their ids: for work that goes through all of them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn active_scopes(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        self.scopes(
            "SELECT id, app_id FROM tenants WHERE status = 'active'",
            after,
            limit,
        )
        .await
    }

    /// Every tenant after `after`, suspended and deleted ones too, in the order of their ids: their audit stays.
    ///
    /// # Errors
    /// The database failed.
    pub async fn every_scope(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        self.scopes("SELECT id, app_id FROM tenants WHERE TRUE", after, limit)
            .await
    }

    async fn scopes(
        &self,
        sql: &str,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<Vec<TenantScope>, Error> {
        let mut query = Query::new(sql);
        if let Some(after) = after {
            query = query.sql(" AND id > ").bind(after.uuid());
        }
        let query = query.sql(" ORDER BY id LIMIT ").bind(i64::from(limit));
        let rows = query.all(&self.connection).await?;
        let scope = |row: &crate::sql::Row| {
            Ok(TenantScope::new(
                TenantId::from_uuid(row.get("id")?),
                row.parsed("app_id")?,
            ))
        };
        rows.iter().map(scope).collect()
    }
}

impl TenantTx {
    /// Whether it is this transaction's turn to purge the tenant: of several at once, one's.
    ///
    /// # Errors
    /// The database failed.
    pub async fn is_alone_to_purge(&self) -> Result<bool, Error> {
        self.dialect
            .take_turn(&self.transaction, "purge", self.tenant)
            .await
    }

    /// Drops idempotency keys of before `before` whose reconnect has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_idempotency(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM idempotency WHERE tenant_id = $1 AND (caller_id, route, key) IN (
                    SELECT i.caller_id, i.route, i.key FROM idempotency i
                    LEFT JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
                    WHERE i.tenant_id = $1 AND (r.status IS NULL OR r.status <> 'running') AND i.created_at < ",
            )
            .bind(time(before));
        self.run(at_most(query, "i.created_at", limit)).await
    }

    /// Drops events of before `before` that are not on their way any more, with their deliveries.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_events(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM events WHERE tenant_id = $1 AND id IN (
                    SELECT e.id FROM events e WHERE e.tenant_id = $1 AND NOT EXISTS (
                        SELECT 1 FROM deliveries p
                        WHERE p.tenant_id = $1 AND p.event_id = e.id AND p.status = 'pending')
                    AND e.created_at < ",
            )
            .bind(time(before));
        self.run(at_most(query, "e.created_at", limit)).await
    }

    /// Drops words about cut-offs of before `before`; each asset keeps its newest.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_cut_offs(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM cut_offs WHERE tenant_id = $1 AND (asset_id, id) IN (
                    SELECT c.asset_id, c.id FROM cut_offs c WHERE c.tenant_id = $1 AND EXISTS (
                        SELECT 1 FROM cut_offs n WHERE n.tenant_id = $1 AND n.asset_id = c.asset_id
                            AND (n.learned_at > c.learned_at OR (n.learned_at = c.learned_at AND n.id > c.id)))
                    AND c.learned_at < ",
            )
            .bind(time(before));
        self.run(at_most(query, "c.learned_at", limit)).await
    }

    /// Drops reconnect sessions that ended before `before` by themselves.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_reconnect_sessions(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM reconnect_sessions WHERE tenant_id = $1 AND id IN (
                    SELECT s.id FROM reconnect_sessions s WHERE s.tenant_id = $1 AND s.expires_at < ",
            )
            .bind(time(before));
        self.run(at_most(query, "s.expires_at", limit)).await
    }

    /// Drops reconnects that ended before `before`, with their items and idempotency keys.
    ///
    /// # Errors
    /// The database failed.
    pub async fn purge_reconnects(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self
            .query(
                "DELETE FROM reconnects WHERE tenant_id = $1 AND id IN (
                    SELECT r.id FROM reconnects r
                    WHERE r.tenant_id = $1 AND r.status <> 'running' AND r.finished_at < ",
            )
            .bind(time(before));
        self.run(at_most(query, "r.finished_at", limit)).await
    }
}

/// Ends the select of what is dropped: the oldest first, and not more than `limit`.
fn at_most(query: Query, by: &str, limit: u32) -> Query {
    query
        .sql(" ORDER BY ")
        .sql(by)
        .sql(" LIMIT ")
        .bind(i64::from(limit))
        .sql(")")
}
