//! What the proofs of one due asset lead to: confirmed, doubted, promoted, failed over, or asked again.
//!
//! The rule: it is decided from what the settling transaction has locked and read. Where anything else
//! than what was probed stands there by now, nothing is written and the asset is due again.

use std::collections::{HashMap, HashSet};

use regrant_crypto::DataKey;
use regrant_domain::{
    Asset, AssetId, Credential, CredentialId, CredentialKind, EventKind, Grant, GrantId, Proven,
    Sealed, Slot, Timestamp,
    retry::probe_pause,
    watch::{Verdict, cut_off_after},
};
use regrant_storage::{
    Activation, AuditEvent, Confirmation, CutOffNote, FailedProof, NewEvent, Promotion,
    StoredCredential, TenantTx,
};
use serde_json::Value;

use crate::{
    Error, Settings, Vault,
    assets::cut_offs::{forecast_changed, note_of},
    audit::sealed,
    credentials::seal::{CredentialDraft, grant_context},
    watch::{
        due::{Due, Round, Watched},
        sibling_cut_offs::Siblings,
    },
};

/// What a chunk writes, gathered so that each statement carries all of its rows.
pub(super) struct Findings<'a> {
    round: &'a Round<'a>,
    key: &'a DataKey,
    pub(super) settings: &'a Settings,
    pub(super) now: Timestamp,
    pub(super) watched: Watched,
    grants: Vec<(Grant, Sealed)>,
    confirmed: Vec<Confirmation>,
    adopted: Vec<Activation>,
    failed: Vec<FailedProof>,
    pub(super) promoted: Vec<Promotion>,
    pub(super) standbys: Vec<StoredCredential>,
    pub(super) dropped: Vec<CredentialId>,
    checked: Vec<AssetId>,
    postponed: Vec<(AssetId, Timestamp)>,
    settled: Vec<AssetId>,
    pub(super) cut_offs: Vec<CutOffNote>,
    refresh: Vec<GrantId>,
    audit: Vec<AuditEvent>,
    events: Vec<NewEvent>,
}

impl<'a> Findings<'a> {
    pub(super) fn new(
        round: &'a Round<'a>,
        key: &'a DataKey,
        settings: &'a Settings,
        now: Timestamp,
    ) -> Self {
        Self {
            round,
            key,
            settings,
            now,
            watched: Watched::default(),
            grants: Vec::new(),
            confirmed: Vec::new(),
            adopted: Vec::new(),
            failed: Vec::new(),
            promoted: Vec::new(),
            standbys: Vec::new(),
            dropped: Vec::new(),
            checked: Vec::new(),
            postponed: Vec::new(),
            settled: Vec::new(),
            cut_offs: Vec::new(),
            refresh: Vec::new(),
            audit: Vec::new(),
            events: Vec::new(),
        }
    }

    /// Decides about one asset; `asset` and `standing` are what the transaction holds.
    pub(super) fn add(
        &mut self,
        mut due: Due,
        asset: &Asset,
        standing: &[StoredCredential],
    ) -> Result<(), Error> {
        let same =
            asset.generation == due.asset.generation && ids(standing) == ids(&due.credentials);
        if !same {
            self.watched.lost += 1;
            self.settled.push(asset.id.clone());
            return Ok(());
        }
        let verdict = due.verdict(self.now);
        self.note_refresh(&due);
        if self.promote(&mut due, asset, verdict.as_ref())? || self.fail_over(&mut due, asset)? {
            self.settled.push(asset.id.clone());
            return Ok(());
        }
        match verdict {
            Some(Verdict::Alive) => self.confirm(&mut due, asset)?,
            Some(Verdict::Doubt { reason, definitive }) => {
                self.watched.doubted += 1;
                self.failed.push(FailedProof {
                    asset_id: asset.id.clone(),
                    reason,
                    definitive,
                });
                self.settled.push(asset.id.clone());
            }
            Some(Verdict::Unknown(told)) => self.postpone(asset, told, due.lease.tries),
            None if due.is_unsaid(self.now) => self.postpone(asset, None, due.lease.tries),
            Some(Verdict::Unclear) | None => {
                self.checked.push(asset.id.clone());
                self.settled.push(asset.id.clone());
            }
        }
        Ok(())
    }

    /// Writes everything, gives the leases back, and plans what comes next.
    pub(super) async fn carry_out(
        mut self,
        tx: &TenantTx,
        vault: &Vault,
        siblings: &Siblings<'_>,
    ) -> Result<Watched, Error> {
        let now = self.now;
        for (grant, sealed) in &self.grants {
            vault.adopt_grant(tx, grant, sealed, now).await?;
        }
        tx.confirm(&self.confirmed, now).await?;
        tx.adopt(&self.adopted, now).await?;
        tx.note_failed(&self.failed, now).await?;
        tx.stand_by(&self.standbys, now).await?;
        tx.delete_credentials(&self.dropped).await?;
        tx.promote(&self.promoted, now).await?;
        tx.note_checked(&self.checked, now).await?;
        let concluded = siblings.conclude(tx, now).await?;
        let settled = self
            .settled
            .iter()
            .chain(concluded.iter().map(|it| &it.asset_id))
            .cloned();
        let settled: HashSet<_> = settled.collect();
        self.cut_offs.extend(concluded);
        tx.note_cut_offs(&self.cut_offs).await?;
        vault
            .follow_up(tx, &settled.into_iter().collect::<Vec<_>>(), now)
            .await?;
        tx.finish_probes(&self.settled).await?;
        let unsaid: Vec<_> = self.postponed.iter().map(|(id, _)| id.clone()).collect();
        vault.tell_changes(tx, &unsaid, now).await?;
        tx.postpone_probes(&self.postponed).await?;
        vault.plan_refreshes(tx, &self.refresh, now).await?;
        tx.emit(&self.events, now).await?;
        tx.emit(&forecast_changed(&self.cut_offs), now).await?;
        tx.audit(&self.audit, now).await?;
        tx.audit(&self.sealed(), now).await?;
        Ok(self.watched)
    }

