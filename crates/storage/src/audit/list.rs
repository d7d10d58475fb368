//! Lists of audit events in the order of their numbers, and the signed checkpoints of a chain.

use regrant_domain::Timestamp;
use sea_orm::Value;

use crate::{
    AuditRow, Error, TenantTx,
    audit::walk::{AUDIT_ROWS, read},
    sql::time,
};

/// Which audit events to list.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of this action.
    pub action: Option<String>,
    /// About this subject.
    pub subject: Option<String>,
    /// Written at or after this moment.
    pub from: Option<Timestamp>,
    /// Written before this moment.
    pub to: Option<Timestamp>,
    /// Beyond this number: after it where the oldest come first, before it otherwise.
    pub beyond: Option<i64>,
    /// Whether the newest come first.
    pub newest_first: bool,
}

/// A signed checkpoint as it is kept.
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
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_events(
        &self,
        filter: &AuditFilter,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let mut query = self.query(AUDIT_ROWS);
        if let Some(action) = &filter.action {
            query = query.sql(" AND action = ").bind(action.as_str());
        }
        if let Some(subject) = &filter.subject {
            query = query.sql(" AND subject = ").bind(subject.as_str());
        }
        if let Some(from) = filter.from {
            query = query.sql(" AND at >= ").bind(time(from));
        }
        if let Some(to) = filter.to {
            query = query.sql(" AND at < ").bind(time(to));
        }
        let (beyond, order) = if filter.newest_first {
            (" AND seq < ", "DESC")
        } else {
            (" AND seq > ", "ASC")
        };
        if let Some(seq) = filter.beyond {
            query = query.sql(beyond).bind(seq);
        }
        let query = query
            .sql(" ORDER BY seq ")
            .sql(order)
            .sql(" LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// The newest checkpoint, if one was ever signed.
    ///
    /// # Errors
    /// The database failed.
    pub async fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, Error> {
        let query = self.query(
            "SELECT seq, statement, created_at FROM audit_checkpoints
             WHERE tenant_id = $1 ORDER BY seq DESC LIMIT 1",
        );
        let row = self.one(query).await?;
        row.map(|row| {
            let (seq, statement) = (row.get("seq")?, row.get("statement")?);
            Ok(StoredCheckpoint {
                seq,
                statement,
                created_at: row.time("created_at")?,
            })
        })
        .transpose()
    }

    /// Keeps a checkpoint; one of the same number stays instead.
    ///
    /// # Errors
    /// The database failed.
    pub async fn insert_checkpoint(&self, checkpoint: &StoredCheckpoint) -> Result<(), Error> {
        let row: [Value; 3] = [
            checkpoint.seq.into(),
            checkpoint.statement.as_str().into(),
            time(checkpoint.created_at).into(),
        ];
        let query = self
            .query("INSERT INTO audit_checkpoints (tenant_id, seq, statement, created_at)")
            .tenant_rows([row])
            .sql(" ON CONFLICT DO NOTHING");
        self.run(query).await.map(drop)
    }
}
