//! Observes the refusals that a reconnect meets, so that those of many persons at once are held at `suspect`.
//!
//! The rule: a refused token that does not serve the asset says nothing about an incident; it may never have worked.
//! Start at [`Settlement::hold_mass_refusals`].

use std::collections::HashMap;

use regrant_domain::{
    AssetId, AssetKind, Certainty, ProbeResult, Reason, Timestamp, hold_refusal,
    watch::explains_refusal,
};
use regrant_storage::Item;

use crate::{
    credentials::mass_refusals::RefusalObservation,
    reconnect::settlement::{LockedAsset, Settlement},
};

impl Settlement<'_> {
    /// Observes whether the serving tokens work, so that refusals of many persons at once are held at `suspect`.
    pub(super) fn hold_mass_refusals(
        &mut self,
        probed: &[(&Item, ProbeResult)],
        locked: &mut HashMap<AssetId, LockedAsset>,
    ) {
        let Some(offer) = &self.offer else { return };
        let person = offer.credentials.grant.facts.person_id.to_string();
        let observations = probed.iter().filter_map(|(item, proof)| {
            let locked = locked.get(&item.asset_id)?;
            Some(RefusalObservation {
                kind: locked.asset.kind,
                person: person.clone(),
                is_refused: mass_observation(locked, proof, self.now)?,
            })
        });
        self.held = self
            .run
            .vault
            .observe_refusals(self.run.scope, observations, self.now);
        for it in locked.values_mut() {
            it.standing.refusals_held = self.held.contains(&it.asset.kind);
        }
    }

    /// The refusal as it counts now: while many persons are refused at once it can make the asset suspect, no more.
    pub(super) fn hold_while_many(
        &self,
        kind: AssetKind,
        reason: Reason,
        certainty: Certainty,
    ) -> (Reason, Certainty) {
        if self.held.contains(&kind) {
            hold_refusal(reason, certainty)
        } else {
            (reason, certainty)
        }
    }
}

/// Whether the token that serves was refused without an explanation (`true`) or works; `None` if neither is known.
fn mass_observation(locked: &LockedAsset, proof: &ProbeResult, now: Timestamp) -> Option<bool> {
    let cut_off = locked.asset.facts.standing_cut_off();
    match proof {
        ProbeResult::Works(_) => Some(false),
        ProbeResult::Refused(_) if !locked.standing.same_token => None,
        ProbeResult::Refused(it) if explains_refusal(cut_off, &it.kind, now) => None,
        ProbeResult::Refused(it) => it.kind.is_mass_suspect().then_some(true),
    }
}
