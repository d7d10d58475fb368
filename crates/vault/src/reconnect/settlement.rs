//! What settling a chunk writes, gathered so that each statement carries all of its rows.
//!
//! The rule: nothing is written that [`regrant_domain::settle`] did not decide from what the same
//! transaction has locked and read.

use regrant_crypto::DataKey;
use regrant_domain::{
    Asset, AssetId, Clock, CredentialKind, CutOff, CutOffSource, Outcome, PersonId, Proof, Proven,
    Reason, ReasonCode, Serving, Slot, TenantId, Timestamp, Who,
    settle::{Decision, Effect, Standing, decide, give_up},
    watch::cut_off_after,
};
use regrant_storage::{
    Activation, AuditEvent, CutOffNote, FailedProof, Item, ItemResult, Lease, Origin,
    StoredCredential, TenantTx,
};

use crate::{
    Error, Vault,
    audit::sealed,
    credentials::seal::Offered,
    reconnect::{run::id_of, unknown, verify_token::Credentials},
    watch::findings::forecast_changed,
};

const LONGEST_PAUSE_SECONDS: u64 = 600;

/// The proved token that is offered to every item of a chunk.
pub(crate) struct Offer<'a> {
    pub(crate) credentials: &'a Credentials,
    pub(crate) fingerprint: Vec<u8>,
    pub(crate) key: &'a DataKey,
}

/// What is there at an asset that is to be settled.
pub(crate) struct Found {
    pub(crate) asset: Asset,
    pub(crate) standing: Standing,
    /// The `intent_seq` of the candidate that waits; 0 where none does.
    pub(crate) candidate_seq: i64,
}

/// What a chunk writes, gathered so that each statement carries all of its rows.
pub(crate) struct Writes<'a> {
    lease: &'a Lease,
    tenant: TenantId,
    now: Timestamp,
    intent_seq: i64,
    offer: Option<Offer<'a>>,
    activations: Vec<Activation>,
    renewals: Vec<Activation>,
    parked: Vec<StoredCredential>,
    standbys: Vec<StoredCredential>,
    failed: Vec<FailedProof>,
    checked: Vec<AssetId>,
    results: Vec<(i64, ItemResult)>,
    cut_offs: Vec<CutOffNote>,
    events: Vec<AuditEvent>,
}

impl<'a> Writes<'a> {
    pub(crate) fn new(
        lease: &'a Lease,
        tenant: TenantId,
        intent_seq: i64,
        offer: Option<Offer<'a>>,
        now: Timestamp,
    ) -> Self {
        Self {
            lease,
            tenant,
            now,
            intent_seq,
            offer,
            activations: Vec::new(),
            renewals: Vec::new(),
            parked: Vec::new(),
            standbys: Vec::new(),
            failed: Vec::new(),
            checked: Vec::new(),
            results: Vec::new(),
            cut_offs: Vec::new(),
            events: Vec::new(),
        }
    }

    pub(crate) fn add(
        &mut self,
        item: &Item,
        proof: Proof,
        found: Option<&Found>,
        vault: &Vault,
    ) -> Result<(), Error> {
        let Some(Found {
            asset, standing, ..
        }) = found
        else {
            self.results.push((item.position, unknown()));
            return Ok(());
        };
        if asset.intent_seq > self.intent_seq {
            self.results.push((item.position, superseded()));
            return Ok(());
        }
        let kind = self
            .offer
            .as_ref()
            .map_or(CredentialKind::User, |it| it.credentials.grant.kind);
        let mut decision = decide(kind, &proof, standing);
        if decision.outcome == Outcome::Deferred {
            decision = defer(decision, &proof, standing, item, vault);
        }
        if decision.effect == Effect::Park
            && found.is_some_and(|it| it.candidate_seq > self.intent_seq)
        {
            self.results.push((item.position, superseded()));
            return Ok(());
        }
        let proven = if let Proof::Proven(proven) = proof {
            proven
        } else {
            Proven::default()
        };
        self.write(&decision, asset, proven)?;
        self.record(item.position, decision);
        Ok(())
    }

    fn write(&mut self, decision: &Decision, asset: &Asset, proven: Proven) -> Result<(), Error> {
        match decision.effect {
            Effect::Activate => {
                let person = self
                    .offer
                    .as_ref()
                    .map(|it| &it.credentials.grant.person_id);
                let known = asset
                    .facts
                    .cut_off
                    .filter(|_| asset.person_id.as_ref() == person);
                let cut_off = cut_off_after(known, proven.cut_off, self.now);
                let activation = self.activation(asset, proven, cut_off)?;
                self.activations.push(activation);
            }
            Effect::Renew => {
                let cut_off = cut_off_after(asset.facts.cut_off, proven.cut_off, self.now);
                let renewal = self.activation(asset, proven, cut_off)?;
                self.renewals.push(renewal);
            }
            Effect::Park => {
                let credential = self.seal(asset, Slot::Candidate, proven)?;
                self.parked.push(credential);
            }
            Effect::StandBy => {
                let credential = self.seal(asset, Slot::Standby, proven)?;
                self.standbys.push(credential);
            }
            Effect::Doubt { definitive } => {
                let reason = decision.reason.clone();
                let failed = reason.map(|reason| FailedProof {
                    asset_id: asset.id.clone(),
                    reason,
                    definitive,
                });
                self.failed.extend(failed);
            }
            Effect::Nothing => self.checked.push(asset.id.clone()),
        }
        Ok(())
    }

