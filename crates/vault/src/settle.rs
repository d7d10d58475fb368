//! Settles probed items asset by asset (design D3, step 4).
//!
//! The rule: one short transaction for a chunk; the lease is checked first, the assets are locked,
//! what stands there is read and decided upon in that same transaction, and the writes compare the
//! generation they were decided for. A newer intent wins.
//! What a proof does is decided by [`regrant_domain::settle`]; this file carries it out.

use std::collections::HashMap;

use regrant_crypto::DataKey;
use regrant_domain::{
    Asset, AssetId, AssetKind, Clock, Credential, CredentialId, CredentialKind, Grant, GrantId, Outcome,
    Proof, Proven, Reason, ReasonCode, Refusal, RefusalKind, Sealed, Serving, Slot, TenantId, Timestamp, Who,
    settle::{Decision, Effect, Standing, decide, give_up},
};
use regrant_storage::{
    Activation, AuditEvent, Confirmation, Item, ItemResult, Lease, StoredCredential, TenantScope, TenantTx,
};
use serde_json::json;

use crate::{
    Error, Vault,
    payload::{SealedFacts, seal_credential},
    prove::Credentials,
    reconnect::unknown,
    run::id_of,
};

const LONGEST_PAUSE_SECONDS: u64 = 600;

impl Vault {
    /// Settles items that were probed with a proved token.
    pub(crate) async fn settle(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        credentials: &Credentials,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        let key = self.keys.active(scope).await?;
        let fingerprint = key
            .fingerprint(credentials.token.expose().as_bytes())
            .as_bytes()
            .to_vec();
        let offer = Offer {
            credentials,
            fingerprint,
            key: &key,
        };
        self.settle_offer(scope, lease, credentials.intent_seq, Some(offer), probed)
            .await
    }

    /// Settles items that the same refusal holds for, before any token was proved.
    pub(crate) async fn settle_refused(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        intent_seq: i64,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        self.settle_offer(scope, lease, intent_seq, None, probed).await
    }

    /// Settles what needs no probe; gives back the items that do, with their assets' kinds.
    pub(crate) async fn settle_unasked(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        credentials: &Credentials,
        open: Vec<Item>,
    ) -> Result<Vec<(Item, AssetKind)>, Error> {
        let ids: Vec<_> = open.iter().map(|item| item.asset_id.clone()).collect();
        let tx = self.store.begin_read(scope).await?;
        let assets = by_id(tx.assets(&ids).await?);
        tx.commit().await?;
        let (mut unasked, mut asked) = (Vec::new(), Vec::new());
        for item in open {
            match assets.get(&item.asset_id) {
                None => unasked.push((item, refused(RefusalKind::Unavailable))),
                Some(asset) if asset.intent_seq > credentials.intent_seq => {
                    unasked.push((item, refused(RefusalKind::Unavailable)));
                }
                Some(asset) => match missing_scope(asset.kind, &credentials.grant) {
                    Some(refusal) => unasked.push((item, refusal)),
                    None => asked.push((item, asset.kind)),
                },
            }
        }
        for chunk in chunks_of(unasked) {
            let probed = chunk
                .iter()
                .map(|(item, refusal)| (item, Proof::Refused(refusal.clone())))
                .collect();
            self.settle(scope, lease, credentials, probed).await?;
        }
        Ok(asked)
    }

