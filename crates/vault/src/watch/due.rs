//! A due asset and what its probes said.

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, Credential, CredentialId, Grant, GrantId, ProbeFacts, ProbeResult, Refusal,
    RefusalKind, Slot, Timestamp, Weight,
    failover::needs_standby,
    watch::{Verdict, judge_probe},
};
use regrant_graph::AppCredentials;
use regrant_storage::{BusinessProof, ProbeLease, StoredCredential, TenantScope};

use crate::{Settings, assets::businesses::business_proof};

/// An asset that is due, with its credentials, best ranked first.
pub(super) struct DueAsset {
    pub(super) lease: ProbeLease,
    pub(super) asset: Asset,
    pub(super) credentials: Vec<StoredCredential>,
    /// The results of the probes so far.
    pub(super) proofs: HashMap<CredentialId, ProbeResult>,
}

/// What the probes of one chunk share.
pub(super) struct ProbeRound<'a> {
    pub(super) scope: &'a TenantScope,
    pub(super) owner: &'a str,
    pub(super) app: &'a AppCredentials,
    pub(super) grants: HashMap<GrantId, Grant>,
    /// The tokens that were opened for this round.
    pub(super) tokens: HashMap<CredentialId, AccessToken>,
}

impl ProbeRound<'_> {
    /// The grant of a credential's token; an imported token has none before it is attributed.
    pub(super) fn grant_of(&self, credential: &Credential) -> Option<&Grant> {
        credential.grant_id.and_then(|id| self.grants.get(&id))
    }
}

impl DueAsset {
    /// Whether a probe said that this credential's token is dead.
    pub(super) fn is_dead(&self, stored: &StoredCredential) -> bool {
        matches!(self.proofs.get(&stored.credential.id), Some(ProbeResult::Refused(it)) if it.kind == RefusalKind::TokenDead)
    }

    /// The credentials that Graph refused, with the refusals.
    pub(super) fn refused_credentials(
        &self,
    ) -> impl Iterator<Item = (&StoredCredential, &Refusal)> {
        self.credentials
            .iter()
            .filter_map(|it| match self.proofs.get(&it.credential.id)? {
                ProbeResult::Refused(refusal) => Some((it, refusal)),
                ProbeResult::Works(_) => None,
            })
    }

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

    pub(super) fn find_in_slot(&self, slot: Slot) -> Option<&StoredCredential> {
        self.credentials
            .iter()
            .find(|it| it.credential.slot == slot)
    }

    /// Takes the first credential of a slot that works, with the facts that its probe returned.
    pub(super) fn take_working(&mut self, slot: Slot) -> Option<(StoredCredential, ProbeFacts)> {
        let works = |it: &&StoredCredential| {
            it.credential.slot == slot
                && matches!(
                    self.proofs.get(&it.credential.id),
                    Some(ProbeResult::Works(_))
                )
        };
        let found = self.credentials.iter().find(works)?.clone();
        match self.proofs.remove(&found.credential.id) {
            Some(ProbeResult::Works(proven)) => Some((found, proven)),
            _ => None,
        }
    }
}
