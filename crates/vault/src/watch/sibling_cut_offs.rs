//! Cut-offs of assets whose kind has no cut-off field: concluded from the assets of the same person and business.
//!
//! The rule: a conclusion is marked as one, and never replaces a cut-off that was read from the asset itself.

use std::collections::{BTreeMap, HashMap};

use regrant_domain::{Asset, AssetId, CutOff, CutOffSource, ProbeResult, Slot, Timestamp};
use regrant_storage::{CutOffNote, CutOffReading, TenantTx};

use crate::{Error, watch::due::DueAsset};

/// The earliest cut-off that the probes of a chunk read, for each person and business.
pub(super) fn cut_off_readings(
    due: &[DueAsset],
    now: Timestamp,
) -> HashMap<CutOffReading, Timestamp> {
    let mut readings = HashMap::new();
    for it in due {
        let active = it
            .credentials
            .iter()
            .find(|it| it.credential.slot == Slot::Active);
        let read = active.and_then(|active| match it.proofs.get(&active.credential.id) {
            Some(ProbeResult::Works(proven)) => proven.cut_off.filter(|at| *at > now),
            _ => None,
        });
        let (person_id, business_id) = (it.asset.person_id.clone(), it.asset.business_id.clone());
        if let Some((at, (person_id, business_id))) = read.zip(person_id.zip(business_id)) {
            let known = readings
                .entry(CutOffReading {
                    person_id,
                    business_id,
                })
                .or_insert(at);
            *known = at.min(*known);
        }
    }
    readings
}

/// Locked assets, and the cut-offs that were read from other assets of their persons and businesses.
pub(super) struct Siblings<'a> {
    pub(super) assets: Vec<&'a Asset>,
    pub(super) readings: HashMap<CutOffReading, Timestamp>,
}

impl Siblings<'_> {
    /// Writes the cut-offs that were read to the assets; returns the notes of those that changed.
    pub(super) async fn write_cut_offs(
        &self,
        tx: &TenantTx,
        now: Timestamp,
    ) -> Result<Vec<CutOffNote>, Error> {
        let mut notes = Vec::new();
        let mut by_date = BTreeMap::<Timestamp, Vec<AssetId>>::new();
        for asset in self.assets.iter().filter(|it| !it.kind.has_cut_off()) {
            let Some((person_id, business_id)) =
                asset.person_id.clone().zip(asset.business_id.clone())
            else {
                continue;
            };
            let read = self.readings.get(&CutOffReading {
                person_id: person_id.clone(),
                business_id,
            });
            let known = asset
                .facts
                .cut_off
                .filter(|it| it.source == CutOffSource::Sibling);
            let Some(at) = read
                .copied()
                .filter(|at| known.is_none_or(|known| known.at != *at))
            else {
                continue;
            };
            by_date.entry(at).or_default().push(asset.id.clone());
            notes.push(CutOffNote {
                asset_id: asset.id.clone(),
                person_id: Some(person_id),
                at: Some(at),
                source: CutOffSource::Sibling,
                learned_at: now,
            });
        }
        for (at, ids) in by_date {
            tx.set_cut_offs(
                &ids,
                CutOff {
                    at,
                    source: CutOffSource::Sibling,
                    learned_at: now,
                },
            )
            .await?;
        }
        Ok(notes)
    }
}