    async fn settle_offer(
        &self,
        scope: &TenantScope,
        lease: &Lease,
        intent_seq: i64,
        offer: Option<Offer<'_>>,
        probed: Vec<(&Item, Proof)>,
    ) -> Result<(), Error> {
        let ids: Vec<_> = probed.iter().map(|(item, _)| item.asset_id.clone()).collect();
        let now = self.clock.now();
        let tx = self.store.begin(scope).await?;
        tx.hold(lease).await?;
        let standings = self.standings(&tx, &ids, offer.as_ref(), now).await?;
        let mut writes = Writes {
            tenant: scope.tenant(),
            now,
            intent_seq,
            offer,
            ..Writes::new(lease)
        };
        for (item, proof) in probed {
            writes.add(item, proof, standings.get(&item.asset_id), self)?;
        }
        writes.carry_out(&tx).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Locks the assets and reads what stands at each.
    async fn standings(
        &self,
        tx: &TenantTx,
        ids: &[AssetId],
        offer: Option<&Offer<'_>>,
        now: Timestamp,
    ) -> Result<HashMap<AssetId, (Asset, Standing)>, Error> {
        let assets = tx.lock_assets(ids).await?;
        let active = tx.active_credentials(ids).await?;
        let grant_ids: Vec<_> = active.iter().filter_map(|it| it.credential.grant_id).collect();
        let grants: HashMap<GrantId, Grant> = tx
            .grants(&grant_ids)
            .await?
            .into_iter()
            .map(|it| (it.id, it))
            .collect();
        let mut active: HashMap<_, _> = active
            .into_iter()
            .map(|it| (it.credential.asset_id.clone(), it))
            .collect();
        let standing = |asset: Asset| {
            let standing = match active.remove(&asset.id) {
                Some(held) => standing_of(&asset, held, &grants, offer, now, self.settings.notice),
                None => Standing {
                    cut_off_passed: cut_off_passed(&asset, now),
                    ..Standing::default()
                },
            };
            (asset.id.clone(), (asset, standing))
        };
        Ok(assets.into_iter().map(standing).collect())
    }

    /// When a deferred item is tried again: twice as late each time, with jitter, or when the Graph says.
    fn retry_at(&self, attempts: i64, told: Option<Timestamp>) -> Timestamp {
        let doublings = u32::try_from(attempts.clamp(0, 16)).unwrap_or(0);
        let pause = self
            .settings
            .retry_pause
            .saturating_mul(2_u32.saturating_pow(doublings));
        let pause = pause.min(std::time::Duration::from_secs(LONGEST_PAUSE_SECONDS));
        let jitter = pause.mul_f64(f64::from(uuid::Uuid::now_v7().as_fields().1 & 0xff) / 1024.0);
        // The Graph's word is told on the vault's clock; a job waits on the wall's.
        let told = told.map_or(chrono::Duration::zero(), |told| told - self.clock.now());
        let by_us = chrono::Duration::from_std(pause + jitter).unwrap_or_default();
        Clock::wall() + by_us.max(told)
    }
}

/// The proved token that is offered to every item of a chunk.
struct Offer<'a> {
    credentials: &'a Credentials,
    fingerprint: Vec<u8>,
    key: &'a DataKey,
}

/// What a chunk writes, gathered so that each statement carries all of its rows.
struct Writes<'a> {
    lease: &'a Lease,
    tenant: TenantId,
    now: Timestamp,
    intent_seq: i64,
    offer: Option<Offer<'a>>,
    activations: Vec<Activation>,
    confirmations: Vec<Confirmation>,
    parked: Vec<StoredCredential>,
    standbys: Vec<StoredCredential>,
    checked: Vec<AssetId>,
    results: Vec<(i64, ItemResult)>,
    events: Vec<AuditEvent>,
}

impl<'a> Writes<'a> {
    fn new(lease: &'a Lease) -> Self {
        Self {
            lease,
            tenant: TenantId::SYSTEM,
            now: Timestamp::UNIX_EPOCH,
            intent_seq: 0,
            offer: None,
            activations: Vec::new(),
            confirmations: Vec::new(),
            parked: Vec::new(),
            standbys: Vec::new(),
            checked: Vec::new(),
            results: Vec::new(),
            events: Vec::new(),
        }
    }

