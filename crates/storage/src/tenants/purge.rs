//! Deleting rows that are past retention, in bounded steps.
//!
//! The rule: a step deletes at most `limit` rows of one kind, the oldest first, and no row that running work or
//! an active credential needs. Audit events are never deleted: `audit/prune.rs` empties them.

use regrant_domain::Timestamp;

use crate::{
    Error, TenantTx,
    sql::{Query, to_micros},
};

impl TenantTx {
    /// Takes the right to purge the tenant; whether this transaction got it. Of several at once, one does.
    pub async fn try_lock_purge(&self) -> Result<bool, Error> {
        self.dialect
            .try_lock(&self.transaction, "purge", self.tenant)
            .await
    }

    /// Deletes idempotency keys from before `before` whose reconnect is finished.
    pub async fn purge_idempotency(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM idempotency WHERE tenant_id = :tenant AND (caller_id, route, key) IN (
             SELECT i.caller_id, i.route, i.key FROM idempotency i
             LEFT JOIN reconnects r ON r.tenant_id = i.tenant_id AND r.id = i.reconnect_id
             WHERE i.tenant_id = :tenant AND (r.status IS NULL OR r.status <> 'running')
                 AND i.created_at < :before
             ORDER BY i.created_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes events from before `before`, with their deliveries, unless a delivery is pending.
    pub async fn purge_events(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM events WHERE tenant_id = :tenant AND id IN (
             SELECT e.id FROM events e
             WHERE e.tenant_id = :tenant AND e.created_at < :before AND NOT EXISTS (
                 SELECT 1 FROM deliveries p WHERE p.tenant_id = :tenant
                     AND p.event_id = e.id AND p.status = 'pending')
             ORDER BY e.created_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes notes about cut-offs from before `before`; each asset keeps its newest.
    pub async fn purge_cut_offs(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM cut_offs WHERE tenant_id = :tenant AND (asset_id, id) IN (
             SELECT c.asset_id, c.id FROM cut_offs c
             WHERE c.tenant_id = :tenant AND c.learned_at < :before AND EXISTS (
                 SELECT 1 FROM cut_offs n
                 WHERE n.tenant_id = :tenant AND n.asset_id = c.asset_id
                     AND (n.learned_at > c.learned_at
                         OR (n.learned_at = c.learned_at AND n.id > c.id)))
             ORDER BY c.learned_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes reconnect sessions that expired before `before`.
    pub async fn purge_reconnect_sessions(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM reconnect_sessions WHERE tenant_id = :tenant AND id IN (
             SELECT s.id FROM reconnect_sessions s
             WHERE s.tenant_id = :tenant AND s.expires_at < :before
             ORDER BY s.expires_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes links that ended before `before`.
    pub async fn purge_links(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM links WHERE tenant_id = :tenant AND id IN (
             SELECT l.id FROM links l WHERE l.tenant_id = :tenant AND l.expires_at < :before
             ORDER BY l.expires_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes log-ins of links whose states ended before `before`.
    pub async fn purge_link_logins(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM link_logins WHERE tenant_id = :tenant AND id IN (
             SELECT l.id FROM link_logins l WHERE l.tenant_id = :tenant AND l.expires_at < :before
             ORDER BY l.expires_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    /// Deletes reconnects that were finished before `before`, with their items and idempotency keys.
    pub async fn purge_reconnects(&self, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let query = self.query(
            "DELETE FROM reconnects WHERE tenant_id = :tenant AND id IN (
             SELECT r.id FROM reconnects r
             WHERE r.tenant_id = :tenant AND r.status <> 'running' AND r.finished_at < :before
             ORDER BY r.finished_at LIMIT :limit)",
        );
        self.purge_before(query, before, limit).await
    }

    async fn purge_before(
        &self,
        query: Query,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, Error> {
        let query = query
            .bind("before", to_micros(before))
            .bind("limit", i64::from(limit));
        self.execute(query).await
    }
}
