//! What settling items of an undo writes, gathered so that each statement carries all of its rows.
//!
//! The rule: write nothing that [`regrant_domain::undo`] did not decide from what the same transaction locked and read.
//! An item whose previous credential was replaced since it was probed stays open for the next round.

use regrant_crypto::DataKey;
use regrant_domain::{
    Asset, CredentialId, EventKind, Outcome, ProbeFacts, ProbeResult, Slot, Timestamp,
    undo::{UndoChange, UndoDecision, decide_failed_undo, decide_undo},
    watch::cut_off_after_probe,
};
use regrant_storage::{
    Activation, AuditEvent, BusinessProof, CutOffNote, Item, ItemResult, NewEvent,
    StoredCredential, TenantTx,
};
use serde_json::json;

use super::round::UndoAsset;
use crate::{
    Error,
    assets::{
        businesses::business_proof,
        cut_offs::{cut_off_note, forecast_events},
    },
    audit::credential_sealed_event,
    credentials::{
        probed_asset::{ProbeRound, ProbedAsset},
        seal::CredentialDraft,
    },
    reconnect::{
        results::{undo_of_unknown_result, unreadable_result},
        run::Run,
    },
};

/// What settling a round of an undo writes.
pub(super) struct UndoSettlement<'a> {
    run: &'a Run<'a>,
    round: &'a ProbeRound<'a>,
    key: &'a DataKey,
    now: Timestamp,
    restored: Vec<Activation>,
    dropped: Vec<CredentialId>,
    results: Vec<(i64, ItemResult)>,
    cut_offs: Vec<CutOffNote>,
    businesses: Vec<BusinessProof>,
    audit: Vec<AuditEvent>,
    events: Vec<NewEvent>,
}

