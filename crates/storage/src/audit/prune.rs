//! Pruning audit rows past retention: their content is deleted, their position in the chain stays.
//!
//! The rule: a pruned row is accepted only if a later row of the chain records that rows of its kind and time
//! were pruned. That row is written in the same transaction, so that without the key no row can be emptied
//! unnoticed.

use regrant_domain::{TenantId, Timestamp};
use sea_orm::Value;
use serde::{Deserialize, Serialize};

use crate::{
    AuditChain, AuditEvent, AuditKind, AuditRow, Error, TenantTx,
    audit::{
        key_change::KeyChanges,
        kind::PRUNED,
        row::{AUDIT_ROWS, audit_row_from},
    },
    sql::{CHUNK, to_micros},
};

/// The detail of the event that records a pruning.
#[derive(Serialize, Deserialize)]
struct PruneDetail {
    kind: String,
    before: Timestamp,
    rows: u64,
}

/// The recorded prunings of a chain, in the order of their numbers.
#[derive(Default)]
pub(crate) struct PruneMarks(Vec<PruneMark>);

/// Rows of this kind with a lower number, from before a moment, may be pruned.
struct PruneMark {
    kind: AuditKind,
    seq: i64,
    before: i64,
}

impl TenantTx {
    /// Deletes the content of at most `limit` rows of this kind from before `before`, the oldest first, and
    /// records it as `actor`; returns how many.
    pub async fn prune_audit_rows(
        &self,
        kind: AuditKind,
        before: Timestamp,
        limit: u32,
        actor: &str,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let rows = self.list_rows_past_retention(kind, before, limit).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let changes = self.load_key_changes().await?;
        for chunk in rows.chunks(CHUNK) {
            self.delete_content(chunk, &changes).await?;
        }
        let detail = PruneDetail {
            kind: kind.as_str().to_owned(),
            before,
            rows: u64::try_from(rows.len()).unwrap_or(u64::MAX),
        };
        let event = AuditEvent {
            actor: actor.to_owned(),
            action: PRUNED,
            subject: self.tenant.to_string(),
            detail: serde_json::json!(detail).into(),
        };
        self.write_audit_events(&[event], now).await?;
        Ok(detail.rows)
    }

    async fn list_rows_past_retention(
        &self,
        kind: AuditKind,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let query = self
            .query(
                "{rows} AND pruned IS NULL AND at < :before AND {of_kind}
                 ORDER BY at, seq LIMIT :limit",
            )
            .fill("rows", AUDIT_ROWS)
            .bind("before", to_micros(before))
            .bind("limit", i64::from(limit));
        let rows = self.fetch_all(kind.fill_of_kind(query)).await?;
        rows.iter().map(audit_row_from).collect()
    }

    async fn delete_content(&self, rows: &[AuditRow], changes: &KeyChanges) -> Result<(), Error> {
        let chain = self.audit_chain()?;
        let digests = rows.iter().map(|row| {
            let key = changes.key_at(row.seq);
            let digest = chain.digest_content(key, self.tenant, &row.content())?;
            Ok::<[Value; 2], Error>([row.id.uuid().into(), digest.as_slice().into()])
        });
        let digests = digests.collect::<Result<Vec<_>, _>>()?;
        let query = self
            .query(
                "WITH content (id, digest) AS (VALUES :digests)
                 UPDATE audit_events AS e
                 SET actor = '', subject = '', detail = '', pruned = content.digest
                 FROM content WHERE e.tenant_id = :tenant AND e.id = content.id AND e.pruned IS NULL",
            )
            .bind_rows("digests", digests);
        self.execute_exactly(rows.len(), query).await
    }

    /// The prunings that the chain records. A row whose own link is wrong records nothing.
    pub(crate) async fn load_prune_marks(&self, changes: &KeyChanges) -> Result<PruneMarks, Error> {
        let query = self
            .query(
                "SELECT e.seq, e.id, e.at, e.actor, e.action, e.subject, e.detail, e.hash, e.pruned,
                     p.hash AS previous
                 FROM audit_events e
                 JOIN audit_events p ON p.tenant_id = e.tenant_id AND p.seq = e.seq - 1
                 WHERE e.tenant_id = :tenant AND e.seq > 1 AND e.action = :pruned
                 ORDER BY e.seq",
            )
            .bind("pruned", PRUNED);
        let (chain, mut marks) = (self.audit_chain()?, Vec::new());
        for row in self.fetch_all(query).await? {
            let previous: Option<Vec<u8>> = row.get("previous")?;
            let previous = previous.unwrap_or_default();
            let row = audit_row_from(&row)?;
            let key = changes.key_at(row.seq);
            marks.extend(PruneMark::from_row(
                (chain, key),
                self.tenant,
                &previous,
                &row,
            ));
        }
        Ok(PruneMarks::new(marks))
    }
}

impl PruneMark {
    fn from_row(
        (chain, key): (&AuditChain, u32),
        tenant: TenantId,
        previous: &[u8],
        row: &AuditRow,
    ) -> Option<Self> {
        let digest = chain.digest_content(key, tenant, &row.content()).ok()?;
        let link = chain.compute_link(key, tenant, previous, &row.position(), &digest);
        let link = link.ok()?;
        if row.pruned.is_some() || link != *row.hash {
            return None;
        }
        let detail: PruneDetail = serde_json::from_str(&row.detail).ok()?;
        let kind = AuditKind::ALL
            .into_iter()
            .find(|it| it.as_str() == detail.kind)?;
        Some(Self {
            kind,
            seq: row.seq,
            before: to_micros(detail.before),
        })
    }
}

impl PruneMarks {
    /// Raises each mark to the latest moment of itself and the marks of its kind after it.
    fn new(mut marks: Vec<PruneMark>) -> Self {
        for kind in AuditKind::ALL {
            let mut latest = i64::MIN;
            for mark in marks.iter_mut().rev().filter(|it| it.kind == kind) {
                latest = latest.max(mark.before);
                mark.before = latest;
            }
        }
        Self(marks)
    }

    /// Whether a later row records that this row was pruned.
    pub(crate) fn allow_pruning(&self, row: &AuditRow) -> bool {
        let Some(kind) = AuditKind::of_action(&row.action) else {
            return false;
        };
        let from = self.0.partition_point(|it| it.seq <= row.seq);
        let later = self.0.get(from..).unwrap_or_default();
        later
            .iter()
            .find(|it| it.kind == kind)
            .is_some_and(|it| row.at < it.before)
    }
}