    /// What the audit tells of each credential that was sealed.
    fn sealed(&self) -> Vec<AuditEvent> {
        let event =
            |action, it: &StoredCredential| sealed("worker".to_owned(), action, &it.credential);
        let promoted = self
            .promoted
            .iter()
            .map(|it| event("credential.activated", &it.activation.credential));
        let adopted = self
            .adopted
            .iter()
            .map(|it| event("credential.renewed", &it.credential));
        let spares = self
            .standbys
            .iter()
            .map(|it| event("credential.stands_by", it));
        promoted.chain(adopted).chain(spares).collect()
    }

    fn confirm(&mut self, due: &mut Due, asset: &Asset) -> Result<(), Error> {
        self.watched.proved += 1;
        self.settled.push(asset.id.clone());
        let Some((active, proven)) = due.take_proven(Slot::Active) else {
            return Ok(());
        };
        let cut_off = cut_off_after(asset.facts.cut_off, proven.cut_off, self.now);
        let person = active.credential.person_id.clone();
        self.cut_offs
            .extend(note_of(asset, person, cut_off, self.now));
        if active.credential.grant_id.is_none() && self.round.grant_of(&active.credential).is_some()
        {
            let expected_generation = asset.generation;
            let credential = self.seal(asset, &active, Slot::Active, proven)?;
            self.adopted.push(Activation {
                credential,
                expected_generation,
                cut_off,
            });
            return Ok(());
        }
        let tasks = proven.tasks.unwrap_or(active.tasks);
        self.confirmed.push(Confirmation {
            asset_id: asset.id.clone(),
            cut_off,
            tasks,
        });
        Ok(())
    }

    /// An imported token that is sealed anew stands on what was learned of it from here on.
    fn keep_adopted(&mut self, credential: &Credential) -> Result<(), Error> {
        let adopted = self.round.adopted.get(&credential.fingerprint);
        let token = self.round.tokens.get(&credential.id);
        let known = |it: &Grant| self.grants.iter().any(|(kept, _)| kept.id == it.id);
        if let Some((grant, token)) = adopted.filter(|it| !known(it)).zip(token) {
            let context = grant_context(self.round.scope.tenant(), grant.id);
            let sealed = self.key.seal(&context, token.expose().as_bytes())?;
            self.grants.push((grant.clone(), sealed));
        }
        Ok(())
    }

    fn postpone(&mut self, asset: &Asset, told: Option<Timestamp>, tries: u32) {
        self.watched.postponed += 1;
        let pause = probe_pause(tries);
        let at = (self.now + pause).max(told.unwrap_or(self.now));
        self.postponed.push((asset.id.clone(), at));
    }

    /// A token that nears its end is to be refreshed, whichever asset noticed.
    fn note_refresh(&mut self, due: &Due) {
        let live = due
            .credentials
            .iter()
            .filter(|it| it.credential.slot == Slot::Active);
        let grants = live.filter_map(|it| self.round.grant_of(&it.credential));
        let nearing = grants
            .filter(|it| self.settings.watch.refresh.is_refresh_due(it, self.now))
            .map(|it| it.id);
        self.refresh.extend(nearing);
    }

    /// A page token ranks as the grant it was minted from.
    pub(super) fn kind_of(&self, credential: &Credential) -> CredentialKind {
        self.round
            .grant_of(credential)
            .map_or(credential.kind, |it| it.facts.kind)
    }

    pub(super) fn seal(
        &mut self,
        asset: &Asset,
        waited: &StoredCredential,
        slot: Slot,
        proven: Proven,
    ) -> Result<StoredCredential, Error> {
        let credential = &waited.credential;
        self.keep_adopted(credential)?;
        let token = self.round.tokens.get(&credential.id);
        let token = token.ok_or_else(|| Error::internal("a proved token is not at hand"))?;
        let draft = CredentialDraft {
            token,
            kind: credential.kind,
            grant: self.round.grant_of(credential),
            app_id: self.round.scope.app_id(),
            fingerprint: &credential.fingerprint,
            intent_seq: credential.intent_seq,
            acquired_by: format!("promoted:{}", credential.id),
        };
        draft.seal_proven(
            (self.key, self.round.scope.tenant()),
            asset,
            slot,
            proven,
            self.now,
        )
    }

    pub(super) fn tell(&mut self, kind: EventKind, asset: &Asset, detail: Value) {
        let subject = asset.id.to_string();
        let (actor, action) = ("worker".to_owned(), kind.as_str());
        self.audit.push(AuditEvent::new(
            actor,
            action,
            subject.clone(),
            detail.clone(),
        ));
        self.events.push(NewEvent {
            kind,
            subject,
            data: detail,
        });
    }
}

fn ids(credentials: &[StoredCredential]) -> HashMap<CredentialId, Slot> {
    credentials
        .iter()
        .map(|it| (it.credential.id, it.credential.slot))
        .collect()
}
