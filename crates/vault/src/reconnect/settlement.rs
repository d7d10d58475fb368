//! What settling a chunk of items writes, gathered so that each statement carries all of its rows.
//!
//! The rule: write nothing that [`regrant_domain::settle`] did not decide from what the same transaction locked and
//! read.
//! Start at [`Settlement::add_item`].

use std::collections::HashSet;

use regrant_domain::{
    Asset, AssetId, AssetKind, Credential, CredentialKind, CutOff, Outcome, PersonId, ProbeFacts,
    ProbeResult, Slot, Timestamp,
    settle::{
        CredentialChange, Decision, Standing, decide_last_refusal, decide_outcome, decide_standby,
        decide_waiting,
    },
    watch::cut_off_after_probe,
};
use regrant_storage::{
    Activation, AuditEvent, BusinessProof, CountedRefusal, CutOffNote, Item, ItemResult,
    ReconnectCause, StoredCredential, TenantTx,
};

use crate::{
    Error,
    assets::{
        businesses::business_proof,
        cut_offs::{cut_off_note, forecast_events},
    },
    audit::credential_sealed_event,
    credentials::seal::CredentialDraft,
    reconnect::{
        offer::Offer,
        results::{superseded_result, unknown_asset_result, unreadable_result},
        run::Run,
    },
};

/// An asset that the settling transaction has locked, and what it read there.
pub(super) struct LockedAsset {
    pub(super) asset: Asset,
    pub(super) standing: Standing,
    /// The parked credential.
    pub(super) candidate: Option<Credential>,
    /// The persons of its standbys; read for a refreshed token alone.
    pub(super) standby_persons: Vec<PersonId>,
    /// Whether a row of the asset does not parse.
    pub(super) is_unreadable: bool,
}

/// What settling a chunk writes.
pub(super) struct Settlement<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) offer: Option<Offer<'a>>,
    pub(super) now: Timestamp,
    /// The kinds of assets whose refusals are held, because many persons are refused at once.
    pub(super) held: HashSet<AssetKind>,
    activations: Vec<Activation>,
    renewals: Vec<Activation>,
    parked: Vec<StoredCredential>,
    standbys: Vec<StoredCredential>,
    refused: Vec<CountedRefusal>,
    /// Assets that nothing serves, so that the offered token was all there was to look at.
    checked: Vec<AssetId>,
    results: Vec<(i64, ItemResult)>,
    cut_offs: Vec<CutOffNote>,
    businesses: Vec<BusinessProof>,
    events: Vec<AuditEvent>,
}

