//! Walking a tenant's audit chain from its first row, to find what was changed behind the application's back.
//!
//! The rule: each row is judged by the link stored before it and by itself alone, so that one change does not hide
//! another. A row whose words went is right only where a later row tells that they did. All of it in one snapshot:
//! begin with [`crate::Store::begin_snapshot`].
//! A tail that was cut off together with the chain's end is found by a checkpoint alone.

use std::fmt;

use regrant_domain::{EventId, TenantId};

use crate::{
    AuditChain, AuditHead, Error, TenantTx,
    audit::event::{Place, START, Words},
    audit::kind::CHAIN_STARTED,
    audit::prune::Covers,
    sql::Row,
};

/// How many rows one statement reads.
const PAGE: i64 = 1_000;
/// Of how many rows with a wrong link it is asked whether they only changed places.
const COMPARED: usize = 100;

/// An audit event as it is kept.
#[derive(Debug, Clone)]
pub struct AuditRow {
    /// Its number in the chain.
    pub seq: i64,
    /// Its id.
    pub id: EventId,
    /// When it was written, in microseconds since 1970.
    pub at: i64,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// What else is known, as JSON.
    pub detail: String,
    /// Its link.
    pub hash: Vec<u8>,
    /// The digest of what it said, where it is past retention: actor, subject and detail are empty then.
    pub pruned: Option<Vec<u8>>,
}

impl AuditRow {
    pub(crate) fn place(&self) -> Place<'_> {
        Place {
            seq: self.seq,
            id: self.id,
            at: self.at,
            action: &self.action,
        }
    }

    pub(crate) fn words(&self) -> Words<'_> {
        Words {
            actor: &self.actor,
            subject: &self.subject,
            detail: &self.detail,
        }
    }

    const fn is_wordless(&self) -> bool {
        self.actor.is_empty() && self.subject.is_empty() && self.detail.is_empty()
    }
}

/// What is wrong at a place of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditFault {
    /// The row does not say what it said, or says what nobody wrote.
    Edited,
    /// Rows from here on are gone, up to the next one there is.
    Missing,
    /// A row that belongs elsewhere stands here.
    Reordered,
    /// The number is there twice.
    Duplicated,
    /// The chain ends before it should.
    Truncated,
    /// A row stands behind the chain's end.
    BeyondEnd,
    /// The chain's end does not name its last row.
    WrongEnd,
    /// Rows outside the chain came or went.
    Unchained,
    /// A checkpoint is not signed by this installation, or not about this tenant.
    BadCheckpoint,
    /// A checkpoint names another link than the row has.
    Rewritten,
    /// A sealed credential is not the one that was written last.
    RolledBack,
}

impl AuditFault {
    /// The name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Edited => "edited",
            Self::Missing => "missing",
            Self::Reordered => "reordered",
            Self::Duplicated => "duplicated",
            Self::Truncated => "truncated",
            Self::BeyondEnd => "beyond_end",
            Self::WrongEnd => "wrong_end",
            Self::Unchained => "unchained",
            Self::BadCheckpoint => "bad_checkpoint",
            Self::Rewritten => "rewritten",
            Self::RolledBack => "rolled_back",
        }
    }
}

impl fmt::Display for AuditFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a walk found.
#[derive(Debug, Clone, Default)]
pub struct Walked {
    /// How many rows there are.
    pub rows: u64,
    /// How many rows stand outside the chain.
    pub unchained: u64,
    /// The chain's end as it is kept.
    pub head: Option<AuditHead>,
    /// Every fault with the number it is at, in their order.
    pub faults: Vec<(i64, AuditFault)>,
}

struct Walk<'a> {
    chain: &'a AuditChain,
    tenant: TenantId,
    covers: Covers,
    next: i64,
    previous: Vec<u8>,
    found: Walked,
    /// How many rows the chain's first row says stand outside.
    told_unchained: u64,
    /// Rows whose link is wrong, with the link before them.
    suspects: Vec<(Vec<u8>, AuditRow)>,
}

impl TenantTx {
    /// Walks the whole chain and shows each row to `each`.
    ///
    /// # Errors
    /// The database failed, or the store was given no chain.
    pub async fn walk_audit(&self, mut each: impl FnMut(&AuditRow)) -> Result<Walked, Error> {
        let mut walk = Walk::new(self.chain()?, self.tenant, self.audit_covers().await?);
        walk.found.head = self.audit_head().await?;
        walk.found.unchained = self.unchained_audit().await?;
        let mut after = None;
        loop {
            let page = self.audit_page(after).await?;
            let Some(last) = page.last() else { break };
            after = Some((last.seq, last.id));
            for row in page {
                each(&row);
                walk.step(row);
            }
        }
        Ok(walk.end())
    }

    /// The link of one row; none where there is no such row.
    ///
    /// # Errors
    /// The database failed.
    pub async fn audit_hash(&self, seq: i64) -> Result<Option<Vec<u8>>, Error> {
        let query =
            self.query("SELECT hash FROM audit_events WHERE tenant_id = $1 AND seq > 0 AND seq = ");
        let row = self.one(query.bind(seq)).await?;
        row.map(|row| Ok(row.get::<Option<Vec<u8>>>("hash")?.unwrap_or_default()))
            .transpose()
    }

