//! Seals the tokens that come with registrations.
//!
//! The rule: an imported token becomes the active one only where the asset has none; elsewhere it waits as a candidate.
//! Start at [`TokenImports::import_registered_token`].

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regrant_crypto::DataKey;
use regrant_domain::{AccessToken, Asset, AssetId, CredentialKind, Slot, Timestamp, state::Status};
use regrant_storage::{Activation, AuditEvent, NewAsset, StoredCredential, TenantTx};

use crate::{
    Error, Principal,
    assets::registration::{AssetRegistration, RegisteredAsset, RegistrationStatus},
    audit::credential_sealed_event,
    credentials::{seal::CredentialDraft, token_prints::TokenPrints},
};

/// A registration with its canonical id; `status` is set where it needs no database.
pub(super) struct CheckedRegistration {
    pub(super) registration: AssetRegistration,
    pub(super) status: Option<RegistrationStatus>,
}

impl CheckedRegistration {
    pub(super) fn to_row(&self, created_at: Timestamp) -> NewAsset {
        let it = &self.registration;
        let first_credential = it.token.as_ref().map(|(_, kind)| *kind);
        NewAsset {
            id: it.id.clone(),
            kind: it.kind,
            name: it.name.clone(),
            business_id: it.business_id.clone(),
            first_credential,
            // Neither a new asset without a token nor one whose token was never probed causes an event.
            notified: Some(first_credential.map_or(Status::Disconnected, |_| Status::Unproven)),
            created_at,
        }
    }
}

/// Makes the ids canonical; finds malformed ids and duplicates.
pub(super) fn check_registrations(
    registrations: Vec<AssetRegistration>,
) -> Vec<CheckedRegistration> {
    let mut seen = HashSet::new();
    let check = |registration: AssetRegistration| {
        if !registration.kind.admits_id(&registration.id) {
            return CheckedRegistration {
                registration,
                status: Some(RegistrationStatus::Malformed),
            };
        }
        let id = registration.kind.canonical_id(&registration.id);
        let status = (!seen.insert(id.clone())).then_some(RegistrationStatus::Duplicate);
        CheckedRegistration {
            registration: AssetRegistration { id, ..registration },
            status,
        }
    };
    registrations.into_iter().map(check).collect()
}

/// The assets of a registration and their credentials, before tokens are imported.
pub(super) struct StoredTokens {
    locked: Vec<Asset>,
    /// Created by this transaction; they have no credentials.
    new: Vec<Asset>,
    active: Vec<StoredCredential>,
    candidates: Vec<StoredCredential>,
}

/// One asset that a token may be imported for.
struct ImportTarget {
    asset: Asset,
    /// Whether this transaction created the asset, with the generation of its first credential.
    is_new: bool,
    /// The fingerprint of the active token.
    active: Option<Vec<u8>>,
    /// Whether the candidate slot holds a reconnect's token.
    has_reconnect_candidate: bool,
}

impl StoredTokens {
    /// Reads the tokens of assets that this transaction has locked; new ones have none.
    pub(super) async fn read(
        tx: &TenantTx,
        existing: Vec<Asset>,
        new: &[NewAsset],
    ) -> Result<Self, Error> {
        let ids: Vec<_> = existing.iter().map(|it| it.id.clone()).collect();
        let mut locked = existing;
        // No token is sealed for an asset whose generation may be a placeholder.
        locked.retain(|it| !it.facts.is_unreadable);
        Ok(Self {
            locked,
            new: new.iter().map(NewAsset::to_asset).collect(),
            active: tx.find_active_credentials(&ids).await?,
            candidates: tx.find_candidate_credentials(&ids).await?,
        })
    }

    fn into_targets(self) -> HashMap<AssetId, ImportTarget> {
        let active = self
            .active
            .into_iter()
            .map(|it| (it.credential.asset_id, it.credential.fingerprint));
        let mut active: HashMap<_, _> = active.collect();
        let of_reconnects: HashSet<_> = self
            .candidates
            .into_iter()
            .filter(|it| it.credential.intent_seq > 0)
            .map(|it| it.credential.asset_id)
            .collect();
        let mut target = |asset: Asset, is_new| {
            let target = ImportTarget {
                is_new,
                active: active.remove(&asset.id),
                has_reconnect_candidate: of_reconnects.contains(&asset.id),
                asset,
            };
            (target.asset.id.clone(), target)
        };
        let new = self.new.into_iter().map(|it| (it, true));
        let locked = self.locked.into_iter().map(|it| (it, false));
        let all = new.chain(locked);
        all.map(|(it, is_new)| target(it, is_new)).collect()
    }
}

/// Imported tokens, gathered for set-based writes.
pub(super) struct TokenImports<'a> {
    key: &'a DataKey,
    /// All keys of the tenant.
    keys: &'a [Arc<DataKey>],
    caller: &'a Principal,
    now: Timestamp,
    targets: HashMap<AssetId, ImportTarget>,
    /// The first credentials of new assets.
    pub(super) first: Vec<StoredCredential>,
    pub(super) active: Vec<Activation>,
    pub(super) parked: Vec<StoredCredential>,
}

