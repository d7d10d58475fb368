//! Observes the refusals that a pass over due assets meets, so that those of many persons at once are held at `suspect`.
//!
//! The rule: a refusal that a known cut-off explains is no sign of an incident.

use std::collections::HashSet;

use regrant_domain::{AssetKind, ProbeResult, Slot, Timestamp, watch::explains_refusal};

use crate::{
    Vault,
    credentials::{
        mass_refusals::RefusalObservation,
        probed_asset::{ProbeRound, ProbedAsset},
    },
};

impl Vault {
    /// The kinds of assets whose refusals are held now, after the results of this pass.
    pub(super) fn hold_mass_refusals(
        &self,
        round: &ProbeRound<'_>,
        due: &[ProbedAsset],
        now: Timestamp,
    ) -> HashSet<AssetKind> {
        let observations = due.iter().filter_map(|it| mass_observation(it, now));
        self.observe_refusals(round.scope, observations, now)
    }
}

/// Whose serving credential was probed, and whether it was refused without an explanation.
fn mass_observation(due: &ProbedAsset, now: Timestamp) -> Option<RefusalObservation> {
    let active = due.find_in_slot(Slot::Active)?;
    let person = active.credential.person_id.as_ref();
    let person = person.map_or_else(|| due.asset.id.to_string(), ToString::to_string);
    let is_refused = match due.proofs.get(&active.credential.id)? {
        ProbeResult::Works(_) => false,
        ProbeResult::Refused(it)
            if explains_refusal(due.asset.facts.standing_cut_off(), &it.kind, now) =>
        {
            return None;
        }
        ProbeResult::Refused(it) => it.kind.is_mass_suspect().then_some(true)?,
    };
    Some(RefusalObservation {
        kind: due.asset.kind,
        person,
        is_refused,
    })
}
