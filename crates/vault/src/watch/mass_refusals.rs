//! Holds refusals of many persons at once at `suspect`, and raises one alarm for them.
//!
//! The rule: a refusal that a known cut-off explains is no sign of an incident.

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use regrant_domain::{
    AssetKind, Certainty, Hold, ProbeResult, Slot, Timestamp, watch::explains_refusal,
};
use tracing::error;

use crate::{
    Vault,
    watch::due::{DueAsset, ProbeRound},
};

impl Vault {
    /// The kinds of assets whose refusals are held now, after the results of this pass.
    pub(super) fn hold_mass_refusals(
        &self,
        round: &ProbeRound<'_>,
        due: &[DueAsset],
        now: Timestamp,
    ) -> HashSet<AssetKind> {
        let mut by_kind = HashMap::<AssetKind, Vec<(&str, bool)>>::new();
        for it in due {
            if let Some(result) = mass_observation(it, now) {
                by_kind.entry(it.asset.kind).or_default().push(result);
            }
        }
        let app = round.scope.app_id();
        let mut window = self
            .refusal_window
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut held = HashSet::new();
        for (kind, results) in by_kind {
            match window.observe(app, round.scope.tenant(), kind, results, now) {
                Hold::Open => continue,
                Hold::Begins => error!(
                    alarm = "mass_refusal", app.id = %app, asset.kind = %kind,
                    "tokens of many persons are refused at once"
                ),
                Hold::Holds => {}
            }
            held.insert(kind);
        }
        held
    }
}

/// Whose serving credential was probed, and whether it was refused without an explanation.
fn mass_observation(due: &DueAsset, now: Timestamp) -> Option<(&str, bool)> {
    let active = due.find_in_slot(Slot::Active)?;
    let person = active.credential.person_id.as_ref();
    let person = person.map_or(due.asset.id.as_str(), |it| it.as_str());
    match due.proofs.get(&active.credential.id)? {
        ProbeResult::Works(_) => Some((person, false)),
        ProbeResult::Refused(it)
            if explains_refusal(due.asset.facts.standing_cut_off(), &it.kind, now) =>
        {
            None
        }
        ProbeResult::Refused(it) => {
            (it.kind.certainty() == Certainty::Spaced).then_some((person, true))
        }
    }
}