impl<'a> TokenImports<'a> {
    pub(super) fn new(
        (key, keys): (&'a DataKey, &'a [Arc<DataKey>]),
        caller: &'a Principal,
        stored: StoredTokens,
        now: Timestamp,
    ) -> Self {
        Self {
            key,
            keys,
            caller,
            now,
            targets: stored.into_targets(),
            first: Vec::new(),
            active: Vec::new(),
            parked: Vec::new(),
        }
    }

    /// Seals the token of a registration, and returns the result of the registration.
    pub(super) fn import_registered_token(
        &mut self,
        it: CheckedRegistration,
    ) -> Result<RegisteredAsset, Error> {
        let AssetRegistration { id, token, .. } = it.registration;
        let status = it.status.unwrap_or(RegistrationStatus::Malformed);
        let is_registered = matches!(
            status,
            RegistrationStatus::Created | RegistrationStatus::Exists
        );
        let slot = match token.filter(|_| is_registered) {
            Some((token, kind)) => self.import_token(&id, &token, kind)?,
            None => None,
        };
        Ok(RegisteredAsset { id, status, slot })
    }

    /// How many tokens were sealed.
    pub(super) const fn count_sealed(&self) -> usize {
        self.first.len() + self.active.len() + self.parked.len()
    }

    /// The assets whose token waits for a probe.
    pub(super) fn parked_assets(&self) -> Vec<AssetId> {
        let parked = self.parked.iter();
        parked.map(|it| it.credential.asset_id.clone()).collect()
    }

    /// Stores what was sealed.
    pub(super) async fn store(&self, tx: &TenantTx) -> Result<(), Error> {
        tx.insert_first_credentials(&self.first).await?;
        tx.activate_credentials(&self.active, 0, self.now).await?;
        tx.park_credentials(&self.parked).await?;
        if self.count_sealed() > 0 {
            // Until Graph said whose the tokens are, every notice about a person may concern them.
            let app = self.caller.scope.app_id();
            tx.add_unattributed_entry(app).await?;
        }
        Ok(())
    }

    /// The audit event of each token that was sealed.
    pub(super) fn audit_events(&self) -> Vec<AuditEvent> {
        let event = |action, stored: &StoredCredential| {
            credential_sealed_event(self.caller.audit_name(), action, &stored.credential)
        };
        let replaced = self.active.iter().map(|it| &it.credential);
        let active = self.first.iter().chain(replaced);
        active
            .map(|it| event("credential.activated", it))
            .chain(self.parked.iter().map(|it| event("credential.parked", it)))
            .collect()
    }

    /// Seals the token for the active slot if that is empty, else for the candidate slot.
    fn import_token(
        &mut self,
        id: &AssetId,
        token: &AccessToken,
        kind: CredentialKind,
    ) -> Result<Option<Slot>, Error> {
        let Some(target) = self.targets.get(id) else {
            return Ok(None);
        };
        let fingerprint = self
            .key
            .compute_fingerprint(token.expose().as_bytes())
            .as_bytes()
            .to_vec();
        let slot = match &target.active {
            None if target.asset.intent_seq == 0 => Slot::Active,
            Some(active) if self.holds_token(active, token) => return Ok(Some(Slot::Active)),
            // An imported token was never probed, so it does not replace a reconnect's candidate.
            _ if target.has_reconnect_candidate => return Ok(None),
            // Nor does it serve an asset that reconnects have served, before a probe has shown that it works.
            _ => Slot::Candidate,
        };
        let draft = CredentialDraft {
            token,
            kind,
            grant: None,
            app_id: self.caller.scope.app_id(),
            fingerprint: &fingerprint,
            intent_seq: 0,
            acquired_by: "import".to_owned(),
        };
        let key = (self.key, self.caller.tenant());
        let (is_new, generation) = (target.is_new, target.asset.generation);
        let credential = draft.seal_unproven(key, &target.asset, slot, self.now)?;
        if is_new {
            self.first.push(credential);
        } else {
            self.gather_credential(credential, slot, generation);
        }
        Ok(Some(slot))
    }

    /// Whether a stored fingerprint is the token's.
    fn holds_token(&self, stored: &[u8], token: &AccessToken) -> bool {
        TokenPrints::compute(self.keys, token).matches(stored)
    }

    fn gather_credential(&mut self, credential: StoredCredential, slot: Slot, generation: i64) {
        match slot {
            Slot::Active => self.active.push(Activation {
                credential,
                expected_generation: generation,
                cut_off: None,
                dates_read_at: None,
                condition: None,
            }),
            _ => self.parked.push(credential),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use regrant_domain::AssetKind;

    use super::*;

    #[test]
    fn a_new_asset_is_stored_with_the_status_that_its_facts_give() {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).expect("a time");
        for token in [None, Some(CredentialKind::Page), Some(CredentialKind::User)] {
            let registration = AssetRegistration {
                id: "1".parse().expect("an id"),
                kind: AssetKind::Page,
                name: None,
                business_id: None,
                token: token.map(|kind| {
                    (
                        AccessToken::parse("EAAtoken".to_owned()).expect("a token"),
                        kind,
                    )
                }),
            };
            let checked = CheckedRegistration {
                registration,
                status: None,
            };
            let row = checked.to_row(now);
            let asset = row.to_asset_with_credential();
            let asset = asset.unwrap_or_else(|| row.to_asset());
            let status = asset.state_at(now, TimeDelta::days(14)).status;
            assert_eq!(row.notified, Some(status), "{token:?}");
        }
    }
}
