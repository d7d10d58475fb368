//! What the probes of a due asset say about it.

use regrant_domain::{
    Slot, Timestamp, Weight,
    failover::needs_standby,
    watch::{Verdict, judge_probe},
};
use regrant_storage::BusinessProof;

use crate::{Settings, assets::businesses::business_proof, credentials::probed_asset::ProbedAsset};

impl ProbedAsset {
    /// Whether the asset may have lost its serving credential, so that its standbys are probed too.
    pub(super) fn needs_standby(&self, now: Timestamp, settings: &Settings) -> bool {
        let is_serving = self
            .asset
            .state_at(now, settings.assets.notice)
            .is_serving();
        let has_failed = self.asset.facts.refusal_weight() >= Some(Weight::Suspect);
        needs_standby(self.active_verdict(now).as_ref(), is_serving, has_failed)
    }

    /// Whether Graph gave no answer about one of the credentials.
    pub(super) fn has_unanswered_probe(&self, now: Timestamp) -> bool {
        self.proofs
            .values()
            .any(|it| matches!(judge_probe(it, None, now), Verdict::Unknown(_)))
    }

    /// The business that the probes read; that of the serving credential first.
    pub(super) fn business_proof(&self) -> Option<BusinessProof> {
        let active = self.find_in_slot(Slot::Active).map(|it| it.credential.id);
        let of_active = active.and_then(|id| self.proofs.get(&id));
        of_active
            .into_iter()
            .chain(self.proofs.values())
            .find_map(|it| business_proof(&self.asset.id, it))
    }

    /// What the probe of the serving credential says about it, if it was probed.
    pub(super) fn active_verdict(&self, now: Timestamp) -> Option<Verdict> {
        let active = self.find_in_slot(Slot::Active)?;
        let proof = self.proofs.get(&active.credential.id)?;
        Some(judge_probe(proof, self.asset.facts.standing_cut_off(), now))
    }
}
