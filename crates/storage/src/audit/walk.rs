//! Verifying a tenant's chain row by row, to find changes that were made around the application.
//!
//! The rule: each row is judged only by itself and by the link stored before it, so that one change does not
//! hide another. A row without content is right only if a later row records that it was pruned. Everything
//! is read in one snapshot: begin with [`crate::Store::begin_snapshot`].
//! If the last rows were removed together with the chain's end, only a checkpoint shows it.

use regrant_domain::{EventId, TenantId};

use crate::{
    AuditChain, AuditFault, AuditHead, AuditRow, Error, TenantTx,
    audit::{
        chain::{ChainPosition, START},
        key_change::KeyChanges,
        kind::CHAIN_STARTED,
        prune::PruneMarks,
        row::{AUDIT_ROWS, audit_row_from},
    },
};

/// How many rows one statement reads.
const PAGE: i64 = 1_000;
/// How many rows with a wrong link are compared with each other, to find moved rows.
const MAX_SUSPECTS: usize = 100;

/// The result of verifying a chain.
#[derive(Debug, Clone, Default)]
pub struct ChainReport {
    /// How many rows the chain has.
    pub rows: u64,
    /// How many rows are older than the chain.
    pub unchained: u64,
    /// The stored end of the chain.
    pub head: Option<AuditHead>,
    /// The number of the key that links the next row, as the rows say.
    pub key: u32,
    /// Every fault with its number, in order.
    pub faults: Vec<(i64, AuditFault)>,
}

struct ChainWalker<'a> {
    chain: &'a AuditChain,
    tenant: TenantId,
    marks: PruneMarks,
    changes: KeyChanges,
    next: i64,
    previous: Vec<u8>,
    report: ChainReport,
    /// How many older rows the chain's first row declares.
    declared_unchained: u64,
    /// Rows whose link is wrong, with the link before them.
    suspects: Vec<(Vec<u8>, AuditRow)>,
}

impl TenantTx {
    /// Verifies the whole chain and passes each row to `each`.
    pub async fn verify_audit_chain(
        &self,
        mut each: impl FnMut(&AuditRow),
    ) -> Result<ChainReport, Error> {
        let changes = self.load_key_changes().await?;
        let marks = self.load_prune_marks(&changes).await?;
        let mut walker = ChainWalker::new(self.audit_chain()?, self.tenant, marks, changes);
        walker.report.head = self.find_audit_head().await?;
        walker.report.unchained = self.count_unchained_rows().await?;
        let mut after = None;
        loop {
            let page = self.list_audit_rows(after).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.seq, last.id));
            for row in page {
                each(&row);
                walker.check_row(row);
            }
        }
        Ok(walker.into_report())
    }

    /// The link of one row; `None` if there is no such row.
    pub async fn find_audit_link(&self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
        let query = self
            .query("SELECT hash FROM audit_events WHERE tenant_id = :tenant AND seq > 0 AND seq = :seq")
            .bind("seq", seq);
        let row = self.fetch_one(query).await?;
        row.map(|row| Ok(row.get::<Option<Vec<u8>>>("hash")?.unwrap_or_default()))
            .transpose()
    }

    /// How many rows are older than the chain.
    pub(crate) async fn count_unchained_rows(&self) -> Result<u64, Error> {
        let query = self
            .query("SELECT count(*) AS n FROM audit_events WHERE tenant_id = :tenant AND seq <= 0");
        let row = self
            .fetch_one(query)
            .await?
            .ok_or(Error::Corrupt("count"))?;
        u64::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    async fn list_audit_rows(&self, after: Option<(i64, EventId)>) -> Result<Vec<AuditRow>, Error> {
        let query = self
            .query("{rows} [AND (seq, id) > (:seq, :id)] ORDER BY seq, id LIMIT :limit")
            .fill("rows", AUDIT_ROWS)
            .bind_optional("seq", after.map(|(seq, _)| seq))
            .bind_optional("id", after.map(|(_, id)| id.uuid()))
            .bind("limit", PAGE);
        self.fetch_all(query)
            .await?
            .iter()
            .map(audit_row_from)
            .collect()
    }
}

impl<'a> ChainWalker<'a> {
    fn new(
        chain: &'a AuditChain,
        tenant: TenantId,
        marks: PruneMarks,
        changes: KeyChanges,
    ) -> Self {
        Self {
            chain,
            tenant,
            marks,
            changes,
            next: 1,
            previous: START.to_vec(),
            report: ChainReport::default(),
            declared_unchained: 0,
            suspects: Vec::new(),
        }
    }

