//! A waiting credential that serves from here on: a parked one that reaches its asset, a spare for a dead one.
//!
//! The rule: a parked credential is promoted by the table that settles reconnects, so that a promotion never
//! does what a reconnect would not.

use regrant_domain::{
    Asset, CredentialKind, EventKind, Proof, Proven, Slot,
    settle::{Effect, Standing, decide},
    watch::{Verdict, cut_off_after},
};
use regrant_storage::{Activation, Promotion, StoredCredential};
use serde_json::json;

use crate::{
    Error,
    assets::cut_offs::note_of,
    watch::{due::Due, findings::Findings},
};

impl Findings<'_> {
    /// A parked credential that reaches its asset takes over by the table that settles reconnects.
    pub(super) fn promote(
        &mut self,
        due: &mut Due,
        asset: &Asset,
        verdict: Option<&Verdict>,
    ) -> Result<bool, Error> {
        self.drop_dead(due, Slot::Candidate);
        let Some((parked, proven)) = due.take_proven(Slot::Candidate) else {
            return Ok(false);
        };
        let standing = self.standing(due, asset, verdict);
        let kind = self.kind_of(&parked.credential);
        let proof = Proof::Proven(proven);
        let effect = decide(kind, &proof, &standing).effect;
        let Proof::Proven(proven) = proof else {
            return Ok(false);
        };
        match effect {
            Effect::Activate => {
                self.take_over(due, asset, &parked, proven, EventKind::CredentialPromoted)?;
                self.watched.promoted += 1;
                Ok(true)
            }
            Effect::StandBy => {
                let spare = self.seal(asset, &parked, Slot::Standby, proven)?;
                self.standbys.push(spare);
                self.dropped.push(parked.credential.id);
                Ok(false)
            }
            _ => Ok(false),
        }
    }

    /// The best ranked spare that was proved takes over from one that does not serve any more; last of all
    /// what served before, which nobody took back.
    pub(super) fn fail_over(&mut self, due: &mut Due, asset: &Asset) -> Result<bool, Error> {
        self.drop_dead(due, Slot::Standby);
        let rank =
            |it: &StoredCredential| self.kind_of(&it.credential) != CredentialKind::SystemUser;
        due.credentials.sort_by_cached_key(rank);
        let spare = due
            .take_proven(Slot::Standby)
            .or_else(|| due.take_proven(Slot::Previous));
        let Some((spare, proven)) = spare else {
            return Ok(false);
        };
        self.take_over(due, asset, &spare, proven, EventKind::CredentialFailedOver)?;
        self.watched.failed_over += 1;
        Ok(true)
    }

    fn take_over(
        &mut self,
        due: &Due,
        asset: &Asset,
        waited: &StoredCredential,
        proven: Proven,
        kind: EventKind,
    ) -> Result<(), Error> {
        let same_person = waited.credential.person_id == asset.person_id;
        let known = asset.facts.cut_off.filter(|_| same_person);
        let cut_off = cut_off_after(known, proven.cut_off, self.now);
        let credential = self.seal(asset, waited, Slot::Active, proven)?;
        let person = credential.credential.person_id.clone();
        let detail = json!({
            "asset_id": asset.id,
            "person_id": person,
            "kind": credential.credential.kind,
            "generation": credential.credential.generation,
            "waited_since": waited.credential.created_at,
            "before": due.in_slot(Slot::Active).map(|it| json!({
                "person_id": it.credential.person_id, "kind": it.credential.kind,
            })),
        });
        self.cut_offs
            .extend(note_of(asset, person, cut_off, self.now));
        let activation = Activation {
            credential,
            expected_generation: asset.generation,
            cut_off,
        };
        self.promoted.push(Promotion {
            activation,
            waited: waited.credential.id,
        });
        self.tell(kind, asset, detail);
        Ok(())
    }

    fn standing(&self, due: &Due, asset: &Asset, verdict: Option<&Verdict>) -> Standing {
        let active = due.in_slot(Slot::Active);
        let refused = matches!(verdict, Some(Verdict::Doubt { .. }));
        Standing {
            proved: active
                .filter(|it| it.credential.proved_at.is_some())
                .map(|it| self.kind_of(&it.credential)),
            serves: !refused && asset.state(self.now, self.settings.assets.notice).serves(),
            same_token: false,
            tasks: active.map(|it| it.tasks.clone()).unwrap_or_default(),
            cut_off_passed: asset.facts.cut_off.is_some_and(|it| it.at <= self.now),
        }
    }

    /// A waiting credential whose token is dead will never serve.
    fn drop_dead(&mut self, due: &mut Due, slot: Slot) {
        let waiting = due
            .credentials
            .iter()
            .filter(|it| it.credential.slot == slot && due.is_dead(it));
        let dead: Vec<_> = waiting
            .map(|it| (it.credential.id, it.credential.person_id.clone()))
            .collect();
        for (id, person) in dead {
            due.credentials.retain(|it| it.credential.id != id);
            self.dropped.push(id);
            let detail = json!({ "asset_id": due.asset.id, "person_id": person, "slot": slot, "reason": "token_dead" });
            let asset = due.asset.clone();
            self.tell(EventKind::CredentialDropped, &asset, detail);
        }
    }
}