    fn add(
        &mut self,
        item: &Item,
        proof: Proof,
        found: Option<&(Asset, Standing)>,
        vault: &Vault,
    ) -> Result<(), Error> {
        let Some((asset, standing)) = found else {
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
        if let Proof::Proven(proven) = proof {
            self.write(decision.effect, asset, Some(proven))?;
        } else {
            self.write(decision.effect, asset, None)?;
        }
        self.record(item.position, asset, decision);
        Ok(())
    }

    fn write(&mut self, effect: Effect, asset: &Asset, proven: Option<Proven>) -> Result<(), Error> {
        let proven = proven.unwrap_or_default();
        match effect {
            Effect::Activate => {
                let cut_off = proven.cut_off;
                let credential = self.seal(asset, Slot::Active, proven)?;
                let expected_generation = asset.generation;
                self.activations.push(Activation {
                    credential,
                    expected_generation,
                    cut_off,
                });
            }
            Effect::Confirm => self.confirmations.push(Confirmation {
                asset_id: asset.id.clone(),
                // A reading without a cut-off is no proof that there is none.
                cut_off: proven.cut_off.or(asset.facts.cut_off),
                tasks: proven.tasks.unwrap_or_default(),
            }),
            Effect::Park => {
                let credential = self.seal(asset, Slot::Candidate, proven)?;
                self.parked.push(credential);
            }
            Effect::StandBy => {
                let credential = self.seal(asset, Slot::Standby, proven)?;
                self.standbys.push(credential);
            }
            Effect::Nothing => self.checked.push(asset.id.clone()),
        }
        Ok(())
    }

    /// Seals the offered token, or the page token minted from it, for the asset's next generation.
    fn seal(&self, asset: &Asset, slot: Slot, proven: Proven) -> Result<StoredCredential, Error> {
        let offer = self
            .offer
            .as_ref()
            .ok_or_else(|| Error::internal("nothing is offered to seal"))?;
        let grant = &offer.credentials.grant;
        let minted = proven.page_token.as_ref();
        let kind = if minted.is_some() {
            CredentialKind::Page
        } else {
            grant.kind
        };
        let credential = Credential {
            id: CredentialId::mint(),
            asset_id: asset.id.clone(),
            asset_kind: asset.kind,
            kind,
            generation: asset.generation.saturating_add(1),
            slot,
            grant_id: Some(grant.id),
            person_id: Some(grant.person_id.clone()),
            intent_seq: self.intent_seq,
            sealed: Sealed::from_bytes(Vec::new()),
            fingerprint: offer.fingerprint.clone(),
            // A page token has no end of its own; it dies with its grant's access.
            expires_at: if minted.is_some() { None } else { grant.expires_at },
            data_access_expires_at: grant.data_access_expires_at,
            proved_at: (slot != Slot::Candidate).then_some(self.now),
            created_at: self.now,
        };
        let facts = facts_of(grant, &credential, id_of(self.lease).to_string());
        let token = minted.unwrap_or(&offer.credentials.token);
        let sealed = seal_credential(offer.key, self.tenant, &credential, token, &facts)?;
        Ok(StoredCredential {
            credential: Credential { sealed, ..credential },
            tasks: proven.tasks.unwrap_or_default(),
        })
    }

    fn record(&mut self, position: i64, asset: &Asset, decision: Decision) {
        let action = match decision.effect {
            Effect::Activate => Some("credential.activated"),
            Effect::Park => Some("credential.parked"),
            Effect::StandBy => Some("credential.stands_by"),
            Effect::Confirm | Effect::Nothing => None,
        };
        if let Some(action) = action {
            let detail = json!({ "asset": asset.id, "generation": asset.generation.saturating_add(1) });
            let actor = format!("reconnect:{}", id_of(self.lease));
            self.events.push(AuditEvent {
                actor,
                action,
                subject: asset.id.to_string(),
                detail,
            });
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

    async fn carry_out(self, tx: &TenantTx) -> Result<(), Error> {
        tx.activate(&self.activations, self.intent_seq, self.now).await?;
        tx.confirm(&self.confirmations, self.intent_seq, self.now).await?;
        tx.park(&self.parked, self.now).await?;
        tx.stand_by(&self.standbys, self.now).await?;
        tx.note_checked(&self.checked, self.now).await?;
        tx.settle_items(id_of(self.lease), &self.results, self.now)
            .await?;
        tx.audit(&self.events, self.now).await?;
        Ok(())
    }
}

fn defer(decision: Decision, proof: &Proof, standing: &Standing, item: &Item, vault: &Vault) -> Decision {
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

fn standing_of(
    asset: &Asset,
    held: StoredCredential,
    grants: &HashMap<GrantId, Grant>,
    offer: Option<&Offer<'_>>,
    now: Timestamp,
    notice: chrono::Duration,
) -> Standing {
    let grant = held.credential.grant_id.and_then(|id| grants.get(&id));
    Standing {
        // A page token ranks as the grant it was minted from.
        active: Some(grant.map_or(held.credential.kind, |grant| grant.kind)),
        serves: asset.state(now, notice).serves(),
        same_token: offer.is_some_and(|it| it.fingerprint == held.credential.fingerprint),
        tasks: held.tasks,
        cut_off_passed: cut_off_passed(asset, now),
    }
}

fn cut_off_passed(asset: &Asset, now: Timestamp) -> bool {
    asset.facts.cut_off.is_some_and(|at| at <= now)
}

pub(crate) fn facts_of(grant: &Grant, credential: &Credential, acquired_by: String) -> SealedFacts {
    SealedFacts {
        app_id: grant.app_id.clone(),
        person_id: credential.person_id.clone(),
        grant_id: credential.grant_id,
        issued_at: grant.issued_at,
        expires_at: credential.expires_at,
        data_access_expires_at: credential.data_access_expires_at,
        acquired_by,
    }
}

/// Kinds whose node may be readable without a role need the permission that guards them.
fn missing_scope(kind: AssetKind, grant: &Grant) -> Option<Refusal> {
    let any_of: &[&str] = match kind {
        AssetKind::Page | AssetKind::AdAccount => return None, // proved by their tasks
        AssetKind::Business => &["business_management"],
        AssetKind::ProductCatalog => &["catalog_management"],
        AssetKind::Pixel => &["ads_management", "ads_read"],
        AssetKind::InstagramAccount => &["instagram_basic", "instagram_business_basic"],
        AssetKind::WhatsappBusinessAccount => &["whatsapp_business_management"],
    };
    let granted = grant.scopes.iter().any(|it| any_of.contains(&it.scope.as_str()));
    (!granted).then(|| Refusal {
        kind: RefusalKind::MissingScope(any_of.iter().take(1).map(|it| (*it).to_owned()).collect()),
        message: format!("It was granted none of: {}.", any_of.join(", ")),
        fbtrace_id: None,
    })
}

fn superseded() -> ItemResult {
    let reason = Reason::new(
        ReasonCode::NewerReconnect,
        Who::Nobody,
        "A later reconnect of this asset settled first.",
        "Nothing to do.",
    );
    let serving = Some(Serving::Old);
    ItemResult {
        outcome: Outcome::Superseded,
        serving,
        reason: Some(reason),
        retry_at: None,
        fbtrace_id: None,
    }
}

fn refused(kind: RefusalKind) -> Refusal {
    Refusal {
        kind,
        message: "Not asked.".to_owned(),
        fbtrace_id: None,
    }
}

fn by_id(assets: Vec<Asset>) -> HashMap<AssetId, Asset> {
    assets
        .into_iter()
        .map(|asset| (asset.id.clone(), asset))
        .collect()
}

fn chunks_of<T>(mut all: Vec<T>) -> Vec<Vec<T>> {
    let mut chunks = Vec::new();
    while !all.is_empty() {
        let rest = all.split_off(all.len().min(500));
        chunks.push(std::mem::replace(&mut all, rest));
    }
    chunks
}
