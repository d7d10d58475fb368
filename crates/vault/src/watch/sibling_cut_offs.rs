//! Cut-offs of assets whose kind does not carry the field: concluded from what was read on others.
//!
//! The rule: a conclusion is marked as one, and never takes the place of a reading.

use std::collections::{BTreeMap, HashMap};

use regrant_domain::{Asset, AssetId, CutOff, CutOffSource, Proof, Slot, Timestamp};
use regrant_storage::{CutOffNote, CutOffReading, TenantTx};

use crate::{Error, watch::due::Due};

/// What the proofs of a chunk read, by person and business: the earliest date counts.
pub(super) fn readings(due: &[Due], now: Timestamp) -> HashMap<CutOffReading, Timestamp> {
    let mut readings = HashMap::new();
    for it in due {
        let active = it
            .credentials
            .iter()
            .find(|it| it.credential.slot == Slot::Active);
        let read = active.and_then(|active| match it.proofs.get(&active.credential.id) {
            Some(Proof::Proven(proven)) => proven.cut_off.filter(|at| *at > now),
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

/// Locked assets, and what was read on others of their person and business.
pub(super) struct Siblings<'a> {
    pub(super) assets: Vec<&'a Asset>,
    pub(super) readings: HashMap<CutOffReading, Timestamp>,
}

impl Siblings<'_> {
    /// Gives them the cut-offs that were read; tells what was noted.
    pub(super) async fn conclude(
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