    fn check_row(&mut self, row: AuditRow) {
        self.report.rows += 1;
        if row.seq == 1 && row.action == CHAIN_STARTED {
            let detail: Option<serde_json::Value> = serde_json::from_str(&row.detail).ok();
            let declared = detail.and_then(|it| it.get("unchained")?.as_u64());
            self.declared_unchained = declared.unwrap_or(0);
        }
        if row.seq < self.next {
            return self.add_fault(row.seq, AuditFault::Duplicated);
        }
        if row.seq > self.next {
            self.add_fault(self.next, AuditFault::Missing);
        } else if !self.is_intact(&row) {
            self.add_fault(row.seq, AuditFault::Edited);
            self.remember_suspect(&row);
        }
        self.next = row.seq.saturating_add(1);
        self.previous = row.hash;
    }

    fn into_report(mut self) -> ChainReport {
        let last = self.next - 1;
        self.report.key = self.changes.key_at(self.next);
        match self.report.head.clone() {
            Some(head) if head.seq > last => self.add_fault(self.next, AuditFault::Truncated),
            Some(head) if head.seq < last => {
                self.add_fault(head.seq.saturating_add(1), AuditFault::BeyondEnd);
            }
            Some(head) if head.hash != self.previous => self.add_fault(last, AuditFault::WrongEnd),
            Some(_) => {}
            // A tenant has a row since it was created; the installation may have none yet.
            None if last == 0 && (self.report.unchained > 0 || self.tenant == TenantId::SYSTEM) => {
            }
            None => self.add_fault(self.next, AuditFault::Truncated),
        }
        if self.report.head.is_some() && self.report.unchained != self.declared_unchained {
            self.add_fault(0, AuditFault::Unchained);
        }
        self.mark_moved_rows();
        self.report.faults.sort_by_key(|(seq, _)| *seq);
        self.report
    }

    /// Turns `Edited` into `Reordered` for rows whose link is right at the number of another one.
    fn mark_moved_rows(&mut self) {
        let mut moved = Vec::new();
        for (previous, found) in &self.suspects {
            let fits = |row: &AuditRow| {
                let position = ChainPosition {
                    seq: found.seq,
                    ..row.position()
                };
                let link = self.link_of(row, previous, &position, found.seq);
                row.seq != found.seq
                    && link.is_some_and(|link| row.hash == link || found.hash == link)
            };
            if let Some((_, row)) = self.suspects.iter().find(|(_, row)| fits(row)) {
                moved.extend([found.seq, row.seq]);
            }
        }
        for (seq, fault) in &mut self.report.faults {
            if *fault == AuditFault::Edited && moved.contains(seq) {
                *fault = AuditFault::Reordered;
            }
        }
    }

    fn remember_suspect(&mut self, row: &AuditRow) {
        if self.suspects.len() < MAX_SUSPECTS {
            self.suspects.push((self.previous.clone(), row.clone()));
        }
    }

    /// Whether the row is what was written after the link before it, or was pruned as a later row records.
    fn is_intact(&self, row: &AuditRow) -> bool {
        if row.pruned.is_some() && !(row.has_no_content() && self.marks.allow_pruning(row)) {
            return false;
        }
        let link = self.link_of(row, &self.previous, &row.position(), row.seq);
        link.is_some_and(|it| it == *row.hash)
    }

    /// The link of a row at this position, under the key of the number `seq`; `None` if that key is not known.
    fn link_of(
        &self,
        row: &AuditRow,
        previous: &[u8],
        position: &ChainPosition<'_>,
        seq: i64,
    ) -> Option<[u8; 32]> {
        let (key, tenant) = (self.changes.key_at(seq), self.tenant);
        let digest = if let Some(digest) = &row.pruned {
            digest.clone()
        } else {
            let own = self.changes.key_at(row.seq);
            let digest = self.chain.digest_content(own, tenant, &row.content());
            digest.ok()?.to_vec()
        };
        let link = self
            .chain
            .compute_link(key, tenant, previous, position, &digest);
        link.ok()
    }

    fn add_fault(&mut self, seq: i64, fault: AuditFault) {
        self.report.faults.push((seq, fault));
    }
}