impl<'a> Settlement<'a> {
    pub(super) fn new(run: &'a Run<'a>, offer: Option<Offer<'a>>, now: Timestamp) -> Self {
        Self {
            run,
            offer,
            now,
            held: HashSet::new(),
            activations: Vec::new(),
            renewals: Vec::new(),
            parked: Vec::new(),
            standbys: Vec::new(),
            refused: Vec::new(),
            checked: Vec::new(),
            results: Vec::new(),
            cut_offs: Vec::new(),
            businesses: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Decides about one item; `locked` is its asset, if the asset still exists.
    pub(super) fn add_item(
        &mut self,
        item: &Item,
        proof: ProbeResult,
        locked: Option<&LockedAsset>,
    ) -> Result<(), Error> {
        if item.is_unreadable || locked.is_some_and(|it| it.is_unreadable) {
            self.results.push((item.position, unreadable_result()));
            return Ok(());
        }
        let Some(locked) = locked else {
            self.results.push((item.position, unknown_asset_result()));
            return Ok(());
        };
        self.businesses
            .extend(business_proof(&locked.asset.id, &proof));
        let offered = self.offer.as_ref();
        let offered = offered.map(|it| &it.credentials.grant.facts.person_id);
        let serving = locked.asset.person_id.as_ref();
        let standing = locked.standing.for_person(offered, serving);
        let decision = self.decide_item(item, &proof, &standing);
        let decision = match self.find_waiting_slot(locked) {
            Some(Slot::Candidate) => decide_waiting(decision, &proof, &standing),
            Some(_) => decide_standby(decision, &proof, &standing),
            None => decision,
        };
        if self.is_superseded(locked, &decision) {
            self.results.push((item.position, superseded_result()));
            return Ok(());
        }
        let proven = if let ProbeResult::Works(proven) = proof {
            proven
        } else {
            ProbeFacts::default()
        };
        self.gather_effect(&decision, &locked.asset, proven)?;
        self.gather_result(item.position, decision);
        Ok(())
    }

    /// Whether a later reconnect, or another person's token, has taken the place that the offered token would have.
    fn is_superseded(&self, locked: &LockedAsset, decision: &Decision) -> bool {
        let (reconnect, waiting) = (&self.run.reconnect, locked.candidate.as_ref());
        let is_parked = decision.change == CredentialChange::Park;
        let is_settled = decision.outcome != Outcome::Deferred;
        locked.asset.intent_seq > reconnect.intent_seq
            || (is_parked && waiting.is_some_and(|it| it.intent_seq > reconnect.intent_seq))
            || (self.is_refresh() && is_settled && !self.is_renewal(locked, decision.change))
    }

    /// Where a token of the same person as the offered one, which is a refreshed one, waits for an asset that another's
    /// serves.
    fn find_waiting_slot(&self, locked: &LockedAsset) -> Option<Slot> {
        let person = self.run.reconnect.expect_person.as_ref()?;
        if !self.is_refresh() || locked.asset.person_id.as_ref() == Some(person) {
            return None;
        }
        let candidate = locked.candidate.as_ref();
        if candidate.is_some_and(|it| it.person_id.as_ref() == Some(person)) {
            return Some(Slot::Candidate);
        }
        let is_standby = locked.standby_persons.contains(person);
        is_standby.then_some(Slot::Standby)
    }

    /// Whether a refreshed token takes the place of a token of the same person. Since the refresh was accepted, another
    /// person's token may have taken the asset over, or may wait to.
    fn is_renewal(&self, locked: &LockedAsset, change: CredentialChange) -> bool {
        let person = &self.run.reconnect.expect_person;
        let serves = locked.asset.person_id == *person;
        match (change, &locked.candidate) {
            (CredentialChange::Park, Some(waiting)) => waiting.person_id == *person,
            (CredentialChange::AddStandby, _) => true,
            _ => serves,
        }
    }

    fn is_refresh(&self) -> bool {
        self.offer.is_some() && self.run.reconnect.cause == ReconnectCause::Refresh
    }

    fn decide_item(&self, item: &Item, proof: &ProbeResult, standing: &Standing) -> Decision {
        let kind = self
            .offer
            .as_ref()
            .map_or(CredentialKind::User, |it| it.credentials.grant.facts.kind);
        let decision = decide_outcome(kind, proof, standing);
        if decision.outcome == Outcome::Deferred {
            self.defer_item(decision, proof, standing, item)
        } else {
            decision
        }
    }

    /// Plans the next attempt at a deferred item, or ends it where it was tried for long enough.
    fn defer_item(
        &self,
        decision: Decision,
        proof: &ProbeResult,
        standing: &Standing,
        item: &Item,
    ) -> Decision {
        let refusal = match proof {
            ProbeResult::Refused(refusal) => Some(refusal),
            ProbeResult::Works(_) => None,
        };
        let refused = refusal.map(|it| &it.kind);
        match refusal {
            Some(refusal) if self.run.is_last_attempt(item, refused, self.now) => {
                decide_last_refusal(refusal, standing)
            }
            _ => Decision {
                retry_at: Some(self.run.next_attempt_at(item, refused, decision.retry_at)),
                ..decision
            },
        }
    }

    /// Gathers the rows that carry out what was decided about the asset.
    fn gather_effect(
        &mut self,
        decision: &Decision,
        asset: &Asset,
        proven: ProbeFacts,
    ) -> Result<(), Error> {
        match decision.change {
            CredentialChange::Activate => {
                let known = self.cut_off_of_same_person(asset);
                let cut_off = cut_off_after_probe(known, proven.cut_off, self.now);
                let activation = self.seal_activation(asset, proven, cut_off)?;
                self.activations.push(activation);
            }
            CredentialChange::Reseal => {
                let cut_off = cut_off_after_probe(asset.facts.cut_off, proven.cut_off, self.now);
                let renewal = self.seal_activation(asset, proven, cut_off)?;
                self.renewals.push(renewal);
            }
            CredentialChange::Park => {
                let credential = self.seal_for_slot(asset, Slot::Candidate, proven)?;
                self.parked.push(credential);
                if !asset.facts.is_served() {
                    self.checked.push(asset.id.clone());
                }
            }
            CredentialChange::AddStandby => {
                let credential = self.seal_for_slot(asset, Slot::Standby, proven)?;
                self.standbys.push(credential);
            }
            CredentialChange::CountRefusal(certainty) => {
                let pause = self.run.vault.settings.watch.pace.doubt;
                let reason = decision.reason.clone();
                let counted = reason.map(|it| self.hold_while_many(asset.kind, it, certainty));
                let refusals = counted.and_then(|(reason, certainty)| {
                    asset
                        .facts
                        .after_refusal(reason, certainty, self.now, pause)
                });
                let counted = refusals.map(|refusals| CountedRefusal {
                    asset_id: asset.id.clone(),
                    refusals,
                });
                self.refused.extend(counted);
            }
            CredentialChange::Nothing => {}
        }
        Ok(())
    }

    /// The asset's cut-off if the offered token belongs to the same person: another person does not inherit it.
    fn cut_off_of_same_person(&self, asset: &Asset) -> Option<CutOff> {
        let grant = self.offer.as_ref().map(|it| &it.credentials.grant);
        let person = grant.map(|it| &it.facts.person_id);
        asset
            .facts
            .cut_off
            .filter(|_| asset.person_id.as_ref() == person)
    }

    fn seal_activation(
        &mut self,
        asset: &Asset,
        proven: ProbeFacts,
        cut_off: Option<CutOff>,
    ) -> Result<Activation, Error> {
        let condition = proven.condition;
        let credential = self.seal_for_slot(asset, Slot::Active, proven)?;
        let person = credential.credential.person_id.clone();
        let grant = self.offer.as_ref().map(|it| &it.credentials.grant);
        let dates_read_at = grant.map(|it| it.facts.read_at);
        self.cut_offs
            .extend(cut_off_note(asset, person, cut_off, self.now));
        Ok(Activation {
            credential,
            expected_generation: asset.generation,
            cut_off,
            dates_read_at,
            condition,
        })
    }

    /// Seals the offered token, or the page token minted from it, for the asset's next generation.
    fn seal_for_slot(
        &self,
        asset: &Asset,
        slot: Slot,
        proven: ProbeFacts,
    ) -> Result<StoredCredential, Error> {
        let offer = self
            .offer
            .as_ref()
            .ok_or_else(|| Error::from_cause("nothing is offered to seal"))?;
        let (grant, reconnect) = (&offer.credentials.grant, &self.run.reconnect);
        let draft = CredentialDraft {
            token: &offer.credentials.token,
            kind: grant.facts.kind,
            grant: Some(grant),
            app_id: &grant.facts.app_id,
            fingerprint: &offer.fingerprint,
            intent_seq: reconnect.intent_seq,
            acquired_by: reconnect.id.to_string(),
        };
        let tenant = self.run.scope.tenant();
        draft.seal_proven((offer.key, tenant), asset, slot, proven, self.now)
    }

    /// Gathers the item's result, and the audit event of a credential that was sealed for it.
    fn gather_result(&mut self, position: i64, decision: Decision) {
        let sealed_credential = match decision.change {
            CredentialChange::Activate => {
                Some("credential.activated").zip(last_sealed(&self.activations))
            }
            CredentialChange::Reseal => Some("credential.renewed").zip(last_sealed(&self.renewals)),
            CredentialChange::Park => Some("credential.parked").zip(self.parked.last()),
            CredentialChange::AddStandby => Some("credential.stands_by").zip(self.standbys.last()),
            CredentialChange::CountRefusal(_) | CredentialChange::Nothing => None,
        };
        if let Some((action, stored)) = sealed_credential {
            let actor = format!("reconnect:{}", self.run.reconnect.id);
            self.events
                .push(credential_sealed_event(actor, action, &stored.credential));
        }
        let result = ItemResult {
            outcome: decision.outcome,
            serving: Some(decision.serving),
            reason: decision.reason,
            retry_at: decision.retry_at,
            fbtrace_id: decision.fbtrace_id,
        };
        self.results.push((position, result));
    }

    /// Writes what was gathered of the assets and their credentials.
    pub(super) async fn write_rows(&self, tx: &TenantTx) -> Result<(), Error> {
        let (reconnect, now) = (&self.run.reconnect, self.now);
        if self.is_refresh() {
            tx.refresh_credentials(&self.activations, now).await?;
            tx.adopt_imported_credentials(&self.renewals, now).await?;
        } else {
            tx.activate_credentials(&self.activations, reconnect.intent_seq, now)
                .await?;
            tx.reseal_active_credentials(&self.renewals, reconnect.intent_seq, now)
                .await?;
        }
        tx.park_credentials(&self.parked).await?;
        tx.insert_standby_credentials(&self.standbys).await?;
        tx.write_refusals(&self.refused, now).await?;
        tx.note_assets_checked(&self.checked, now).await?;
        tx.write_business_proofs(&self.businesses).await?;
        tx.insert_cut_off_notes(&self.cut_offs).await?;
        tx.emit_events(&forecast_events(&self.cut_offs), now)
            .await?;
        Ok(())
    }

    /// Writes the results of the items and the audit, in which transactions of a run wait for each other: it is the last
    /// that a transaction writes.
    pub(super) async fn write_results(self, tx: &TenantTx) -> Result<(), Error> {
        let (reconnect, now) = (&self.run.reconnect, self.now);
        tx.settle_items(reconnect.id, &self.results, now).await?;
        tx.write_audit_events(&self.events, now).await?;
        Ok(())
    }
}

/// The credential that was sealed last.
fn last_sealed(activations: &[Activation]) -> Option<&StoredCredential> {
    activations.last().map(|it| &it.credential)
}
