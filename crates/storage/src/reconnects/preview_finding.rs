//! What a preview found: coverages of assets, left-out assets, new ones.
//!
//! The rule: every change of a finding takes a new number of an event, so that a reader who knows the last one continues
//! behind it.

use std::collections::{BTreeMap, HashMap};

use regrant_domain::{Coverage, PreviewFinding, PreviewId};
use sea_orm::Value;

use crate::{
    Error, TenantTx,
    forecast::calendar::count_from_row,
    sql::{CHUNK, Row, to_json},
};

/// A finding with the number of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreviewEvent {
    /// The number of its last event.
    pub event_seq: i64,
    /// The finding.
    pub finding: PreviewFinding,
}

/// How much a preview found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PreviewTally {
    /// How many assets have each coverage.
    pub coverages: BTreeMap<Coverage, u64>,
    /// How many assets the log-in left out.
    pub left_out: u64,
    /// How many new assets the token reaches.
    pub reachable: u64,
}

impl TenantTx {
    /// Adds findings, each with its position among those of its kind; a finding at the same position is replaced.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the preview has ended, or was deleted.
    pub async fn add_preview_findings(
        &self,
        id: PreviewId,
        found: &[(i64, PreviewFinding)],
    ) -> Result<(), Error> {
        for chunk in found.chunks(CHUNK) {
            let count = i64::try_from(chunk.len()).map_err(|_| Error::Corrupt("event_seq"))?;
            let first = self.take_preview_events(id, count).await?;
            let row = |(event_seq, (position, finding)): (i64, &(i64, PreviewFinding))| {
                let coverage = finding.coverage().map(|it| it.as_str().to_owned());
                let row: [Value; 6] = [
                    id.uuid().into(),
                    finding.as_str().into(),
                    (*position).into(),
                    event_seq.into(),
                    coverage.into(),
                    to_json(finding)?.into(),
                ];
                Ok(row)
            };
            let rows = (first..).zip(chunk).map(row);
            let query = self
                .query(
                    "INSERT INTO preview_findings (tenant_id, preview_id, finding, position,
                         event_seq, coverage, content) VALUES :rows
                     ON CONFLICT (tenant_id, preview_id, finding, position) DO UPDATE SET
                         event_seq = excluded.event_seq, coverage = excluded.coverage,
                         content = excluded.content",
                )
                .bind_tenant_rows("rows", rows.collect::<Result<Vec<_>, Error>>()?);
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Takes `count` numbers of events and returns the first.
    async fn take_preview_events(&self, id: PreviewId, count: i64) -> Result<i64, Error> {
        let query = self
            .query(
                "UPDATE previews SET event_seq = event_seq + :count
                 WHERE tenant_id = :tenant AND id = :id AND status = 'running'
                 RETURNING event_seq",
            )
            .bind("count", count)
            .bind("id", id.uuid());
        let row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        Ok(row.counter("event_seq")? - count + 1)
    }

    /// All findings of a preview, those of a kind in the order of their positions.
    pub async fn list_preview_findings(&self, id: PreviewId) -> Result<Vec<PreviewFinding>, Error> {
        let query = self
            .query(
                "SELECT content FROM preview_findings
                 WHERE tenant_id = :tenant AND preview_id = :id ORDER BY finding, position",
            )
            .bind("id", id.uuid());
        self.fetch_decoded("preview_findings", query, |row| row.json("content"))
            .await
    }

    /// The findings whose events follow `after`, in the order of their events.
    pub async fn list_preview_events(
        &self,
        id: PreviewId,
        after: i64,
        limit: u32,
    ) -> Result<Vec<PreviewEvent>, Error> {
        let query = self
            .query(
                "SELECT event_seq, content FROM preview_findings
                 WHERE tenant_id = :tenant AND preview_id = :id AND event_seq > :after
                 ORDER BY event_seq LIMIT :limit",
            )
            .bind("id", id.uuid())
            .bind("after", after)
            .bind("limit", i64::from(limit));
        let decode = |row: &Row| {
            Ok(PreviewEvent {
                event_seq: row.counter("event_seq")?,
                finding: row.json("content")?,
            })
        };
        self.fetch_decoded("preview_findings", query, decode).await
    }

    /// How much each of these previews found.
    pub async fn count_preview_findings(
        &self,
        ids: &[PreviewId],
    ) -> Result<HashMap<PreviewId, PreviewTally>, Error> {
        let mut rows = Vec::new();
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "SELECT preview_id, finding, coverage, count(*) AS n FROM preview_findings
                     WHERE tenant_id = :tenant AND preview_id IN :ids
                     GROUP BY preview_id, finding, coverage",
                )
                .bind_list("ids", chunk.iter().map(|it| it.uuid()));
            let decode = |row: &Row| {
                let kind: String = row.get("finding")?;
                let coverage: Option<Coverage> = row.maybe_parse("coverage")?;
                let id = PreviewId::from_uuid(row.get("preview_id")?);
                Ok((id, kind, coverage, count_from_row(row, "n")?))
            };
            let counted = self.fetch_decoded("preview_findings", query, decode);
            rows.extend(counted.await?);
        }
        let mut tallies: HashMap<PreviewId, PreviewTally> = HashMap::new();
        for (id, kind, coverage, n) in rows {
            let tally = tallies.entry(id).or_default();
            match (kind.as_str(), coverage) {
                (_, Some(coverage)) => drop(tally.coverages.insert(coverage, n)),
                ("left_out", None) => tally.left_out = n,
                _ => tally.reachable = n,
            }
        }
        Ok(tallies)
    }
}
