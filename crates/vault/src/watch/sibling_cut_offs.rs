//! Cut-offs of assets whose kind has no cut-off field: concluded from the assets of the same person and business.
//!
//! The rule: a conclusion is marked as one, and never replaces a cut-off that was read from the asset itself.

use std::collections::{BTreeMap, HashMap};

use regrant_domain::{
    Asset, AssetId, BusinessSource, CutOff, CutOffSource, ProbeResult, Slot, Timestamp,
};
use regrant_storage::{CutOffNote, CutOffReading, TenantTx};

use crate::{Error, credentials::probed_asset::ProbedAsset};

/// The earliest cut-off that the probes of a chunk read, for each person and business.
pub(super) fn cut_off_readings(
    due: &[ProbedAsset],
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
        // The person whose credential read it, and the business that the same probe named.
        let business_id = match it.business_proof() {
            Some(proof) if it.asset.business_source != Some(BusinessSource::Client) => {
                proof.business_id
            }
            _ => it.asset.owning_business().cloned(),
        };
        let person_id = active.and_then(|it| it.credential.person_id.clone());
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
        let concluded: Vec<_> = self
            .assets
            .iter()
            .filter_map(|asset| Some((*asset, self.new_cut_off_of(asset)?)))
            .collect();
        // One statement for each date.
        let mut by_date = BTreeMap::<Timestamp, Vec<AssetId>>::new();
        for (asset, at) in &concluded {
            by_date.entry(*at).or_default().push(asset.id.clone());
        }
        for (at, ids) in by_date {
            let cut_off = CutOff {
                at,
                source: CutOffSource::Sibling,
                learned_at: now,
            };
            tx.set_cut_offs(&ids, cut_off).await?;
        }
        let note = |(asset, at): (&Asset, Timestamp)| CutOffNote {
            asset_id: asset.id.clone(),
            person_id: asset.person_id.clone(),
            at: Some(at),
            source: CutOffSource::Sibling,
            learned_at: now,
        };
        Ok(concluded.into_iter().map(note).collect())
    }

    /// The cut-off that was read for the asset's person and business, unless it is known or the asset has its own.
    fn new_cut_off_of(&self, asset: &Asset) -> Option<Timestamp> {
        if asset.kind.has_cut_off() {
            return None;
        }
        let key = CutOffReading {
            person_id: asset.person_id.clone()?,
            business_id: asset.owning_business()?.clone(),
        };
        let at = *self.readings.get(&key)?;
        let concluded = asset
            .facts
            .cut_off
            .filter(|it| it.source == CutOffSource::Sibling);
        let is_known = concluded.is_some_and(|it| it.at == at);
        (!is_known).then_some(at)
    }
}
