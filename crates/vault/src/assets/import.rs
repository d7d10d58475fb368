//! Tokens that come with registrations.
//!
//! The rule: an imported token takes the active place only where none stands; elsewhere it waits.

use std::collections::{HashMap, HashSet};

use regrant_crypto::DataKey;
use regrant_domain::{AccessToken, Asset, AssetId, CredentialKind, Slot, Timestamp};
use regrant_storage::{Activation, AuditEvent, NewAsset, StoredCredential};

use crate::{
    AssetRegistration, Error, Principal, RegisteredAsset, RegistrationStatus, audit::sealed,
    credentials::seal::CredentialDraft,
};

/// A registration in canonical form; `status` is known where it needs no database.
pub(super) struct Checked {
    pub(super) registration: AssetRegistration,
    pub(super) status: Option<RegistrationStatus>,
}

impl Checked {
    pub(super) fn to_row(&self, created_at: Timestamp) -> NewAsset {
        let it = &self.registration;
        let (name, business_id) = (it.name.clone(), it.business_id.clone());
        NewAsset {
            id: it.id.clone(),
            kind: it.kind,
            name,
            business_id,
            created_at,
        }
    }
}

pub(super) fn check(registrations: Vec<AssetRegistration>) -> Vec<Checked> {
    let mut seen = HashSet::new();
    let check = |registration: AssetRegistration| {
        if !registration.kind.admits(&registration.id) {
            return Checked {
                registration,
                status: Some(RegistrationStatus::Malformed),
            };
        }
        let id = registration.kind.canonical(&registration.id);
        let status = (!seen.insert(id.clone())).then_some(RegistrationStatus::Duplicate);
        Checked {
            registration: AssetRegistration { id, ..registration },
            status,
        }
    };
    registrations.into_iter().map(check).collect()
}

/// What is there before tokens are imported.
pub(super) struct Found {
    pub(super) locked: Vec<Asset>,
    pub(super) held: Vec<StoredCredential>,
    pub(super) candidates: Vec<StoredCredential>,
}

/// One asset, and what stands for it.
pub(super) struct Standing {
    asset: Asset,
    /// The fingerprint of the token that is active.
    held: Option<Vec<u8>>,
    /// Whether a reconnect's token waits.
    awaited: bool,
}

impl Found {
    pub(super) fn by_id(self) -> HashMap<AssetId, Standing> {
        let held = self
            .held
            .into_iter()
            .map(|it| (it.credential.asset_id, it.credential.fingerprint));
        let mut held: HashMap<_, _> = held.collect();
        let waiting = self
            .candidates
            .into_iter()
            .filter(|it| it.credential.intent_seq > 0);
        let waiting: HashSet<_> = waiting.map(|it| it.credential.asset_id).collect();
        let standing = |asset: Asset| {
            let (held, awaited) = (held.remove(&asset.id), waiting.contains(&asset.id));
            (
                asset.id.clone(),
                Standing {
                    asset,
                    held,
                    awaited,
                },
            )
        };
        self.locked.into_iter().map(standing).collect()
    }
}

/// Tokens that come with registrations, gathered for set-based writes.
pub(super) struct Imports<'a> {
    pub(super) key: &'a DataKey,
    pub(super) caller: &'a Principal,
    pub(super) now: Timestamp,
    pub(super) found: HashMap<AssetId, Standing>,
    pub(super) active: Vec<Activation>,
    pub(super) parked: Vec<StoredCredential>,
}

impl Imports<'_> {
    pub(super) fn add(&mut self, it: Checked) -> Result<RegisteredAsset, Error> {
        let AssetRegistration { id, token, .. } = it.registration;
        let status = it.status.unwrap_or(RegistrationStatus::Malformed);
        let registered = matches!(
            status,
            RegistrationStatus::Created | RegistrationStatus::Exists
        );
        let slot = match token.filter(|_| registered) {
            Some((token, kind)) => self.import(&id, &token, kind)?,
            None => None,
        };
        Ok(RegisteredAsset { id, status, slot })
    }

    /// What the audit tells of each token that was taken.
    pub(super) fn events(&self) -> Vec<AuditEvent> {
        let event = |action, stored: &StoredCredential| {
            sealed(self.caller.actor(), action, &stored.credential)
        };
        let active = self
            .active
            .iter()
            .map(|it| event("credential.activated", &it.credential));
        active
            .chain(self.parked.iter().map(|it| event("credential.parked", it)))
            .collect()
    }

    /// A token takes the active place only where none stands; elsewhere it waits as candidate.
    fn import(
        &mut self,
        id: &AssetId,
        token: &AccessToken,
        kind: CredentialKind,
    ) -> Result<Option<Slot>, Error> {
        let Some(Standing {
            asset,
            held,
            awaited,
        }) = self.found.get(id)
        else {
            return Ok(None);
        };
        let fingerprint = self
            .key
            .fingerprint(token.expose().as_bytes())
            .as_bytes()
            .to_vec();
        if held.as_ref().is_some_and(|held| *held == fingerprint) {
            return Ok(Some(Slot::Active));
        }
        if held.is_some() && *awaited {
            return Ok(None); // a reconnect's candidate is not displaced by a token nobody has proved
        }
        let slot = if held.is_some() {
            Slot::Candidate
        } else {
            Slot::Active
        };
        let expected_generation = asset.generation;
        let draft = CredentialDraft {
            token,
            kind,
            grant: None,
            app_id: self.caller.scope.app_id(),
            fingerprint: &fingerprint,
            intent_seq: 0,
            acquired_by: "import".to_owned(),
        };
        let tenant = self.caller.tenant();
        let credential = draft.seal_unproven((self.key, tenant), asset, slot, self.now)?;
        match slot {
            Slot::Active => self.active.push(Activation {
                credential,
                expected_generation,
                cut_off: None,
            }),
            _ => self.parked.push(credential),
        }
        Ok(Some(slot))
    }
}
