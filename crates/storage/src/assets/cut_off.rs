//! The history of cut-offs, and the cut-offs concluded from other assets of the same person.
//!
//! The rule: the note learned last wins, whether its date is later or earlier; every note is stored.

use regrant_domain::{AssetId, AssetKind, CutOff, CutOffNote, PersonId, Timestamp};
use sea_orm::Value;
use uuid::Uuid;

use crate::{
    Error, TenantTx,
    sql::{CHUNK, Row, maybe_micros, to_micros},
};

/// The person and business whose asset reported a cut-off.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CutOffReading {
    /// The person whose access ends.
    pub person_id: PersonId,
    /// The business it ends in.
    pub business_id: AssetId,
}

impl TenantTx {
    /// Inserts notes about cut-offs.
    pub async fn insert_cut_off_notes(&self, notes: &[CutOffNote]) -> Result<(), Error> {
        for chunk in notes.chunks(CHUNK) {
            let query = self
                .query(
                    "INSERT INTO cut_offs
                         (tenant_id, asset_id, id, person_id, cut_off, source, learned_at)
                     VALUES :rows",
                )
                .bind_tenant_rows("rows", chunk.iter().map(to_row));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// The newest notes about an asset's cut-off, the newest first.
    pub async fn list_cut_off_notes(
        &self,
        asset: &AssetId,
        limit: u32,
    ) -> Result<Vec<CutOffNote>, Error> {
        let query = self
            .query(
                "SELECT asset_id, person_id, cut_off, source, learned_at FROM cut_offs
                 WHERE tenant_id = :tenant AND asset_id = :asset
                 ORDER BY learned_at DESC, id DESC LIMIT :limit",
            )
            .bind("asset", asset.as_str())
            .bind("limit", i64::from(limit));
        self.fetch_decoded("cut_offs", query, cut_off_note_from_row)
            .await
    }

    /// Sets the cut-off of assets, whatever was known before. Lock the assets first.
    pub async fn set_cut_offs(&self, ids: &[AssetId], cut_off: CutOff) -> Result<(), Error> {
        for chunk in ids.chunks(CHUNK) {
            let query = self
                .query(
                    "UPDATE assets SET cut_off = :at, cut_off_source = :source,
                         cut_off_learned_at = :learned_at
                     WHERE tenant_id = :tenant AND id IN :ids",
                )
                .bind("at", to_micros(cut_off.at))
                .bind("source", cut_off.source.as_str())
                .bind("learned_at", to_micros(cut_off.learned_at))
                .bind_list("ids", chunk.iter().map(AssetId::as_str));
            self.execute(query).await?;
        }
        Ok(())
    }

    /// Assets of the same person and business that do not have this cut-off yet, of kinds for which Meta
    /// reports none.
    pub async fn find_sibling_assets(
        &self,
        readings: &[(CutOffReading, Timestamp)],
    ) -> Result<Vec<AssetId>, Error> {
        let silent = AssetKind::ALL.into_iter().filter(|it| !it.has_cut_off());
        let kinds: Vec<_> = silent.map(AssetKind::as_str).collect();
        let mut siblings = Vec::new();
        for chunk in readings.chunks(CHUNK) {
            let rows = chunk.iter().map(|(it, at)| -> [Value; 3] {
                [
                    it.person_id.as_str().into(),
                    it.business_id.as_str().into(),
                    to_micros(*at).into(),
                ]
            });
            let query = self
                .query(
                    "WITH reading (person_id, business_id, cut_off) AS (VALUES :readings)
                     SELECT a.id FROM assets a JOIN reading r
                         ON r.person_id = a.person_id AND r.business_id = a.business_id
                     WHERE a.tenant_id = :tenant AND a.kind IN :kinds
                         AND a.business_source IS NOT NULL
                         AND (a.cut_off IS NULL OR a.cut_off_source <> 'sibling'
                             OR a.cut_off <> r.cut_off)",
                )
                .bind_rows("readings", rows)
                .bind_list("kinds", kinds.iter().copied());
            for row in self.fetch_all(query).await? {
                siblings.push(row.parse("id")?);
            }
        }
        Ok(siblings)
    }
}

fn to_row(note: &CutOffNote) -> [Value; 6] {
    let person = note.person_id.as_ref();
    [
        note.asset_id.as_str().into(),
        Uuid::now_v7().into(),
        person.map(|id| id.as_str().to_owned()).into(),
        maybe_micros(note.at).into(),
        note.source.as_str().into(),
        to_micros(note.learned_at).into(),
    ]
}

fn cut_off_note_from_row(row: &Row) -> Result<CutOffNote, Error> {
    Ok(CutOffNote {
        asset_id: row.parse("asset_id")?,
        person_id: row.maybe_parse("person_id")?,
        at: row.maybe_time("cut_off")?,
        source: row.parse("source")?,
        learned_at: row.time("learned_at")?,
    })
}