impl<'a> UndoSettlement<'a> {
    pub(super) fn new(
        run: &'a Run<'a>,
        round: &'a ProbeRound<'a>,
        key: &'a DataKey,
        now: Timestamp,
    ) -> Self {
        Self {
            run,
            round,
            key,
            now,
            restored: Vec::new(),
            dropped: Vec::new(),
            results: Vec::new(),
            cut_offs: Vec::new(),
            businesses: Vec::new(),
            audit: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Decides about one item; `locked` is its asset, if it still exists, and `probed` what was probed for it.
    pub(super) fn add_item(
        &mut self,
        item: &Item,
        locked: Option<&UndoAsset>,
        probed: Option<ProbedAsset>,
    ) -> Result<(), Error> {
        let Some(locked) = locked else {
            self.results.push((item.position, undo_of_unknown_result()));
            return Ok(());
        };
        if item.is_unreadable || locked.is_unreadable() {
            self.results.push((item.position, unreadable_result()));
            return Ok(());
        }
        let previous = locked.previous().map(|it| it.credential.id);
        let was_probed = probed.as_ref().is_some_and(|it| {
            it.find_in_slot(Slot::Previous).map(|it| it.credential.id) == previous
        });
        let proof = probed
            .zip(previous)
            .and_then(|(mut it, id)| it.proofs.remove(&id));
        match decide_undo(&locked.standing, proof.as_ref()) {
            Some(decision) => self.add_decision(item, locked, decision, proof),
            None if was_probed => {
                self.gather_unopened(item, locked);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// The previous token did not open: it is tried again, because the key may be out of reach for a while.
    fn gather_unopened(&mut self, item: &Item, locked: &UndoAsset) {
        let result = if self.run.is_last_attempt(item, None, self.now) {
            unreadable_result()
        } else {
            ItemResult {
                outcome: Outcome::Deferred,
                serving: Some(locked.standing.token_of_reconnect()),
                retry_at: Some(self.run.next_attempt_at(item, None, None)),
                ..unreadable_result()
            }
        };
        self.results.push((item.position, result));
    }

    fn add_decision(
        &mut self,
        item: &Item,
        locked: &UndoAsset,
        decision: UndoDecision,
        proof: Option<ProbeResult>,
    ) -> Result<(), Error> {
        let decision = self.plan_retry(item, locked, decision, proof.as_ref());
        self.businesses.extend(
            proof
                .as_ref()
                .and_then(|it| business_proof(&locked.asset.id, it)),
        );
        match (decision.change, proof) {
            (UndoChange::RestorePrevious, Some(ProbeResult::Works(proven))) => {
                self.gather_restored(locked, proven)?;
            }
            (UndoChange::DropCandidate, _) => self.gather_dropped(locked),
            _ => {}
        }
        let result = ItemResult {
            outcome: decision.outcome,
            serving: Some(decision.serving),
            reason: decision.reason,
            retry_at: decision.retry_at,
            fbtrace_id: decision.fbtrace_id,
        };
        self.results.push((item.position, result));
        Ok(())
    }

    /// Plans the next attempt at a deferred item, or ends it where it was tried for long enough.
    fn plan_retry(
        &self,
        item: &Item,
        locked: &UndoAsset,
        decision: UndoDecision,
        proof: Option<&ProbeResult>,
    ) -> UndoDecision {
        let Some(ProbeResult::Refused(refusal)) = proof else {
            return decision;
        };
        if decision.outcome != Outcome::Deferred {
            return decision;
        }
        if self
            .run
            .is_last_attempt(item, Some(&refusal.kind), self.now)
        {
            return decide_failed_undo(refusal, &locked.standing);
        }
        UndoDecision {
            retry_at: Some(
                self.run
                    .next_attempt_at(item, Some(&refusal.kind), decision.retry_at),
            ),
            ..decision
        }
    }

    fn gather_restored(&mut self, locked: &UndoAsset, proven: ProbeFacts) -> Result<(), Error> {
        let Some(previous) = locked.previous() else {
            return Ok(());
        };
        let asset = &locked.asset;
        // A cut-off belongs to the person: another person's token does not inherit it.
        let is_same_person = previous.credential.person_id == asset.person_id;
        let known = asset.facts.cut_off.filter(|_| is_same_person);
        let cut_off = cut_off_after_probe(known, proven.cut_off, self.now);
        let grant = self.round.grant_of(&previous.credential);
        let dates_read_at = grant.map(|it| it.facts.read_at);
        let condition = proven.condition;
        let credential = self.seal_previous(asset, previous, proven)?;
        let person = credential.credential.person_id.clone();
        self.cut_offs
            .extend(cut_off_note(asset, person, cut_off, self.now));
        self.audit.push(credential_sealed_event(
            self.actor(),
            "credential.restored",
            &credential.credential,
        ));
        self.restored.push(Activation {
            credential,
            expected_generation: asset.generation,
            cut_off,
            dates_read_at,
            condition,
        });
        Ok(())
    }

    /// Seals the previous token for the asset's next generation, as a token of this undo.
    fn seal_previous(
        &self,
        asset: &Asset,
        previous: &StoredCredential,
        proven: ProbeFacts,
    ) -> Result<StoredCredential, Error> {
        let credential = &previous.credential;
        let token = self.round.tokens.get(&credential.id);
        let token = token.ok_or_else(|| Error::from_cause("the token was not opened"))?;
        let draft = CredentialDraft {
            token,
            kind: credential.kind,
            grant: self.round.grant_of(credential),
            app_id: self.run.scope.app_id(),
            fingerprint: self.round.print_of(credential),
            intent_seq: self.run.reconnect.intent_seq,
            acquired_by: self.run.reconnect.id.to_string(),
        };
        let key = (self.key, self.run.scope.tenant());
        draft.seal_proven(key, asset, Slot::Active, proven, self.now)
    }

    fn gather_dropped(&mut self, locked: &UndoAsset) {
        let Some(candidate) = locked.candidate() else {
            return;
        };
        let (kind, asset) = (EventKind::CredentialDropped, &locked.asset.id);
        let detail = json!({
            "asset_id": asset, "person_id": candidate.credential.person_id,
            "slot": Slot::Candidate, "reason": "undone",
        });
        self.dropped.push(candidate.credential.id);
        let audit = AuditEvent::new(self.actor(), kind.as_str(), asset, detail.clone());
        self.audit.push(audit);
        self.events.push(NewEvent {
            kind,
            subject: asset.to_string(),
            data: detail,
        });
    }

    fn actor(&self) -> String {
        format!("reconnect:{}", self.run.reconnect.id)
    }

    /// Writes what was gathered of the assets and their credentials.
    pub(super) async fn write_rows(&self, tx: &TenantTx) -> Result<(), Error> {
        let (intent_seq, now) = (self.run.reconnect.intent_seq, self.now);
        tx.activate_credentials(&self.restored, intent_seq, now)
            .await?;
        tx.delete_credentials(&self.dropped).await?;
        tx.write_business_proofs(&self.businesses).await?;
        tx.insert_cut_off_notes(&self.cut_offs).await?;
        tx.emit_events(&forecast_events(&self.cut_offs), now)
            .await?;
        Ok(tx.emit_events(&self.events, now).await?)
    }

    /// Writes the results of the items and the audit, in which transactions of a run wait for each other: it is the last
    /// that a transaction writes.
    pub(super) async fn write_results(self, tx: &TenantTx) -> Result<(), Error> {
        let (id, now) = (self.run.reconnect.id, self.now);
        tx.settle_items(id, &self.results, now).await?;
        Ok(tx.write_audit_events(&self.audit, now).await?)
    }
}
