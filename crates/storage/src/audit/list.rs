//! Lists of audit events in the order of their numbers, and the signed checkpoints of a chain.

use regrant_domain::Timestamp;

use crate::{
    AuditRow, Error, ListedRows, TenantTx,
    audit::row::{AUDIT_ROWS, audit_row_from},
    sql::to_micros,
};

/// Which audit events to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of one of these actions; empty for all.
    pub actions: Vec<String>,
    /// About one of these objects; empty for all.
    pub subjects: Vec<String>,
    /// Written at or after this moment.
    pub from: Option<Timestamp>,
    /// Written before this moment.
    pub to: Option<Timestamp>,
    /// After this number in the order of the list.
    pub after_seq: Option<i64>,
    /// Whether the newest come first.
    pub newest_first: bool,
}

/// A stored signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// The number of the last row when it was signed.
    pub seq: i64,
    /// The statement (a JWS).
    pub statement: String,
    /// When it was signed.
    pub created_at: Timestamp,
}

impl TenantTx {
    /// The next audit events that pass the filter.
    pub async fn list_audit_events(
        &self,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<ListedRows<AuditRow>, Error> {
        let (before, after, order) = if filter.newest_first {
            (filter.after_seq, None, "DESC")
        } else {
            (None, filter.after_seq, "ASC")
        };
        let query = self
            .query(
                "{rows} [AND action IN :actions] [AND subject IN :subjects] [AND at >= :from]
                     [AND at < :to] [AND seq < :before] [AND seq > :after]
                 ORDER BY seq {order} LIMIT :limit",
            )
            .fill("rows", AUDIT_ROWS)
            .fill("order", order)
            .bind_optional_list("actions", filter.actions.iter().map(String::as_str))
            .bind_optional_list("subjects", filter.subjects.iter().map(String::as_str))
            .bind_optional("from", filter.from.map(to_micros))
            .bind_optional("to", filter.to.map(to_micros))
            .bind_optional("before", before)
            .bind_optional("after", after)
            .bind("limit", i64::from(limit));
        self.fetch_listed("audit_events", query, audit_row_from)
            .await
    }

    /// The newest checkpoint, if there is one.
    pub async fn find_newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, Error> {
        let query = self.query(
            "SELECT seq, statement, created_at FROM audit_checkpoints
             WHERE tenant_id = :tenant ORDER BY seq DESC LIMIT 1",
        );
        let row = self.fetch_one(query).await?;
        row.map(|row| {
            Ok(StoredCheckpoint {
                seq: row.get("seq")?,
                statement: row.get("statement")?,
                created_at: row.time("created_at")?,
            })
        })
        .transpose()
    }

    /// Inserts a checkpoint unless there is one of the same number.
    pub async fn insert_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), Error> {
        let query = self
            .query(
                "INSERT INTO audit_checkpoints (tenant_id, seq, statement, created_at)
                 VALUES (:tenant, :seq, :statement, :created_at) ON CONFLICT DO NOTHING",
            )
            .bind("seq", checkpoint.seq)
            .bind("statement", checkpoint.statement.as_str())
            .bind("created_at", to_micros(checkpoint.created_at));
        self.execute(query).await.map(drop)
    }
}
