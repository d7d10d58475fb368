//! The history of cut-offs, and the ones announced for a person.
//!
//! The rule: the newest word wins, a later date as well as an earlier one; every word is kept.

use regrant_domain::{AssetId, AssetKind, CutOff, CutOffSource, PersonId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, maybe_time, time},
};

/// One word about the cut-off of an asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutOffNote {
    /// The asset.
    pub asset_id: AssetId,
    /// The person whose access ends.
    pub person_id: Option<PersonId>,
    /// The moment; `None` where one that was known is not told any more.
    pub at: Option<Timestamp>,
    /// How it was learned.
    pub source: CutOffSource,
    /// When it was learned.
    pub learned_at: Timestamp,
}

impl TenantTx {
    /// Keeps words about cut-offs.
    ///
    /// # Errors
    /// The database failed.
    pub async fn note_cut_offs(&self, notes: &[CutOffNote]) -> Result<(), Error> {
        for chunk in notes.chunks(CHUNK) {
            let query = self
                .query(
                    "INSERT INTO cut_offs (tenant_id, asset_id, id, person_id, cut_off, source, learned_at)",
                )
                .tenant_rows(chunk.iter().map(row));
            self.run(query).await?;
        }
        Ok(())
    }

    /// What was told about an asset's cut-off, the newest word first, at most `limit` words.
    ///
    /// # Errors
    /// The database failed.
    pub async fn cut_offs(&self, asset: &AssetId, limit: u32) -> Result<Vec<CutOffNote>, Error> {
        let query = self
            .query(
                "SELECT asset_id, person_id, cut_off, source, learned_at FROM cut_offs
                 WHERE tenant_id = $1 AND asset_id = ",
            )
            .bind(asset.as_str())
            .sql(" ORDER BY learned_at DESC, id DESC LIMIT ")
            .bind(i64::from(limit));
        self.all(query).await?.iter().map(read).collect()
    }

    /// Sets the cut-off of assets, whatever was known before. Lock the assets first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn set_cut_offs(&self, ids: &[AssetId], cut_off: CutOff) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query("UPDATE assets SET cut_off = ")
                .bind(time(cut_off.at))
                .sql(", cut_off_source = ")
                .bind(cut_off.source.as_str())
                .sql(", cut_off_learned_at = ")
                .bind(time(cut_off.learned_at))
                .sql(" WHERE tenant_id = $1 AND id IN ")
                .list(chunk.iter().map(AssetId::as_str));
            self.run(query).await?;
        }
        Ok(())
    }
}

/// Where a cut-off was read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CutOffReading {
    /// Whose access ends.
    pub person_id: PersonId,
    /// In which business.
    pub business_id: AssetId,
}

impl TenantTx {
    /// Assets of the same person and business whose kind does not carry the field, and of which this date was
    /// not concluded yet.
    ///
    /// # Errors
    /// The database failed.
    pub async fn siblings(
        &self,
        readings: &[(CutOffReading, Timestamp)],
    ) -> Result<Vec<AssetId>, Error> {
        let silent = AssetKind::ALL
            .into_iter()
            .filter(|it| !it.has_cut_off())
            .map(AssetKind::as_str);
        let silent: Vec<_> = silent.collect();
        let mut siblings = Vec::new();
        for chunk in readings.chunks(CHUNK) {
            let rows = chunk.iter().map(|(it, at)| -> [Value; 3] {
                [
                    it.person_id.as_str().into(),
                    it.business_id.as_str().into(),
                    time(*at).into(),
                ]
            });
            let query = self
                .query("SELECT a.id FROM assets a JOIN")
                .table(rows)
                .sql(
                    " ON v.column1 = a.person_id AND v.column2 = a.business_id
                     WHERE a.tenant_id = $1 AND (a.cut_off IS NULL OR a.cut_off_source <> 'sibling'
                        OR a.cut_off <> v.column3) AND a.kind IN ",
                )
                .list(silent.iter().copied());
            for row in self.all(query).await? {
                siblings.push(row.parsed("id")?);
            }
        }
        Ok(siblings)
    }
}

fn row(note: &CutOffNote) -> [Value; 6] {
    [
        note.asset_id.as_str().into(),
        Uuid::now_v7().into(),
        note.person_id
            .as_ref()
            .map(|id| id.as_str().to_owned())
            .into(),
        maybe_time(note.at).into(),
        note.source.as_str().into(),
        time(note.learned_at).into(),
    ]
}

fn read(row: &Row) -> Result<CutOffNote, Error> {
    Ok(CutOffNote {
        asset_id: row.parsed("asset_id")?,
        person_id: row.maybe_parsed("person_id")?,
        at: row.maybe_time("cut_off")?,
        source: row.parsed("source")?,
        learned_at: row.time("learned_at")?,
    })
}
