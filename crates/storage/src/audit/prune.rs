//! What of a tenant's audit is past retention: its words go, its place in the chain stays.
//!
//! The rule: a row that went is believed only if a later row of the chain tells that rows of its kind and time
//! went. That one is written in the same transaction, so that nobody without the key can empty a row unseen.

use regrant_domain::{TenantId, Timestamp};
use sea_orm::Value;
use serde::{Deserialize, Serialize};

use crate::{
    AuditChain, AuditEvent, AuditKind, AuditRow, Error, TenantTx,
    audit::kind::PRUNED,
    audit::walk::{AUDIT_ROWS, read},
    sql::{CHUNK, time},
};

/// What a row of the chain tells of rows that went.
#[derive(Serialize, Deserialize)]
struct Told {
    kind: String,
    before: Timestamp,
    rows: u64,
}

/// Which rows of a chain may have gone, by what later rows tell.
#[derive(Default)]
pub(crate) struct Covers(Vec<Cover>);

/// From a number backwards: rows of a kind, of before a moment.
struct Cover {
    kind: AuditKind,
    seq: i64,
    before: i64,
}

impl TenantTx {
    /// Takes the words of at most `limit` rows of this kind of before `before`, the oldest first, and tells of it
    /// as `actor`; how many rows that were.
    ///
    /// # Errors
    /// The database failed, or the store was given no chain.
    pub async fn prune_audit(
        &self,
        kind: AuditKind,
        before: Timestamp,
        limit: u32,
        actor: &str,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let rows = self.past_retention(kind, before, limit).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        for chunk in rows.chunks(CHUNK) {
            self.take_words(chunk).await?;
        }
        let told = Told {
            kind: kind.as_str().to_owned(),
            before,
            rows: count(&rows),
        };
        let event = AuditEvent {
            actor: actor.to_owned(),
            action: PRUNED,
            subject: self.tenant.to_string(),
            detail: serde_json::to_value(&told).map_err(|_| Error::Corrupt("JSON to write"))?,
        };
        self.audit(&[event], now).await?;
        Ok(told.rows)
    }

    async fn past_retention(
        &self,
        kind: AuditKind,
        before: Timestamp,
        limit: u32,
    ) -> Result<Vec<AuditRow>, Error> {
        let query = self
            .query(AUDIT_ROWS)
            .sql(" AND pruned IS NULL AND at < ")
            .bind(time(before));
        let query = kind
            .filter(query)
            .sql(" ORDER BY at, seq LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    async fn take_words(&self, rows: &[AuditRow]) -> Result<(), Error> {
        let chain = self.chain()?;
        let digests = rows.iter().map(|row| -> [Value; 2] {
            [
                row.id.uuid().into(),
                chain.digest(self.tenant, &row.words()).as_slice().into(),
            ]
        });
        let query = self
            .query(
                "UPDATE audit_events AS e SET actor = '', subject = '', detail = '', pruned = v.column2 FROM",
            )
            .table(digests)
            .sql(" WHERE e.tenant_id = $1 AND e.id = v.column1 AND e.pruned IS NULL");
        self.run_exactly(rows.len(), query).await
    }

    /// What the chain tells of rows that went. A row whose own link is wrong tells nothing.
    pub(crate) async fn audit_covers(&self) -> Result<Covers, Error> {
        let query = self.query(
            "SELECT e.seq, e.id, e.at, e.actor, e.action, e.subject, e.detail, e.hash, e.pruned,
                p.hash AS previous
             FROM audit_events e JOIN audit_events p ON p.tenant_id = e.tenant_id AND p.seq = e.seq - 1
             WHERE e.tenant_id = $1 AND e.seq > 1 AND e.action = ",
        );
        let (chain, mut covers) = (self.chain()?, Vec::new());
        for row in self.all(query.bind(PRUNED).sql(" ORDER BY e.seq")).await? {
            let previous: Option<Vec<u8>> = row.get("previous")?;
            let previous = previous.unwrap_or_default();
            covers.extend(Cover::told_by(chain, self.tenant, &previous, &read(&row)?));
        }
        Ok(Covers::of(covers))
    }
}

impl Cover {
    fn told_by(
        chain: &AuditChain,
        tenant: TenantId,
        previous: &[u8],
        row: &AuditRow,
    ) -> Option<Self> {
        let digest = chain.digest(tenant, &row.words());
        let holds = row.pruned.is_none()
            && chain.link(tenant, previous, &row.place(), &digest) == *row.hash;
        let told: Told = serde_json::from_str(&row.detail).ok().filter(|_| holds)?;
        let kind = AuditKind::ALL
            .into_iter()
            .find(|it| it.as_str() == told.kind)?;
        Some(Self {
            kind,
            seq: row.seq,
            before: time(told.before),
        })
    }
}

impl Covers {
    /// In the order of their numbers. Each then covers what any later one of its kind does.
    fn of(mut covers: Vec<Cover>) -> Self {
        for kind in AuditKind::ALL {
            let mut latest = i64::MIN;
            for cover in covers.iter_mut().rev().filter(|it| it.kind == kind) {
                latest = latest.max(cover.before);
                cover.before = latest;
            }
        }
        Self(covers)
    }

    /// Whether a later row tells that this one went.
    pub(crate) fn cover(&self, row: &AuditRow) -> bool {
        let Some(kind) = AuditKind::of(&row.action) else {
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

fn count(rows: &[AuditRow]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}
