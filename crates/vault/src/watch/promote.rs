//! Promotions: a parked credential that now reaches its asset, or a standby for one that does not serve any more.
//!
//! The rule: the table that settles reconnects decides about parked credentials too, so that a promotion never does
//! what a reconnect would not do.

use regrant_domain::{
    Asset, CredentialKind, EventKind, ProbeFacts, ProbeResult, Slot,
    settle::{CredentialChange, Standing, decide_outcome},
    state::AssetState,
    watch::{Verdict, cut_off_after_probe},
};
use regrant_storage::{Promotion, StoredCredential};
use serde_json::json;

use crate::{
    Error, assets::cut_offs::cut_off_note, credentials::probed_asset::ProbedAsset,
    watch::findings::Findings,
};

impl Findings<'_> {
    /// Promotes the parked credential if it works and the table says so; returns whether it did.
    pub(super) fn promote_parked(
        &mut self,
        due: &mut ProbedAsset,
        asset: &Asset,
        verdict: Option<&Verdict>,
    ) -> Result<bool, Error> {
        self.drop_dead_credentials(due, Slot::Candidate);
        let Some((parked, proven)) = due.take_working(Slot::Candidate) else {
            return Ok(false);
        };
        let standing = self.standing_of(due, asset, verdict);
        let kind = self.ranking_kind(&parked.credential);
        let proof = ProbeResult::Works(proven);
        let effect = decide_outcome(kind, &proof, &standing).change;
        let ProbeResult::Works(proven) = proof else {
            return Ok(false);
        };
        match effect {
            CredentialChange::Activate => {
                let event = EventKind::CredentialPromoted;
                self.gather_promotion(due, asset, &parked, proven, event)?;
                self.stats.promoted += 1;
                Ok(true)
            }
            CredentialChange::AddStandby => {
                let standby = self.seal_for_slot(asset, &parked, Slot::Standby, proven)?;
                self.rows.standbys.push(standby);
                self.rows.dropped.push(parked.credential.id);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// Promotes the best standby that works, or else the previous credential; returns whether it did.
    pub(super) fn fail_over(
        &mut self,
        due: &mut ProbedAsset,
        asset: &Asset,
    ) -> Result<bool, Error> {
        self.drop_dead_credentials(due, Slot::Standby);
        // System users' tokens first.
        let rank =
            |it: &StoredCredential| self.ranking_kind(&it.credential) != CredentialKind::SystemUser;
        due.credentials.sort_by_cached_key(rank);
        let found = due
            .take_working(Slot::Standby)
            .or_else(|| due.take_working(Slot::Previous));
        let Some((standby, proven)) = found else {
            return Ok(false);
        };
        let event = EventKind::CredentialFailedOver;
        self.gather_promotion(due, asset, &standby, proven, event)?;
        self.stats.failed_over += 1;
        Ok(true)
    }

    fn gather_promotion(
        &mut self,
        due: &ProbedAsset,
        asset: &Asset,
        waiting: &StoredCredential,
        proven: ProbeFacts,
        kind: EventKind,
    ) -> Result<(), Error> {
        // A cut-off belongs to the person: another person's token does not inherit it.
        let is_same_person = waiting.credential.person_id == asset.person_id;
        let known = asset.facts.cut_off.filter(|_| is_same_person);
        let cut_off = cut_off_after_probe(known, proven.cut_off, self.now);
        let activation = self.seal_activation(asset, waiting, proven, cut_off)?;
        let person = activation.credential.credential.person_id.clone();
        let detail = promotion_detail(due, waiting, &activation.credential);
        self.rows
            .cut_offs
            .extend(cut_off_note(asset, person, cut_off, self.now));
        self.rows.promoted.push(Promotion {
            activation,
            replaced_id: waiting.credential.id,
        });
        self.rows.gather_event(kind, asset, detail);
        Ok(())
    }

    /// The standing of the asset after these probes.
    fn standing_of(&self, due: &ProbedAsset, asset: &Asset, verdict: Option<&Verdict>) -> Standing {
        let active = due.find_in_slot(Slot::Active);
        Standing {
            working_kind: active
                .filter(|it| it.credential.proved_at.is_some())
                .map(|it| self.ranking_kind(&it.credential)),
            serves: self.serves_after(asset, verdict),
            tasks: active.map(|it| it.tasks.clone()).unwrap_or_default(),
            cut_off_passed: asset.facts.has_passed_cut_off(self.now),
            ..Standing::default()
        }
    }

    /// Whether the active credential still serves once the verdict about it is counted. A refusal that leaves the asset
    /// suspect takes nothing out of service.
    fn serves_after(&self, asset: &Asset, verdict: Option<&Verdict>) -> bool {
        let mut facts = asset.facts.clone();
        if let Some(Verdict::Refused { reason, certainty }) = verdict {
            facts.refusals = self.refusals_after(asset, reason.clone(), *certainty);
        }
        AssetState::from_facts(&facts, self.now, self.settings.assets.notice).is_serving()
    }

    /// Drops the waiting credentials of a slot whose tokens are dead.
    fn drop_dead_credentials(&mut self, due: &mut ProbedAsset, slot: Slot) {
        let dead: Vec<_> = due
            .credentials
            .iter()
            .filter(|it| it.credential.slot == slot && due.is_dead(it))
            .map(|it| (it.credential.id, it.credential.person_id.clone()))
            .collect();
        for (id, person) in dead {
            due.credentials.retain(|it| it.credential.id != id);
            self.rows.dropped.push(id);
            let detail = json!({ "asset_id": due.asset.id, "person_id": person, "slot": slot, "reason": "token_dead" });
            let kind = EventKind::CredentialDropped;
            self.rows.gather_event(kind, &due.asset, detail);
        }
    }
}

fn promotion_detail(
    due: &ProbedAsset,
    waiting: &StoredCredential,
    promoted: &StoredCredential,
) -> serde_json::Value {
    json!({
        "asset_id": promoted.credential.asset_id,
        "person_id": promoted.credential.person_id,
        "kind": promoted.credential.kind,
        "generation": promoted.credential.generation,
        "waited_since": waiting.credential.created_at,
        "before": due.find_in_slot(Slot::Active).map(|it| json!({
            "person_id": it.credential.person_id, "kind": it.credential.kind,
        })),
    })
}