    pub(crate) async fn unchained_audit(&self) -> Result<u64, Error> {
        let query =
            self.query("SELECT count(*) AS n FROM audit_events WHERE tenant_id = $1 AND seq <= 0");
        let n: i64 = self
            .one(query)
            .await?
            .ok_or(Error::Corrupt("count"))?
            .get("n")?;
        u64::try_from(n).map_err(|_| Error::Corrupt("count"))
    }

    async fn audit_page(&self, after: Option<(i64, EventId)>) -> Result<Vec<AuditRow>, Error> {
        let query = self.query(AUDIT_ROWS);
        let query = match after {
            Some((seq, id)) => query
                .sql(" AND (seq, id) > (")
                .bind(seq)
                .sql(", ")
                .bind(id.uuid())
                .sql(")"),
            None => query,
        };
        let query = query.sql(" ORDER BY seq, id LIMIT ").bind(PAGE);
        self.all(query).await?.iter().map(read).collect()
    }
}

pub(crate) const AUDIT_ROWS: &str =
    "SELECT seq, id, at, actor, action, subject, detail, hash, pruned
    FROM audit_events WHERE tenant_id = $1 AND seq > 0";

impl<'a> Walk<'a> {
    fn new(chain: &'a AuditChain, tenant: TenantId, covers: Covers) -> Self {
        Self {
            chain,
            tenant,
            covers,
            next: 1,
            previous: START.to_vec(),
            found: Walked::default(),
            told_unchained: 0,
            suspects: Vec::new(),
        }
    }

    fn step(&mut self, row: AuditRow) {
        self.found.rows += 1;
        if row.seq == 1 && row.action == CHAIN_STARTED {
            let detail: Option<serde_json::Value> = serde_json::from_str(&row.detail).ok();
            self.told_unchained = detail
                .and_then(|it| it.get("unchained")?.as_u64())
                .unwrap_or(0);
        }
        if row.seq < self.next {
            return self.fault(row.seq, AuditFault::Duplicated);
        }
        if row.seq > self.next {
            self.fault(self.next, AuditFault::Missing);
        } else if !self.holds(&row) {
            self.fault(row.seq, AuditFault::Edited);
            self.suspect(&row);
        }
        self.next = row.seq.saturating_add(1);
        self.previous = row.hash;
    }

    fn end(mut self) -> Walked {
        let last = self.next - 1;
        match self.found.head.clone() {
            Some(head) if head.seq > last => self.fault(self.next, AuditFault::Truncated),
            Some(head) if head.seq < last => {
                self.fault(head.seq.saturating_add(1), AuditFault::BeyondEnd)
            }
            Some(head) if head.hash != self.previous => self.fault(last, AuditFault::WrongEnd),
            Some(_) => {}
            // The first row of a tenant is written with the tenant itself; the installation may have none yet.
            None if last == 0 && (self.found.unchained > 0 || self.tenant == TenantId::SYSTEM) => {}
            None => self.fault(self.next, AuditFault::Truncated),
        }
        if self.found.head.is_some() && self.found.unchained != self.told_unchained {
            self.fault(0, AuditFault::Unchained);
        }
        self.tell_moved_from_edited();
        self.found.faults.sort_by_key(|(seq, _)| *seq);
        self.found
    }

    /// Of rows whose link is wrong: one that is right in another's place was moved.
    fn tell_moved_from_edited(&mut self) {
        let mut moved = Vec::new();
        for (previous, place) in &self.suspects {
            let fits = |row: &AuditRow| {
                let moved = Place {
                    seq: place.seq,
                    ..row.place()
                };
                let link = self
                    .chain
                    .link(self.tenant, previous, &moved, &self.digest(row));
                row.seq != place.seq && (row.hash == link || place.hash == link)
            };
            if let Some((_, row)) = self.suspects.iter().find(|(_, row)| fits(row)) {
                moved.extend([place.seq, row.seq]);
            }
        }
        for (seq, fault) in &mut self.found.faults {
            if *fault == AuditFault::Edited && moved.contains(seq) {
                *fault = AuditFault::Reordered;
            }
        }
    }

    fn suspect(&mut self, row: &AuditRow) {
        if self.suspects.len() < COMPARED {
            self.suspects.push((self.previous.clone(), row.clone()));
        }
    }

    /// Whether the row says what was written behind the link before it, or went by the chain's own word.
    fn holds(&self, row: &AuditRow) -> bool {
        let is_due = row.pruned.is_none() || (row.is_wordless() && self.covers.cover(row));
        is_due
            && self
                .chain
                .link(self.tenant, &self.previous, &row.place(), &self.digest(row))
                == *row.hash
    }

    fn digest(&self, row: &AuditRow) -> Vec<u8> {
        let pruned = row.pruned.clone();
        pruned.unwrap_or_else(|| self.chain.digest(self.tenant, &row.words()).to_vec())
    }

    fn fault(&mut self, seq: i64, fault: AuditFault) {
        self.found.faults.push((seq, fault));
    }
}

pub(crate) fn read(row: &Row) -> Result<AuditRow, Error> {
    Ok(AuditRow {
        seq: row.get("seq")?,
        id: EventId::from_uuid(row.get("id")?),
        at: row.get("at")?,
        actor: row.get("actor")?,
        action: row.get("action")?,
        subject: row.get("subject")?,
        detail: row.get("detail")?,
        hash: row.get::<Option<Vec<u8>>>("hash")?.unwrap_or_default(),
        pruned: row.get("pruned")?,
    })
}