    fn activation(
        &mut self,
        asset: &Asset,
        proven: Proven,
        cut_off: Option<CutOff>,
    ) -> Result<Activation, Error> {
        let credential = self.seal(asset, Slot::Active, proven)?;
        let person = credential.credential.person_id.clone();
        self.cut_offs
            .extend(note_of(asset, person, cut_off, self.now));
        Ok(Activation {
            credential,
            expected_generation: asset.generation,
            cut_off,
        })
    }

    /// Seals the offered token, or the page token minted from it, for the asset's next generation.
    fn seal(&self, asset: &Asset, slot: Slot, proven: Proven) -> Result<StoredCredential, Error> {
        let offer = self
            .offer
            .as_ref()
            .ok_or_else(|| Error::internal("nothing is offered to seal"))?;
        let grant = &offer.credentials.grant;
        let offered = Offered {
            token: &offer.credentials.token,
            kind: grant.kind,
            grant: Some(grant),
            app_id: &grant.app_id,
            fingerprint: &offer.fingerprint,
            intent_seq: self.intent_seq,
            acquired_by: id_of(self.lease).to_string(),
        };
        offered.seal((offer.key, self.tenant), asset, slot, proven, self.now)
    }

    fn record(&mut self, position: i64, decision: Decision) {
        let told = match decision.effect {
            Effect::Activate => Some("credential.activated").zip(last(&self.activations)),
            Effect::Renew => Some("credential.renewed").zip(last(&self.renewals)),
            Effect::Park => Some("credential.parked").zip(self.parked.last()),
            Effect::StandBy => Some("credential.stands_by").zip(self.standbys.last()),
            Effect::Doubt { .. } | Effect::Nothing => None,
        };
        if let Some((action, stored)) = told {
            let actor = format!("reconnect:{}", id_of(self.lease));
            self.events.push(sealed(actor, action, &stored.credential));
        }
        let Decision {
            outcome,
            serving,
            reason,
            retry_at,
            fbtrace_id,
            ..
        } = decision;
        self.results.push((
            position,
            ItemResult {
                outcome,
                serving: Some(serving),
                reason,
                retry_at,
                fbtrace_id,
            },
        ));
    }

    pub(crate) async fn carry_out(self, tx: &TenantTx) -> Result<(), Error> {
        if self
            .offer
            .as_ref()
            .is_some_and(|it| it.credentials.origin == Origin::Rotation)
        {
            tx.rotate(&self.activations, self.now).await?;
            tx.adopt(&self.renewals, self.now).await?;
        } else {
            tx.activate(&self.activations, self.intent_seq, self.now)
                .await?;
            tx.renew(&self.renewals, self.intent_seq, self.now).await?;
        }
        tx.park(&self.parked, self.now).await?;
        tx.stand_by(&self.standbys, self.now).await?;
        tx.note_failed(&self.failed, self.now).await?;
        tx.note_checked(&self.checked, self.now).await?;
        tx.settle_items(id_of(self.lease), &self.results, self.now)
            .await?;
        tx.note_cut_offs(&self.cut_offs).await?;
        tx.emit(&forecast_changed(&self.cut_offs), self.now).await?;
        tx.audit(&self.events, self.now).await?;
        Ok(())
    }
}

/// The word that an asset's cut-off changed, if it did.
pub(crate) fn note_of(
    asset: &Asset,
    person_id: Option<PersonId>,
    after: Option<CutOff>,
    now: Timestamp,
) -> Option<CutOffNote> {
    let (asset_id, source) = (asset.id.clone(), CutOffSource::Probe);
    let at = after.map(|it| it.at);
    (after != asset.facts.cut_off).then_some(CutOffNote {
        asset_id,
        person_id,
        at,
        source,
        learned_at: now,
    })
}

fn defer(
    decision: Decision,
    proof: &Proof,
    standing: &Standing,
    item: &Item,
    vault: &Vault,
) -> Decision {
    let tried = item.attempts.saturating_add(1);
    match proof {
        Proof::Refused(refusal) if tried >= i64::from(vault.settings.item_attempts) => {
            give_up(refusal, standing)
        }
        _ => Decision {
            retry_at: Some(vault.retry_at(item.attempts, decision.retry_at)),
            ..decision
        },
    }
}

impl Vault {
    /// When a deferred item is tried again: twice as late each time, with jitter, or when the Graph says.
    fn retry_at(&self, attempts: i64, told: Option<Timestamp>) -> Timestamp {
        let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(0);
        let pause = self
            .settings
            .retry_pause
            .saturating_mul(2_u32.saturating_pow(doublings));
        let pause = pause.min(std::time::Duration::from_secs(LONGEST_PAUSE_SECONDS));
        let jitter = pause.mul_f64(
            f64::from(
                uuid::Uuid::now_v7()
                    .into_bytes()
                    .last()
                    .copied()
                    .unwrap_or(0),
            ) / 1024.0,
        );
        // The Graph's word is told on the vault's clock; a job waits on the wall's.
        let told = told.map_or(chrono::Duration::zero(), |told| told - self.clock.now());
        let by_us = chrono::Duration::from_std(pause + jitter).unwrap_or_default();
        Clock::wall() + by_us.max(told)
    }
}

/// What was sealed last of these.
fn last(activations: &[Activation]) -> Option<&StoredCredential> {
    activations.last().map(|it| &it.credential)
}

fn superseded() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::NewerReconnect,
        Who::Nobody,
        "A later reconnect of this asset settled first.",
        "Nothing to do.",
    );
    // The newer reconnect's token is the one that serves.
    let serving = Some(Serving::New);
    ItemResult {
        outcome: Outcome::Superseded,
        serving,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}
