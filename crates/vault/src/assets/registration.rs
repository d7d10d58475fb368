//! Registers assets, with the tokens that come with them.
//!
//! The rule: one transaction for the whole list. An asset outside of the caller's reach refuses all of it.
//! Continue at `import.rs` for the tokens.

use std::collections::HashMap;

use regrant_domain::{AccessToken, Asset, AssetId, AssetKind, CredentialKind, Slot, Timestamp};
use regrant_storage::{AuditEvent, NewAsset, Registration, TenantTx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error, Principal, RepeatableRequest, Vault,
    assets::import::{CheckedRegistration, StoredTokens, TokenImports, check_registrations},
    call::idempotency::IdempotentCall,
};

/// An asset to register, with its token if it has one.
pub struct AssetRegistration {
    /// The Graph id, in any spelling.
    pub id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// The business that owns the asset.
    pub business_id: Option<AssetId>,
    /// A token that serves the asset, with the kind of the token.
    pub token: Option<(AccessToken, CredentialKind)>,
}

/// The outcome of one registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationStatus {
    /// The asset is new.
    Created,
    /// The asset existed; its name and business were updated.
    Exists,
    /// The asset exists as another kind; nothing was changed.
    KindMismatch(AssetKind),
    /// The request names the asset twice; this occurrence changed nothing.
    Duplicate,
    /// The id does not have the form of its kind.
    Malformed,
}

/// The result of one registration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredAsset {
    /// The canonical id.
    pub id: AssetId,
    /// The outcome.
    pub status: RegistrationStatus,
    /// The slot that the token was put into; `None` where no token was given or stored.
    pub slot: Option<Slot>,
}

/// The assets of a list that are stored now.
struct Inserted {
    /// Those that were registered before, as they were then; locked.
    existing: Vec<Asset>,
    new: Vec<NewAsset>,
}

impl Vault {
    /// Registers assets and seals the tokens that come with them; the results have the order of the request.
    ///
    /// # Errors
    /// `TooMany`; `Invalid` for an empty list; `Restricted`: an asset is or would be outside of the caller's reach;
    /// `Conflict(AssetLimit)`: nothing was registered.
    pub async fn register_assets(
        &self,
        caller: &Principal,
        registrations: Vec<AssetRegistration>,
        repeatable: Option<RepeatableRequest>,
    ) -> Result<Vec<RegisteredAsset>, Error> {
        self.check_registration_count(registrations.len())?;
        let (vault, caller) = (self.clone(), caller.clone());
        let registering = async move {
            let _permit = vault.wait_for_list_permit(caller.tenant()).await?;
            let register = async |call: Option<&IdempotentCall>| {
                vault
                    .register_in_one_transaction(&caller, registrations, call)
                    .await
            };
            let (scope, id) = (&caller.scope, caller.caller_id());
            let registered = vault.run_idempotent(scope, id, repeatable, register);
            Ok(registered.await?.value)
        };
        self.run_apart(registering).await
    }

    async fn register_in_one_transaction(
        &self,
        caller: &Principal,
        registrations: Vec<AssetRegistration>,
        call: Option<&IdempotentCall>,
    ) -> Result<Vec<RegisteredAsset>, Error> {
        let key = self.data_keys.active(&caller.scope).await?;
        let keys = self.data_keys.open_keys(&caller.scope).await?;
        let now = self.clock.now();
        let mut checked = check_registrations(registrations);
        let watched = list_assets_with_notices(&checked);
        let tx = self.store.begin(&caller.scope).await?;
        tx.lock_tenant_row().await?;
        if let Some(call) = call {
            call.check_unused(&tx).await?;
        }
        let Inserted { existing, new } = self.insert_assets(&tx, caller, &mut checked, now).await?;
        let changed: Vec<_> = existing.iter().map(|it| it.id.clone()).collect();
        let stored = StoredTokens::read(&tx, existing, &new).await?;
        let mut imports = TokenImports::new((&key, &keys), caller, stored, now);
        let results = checked
            .into_iter()
            .map(|it| imports.import_registered_token(it))
            .collect::<Result<Vec<_>, _>>()?;
        imports.store(&tx).await?;
        self.add_assets_to_directory(&tx, caller, &watched).await?;
        self.follow_up(&tx, &changed, now).await?;
        // As the first token of a new asset, one that waits was never probed.
        tx.hurry_probes(&imports.parked_assets(), now).await?;
        // A new asset causes no event, and has a probe only with a token.
        let new = new.iter().filter_map(NewAsset::to_asset_with_credential);
        self.plan_next_probes(&tx, &new.collect::<Vec<_>>(), now)
            .await?;
        let detail = json!({ "assets": results.len(), "sealed": imports.count_sealed() });
        let event = AuditEvent::new(caller.audit_name(), "assets.registered", "assets", detail);
        tx.write_audit_events(&[event], now).await?;
        tx.write_audit_events(&imports.audit_events(), now).await?;
        if let Some(call) = call {
            call.store_result(&tx, &results, None, now).await?;
        }
        tx.commit().await?;
        self.note_inserted_rows(results.len()).await;
        Ok(results)
    }

    /// Inserts or updates the assets that need the database, and sets their statuses.
    async fn insert_assets(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        checked: &mut [CheckedRegistration],
        now: Timestamp,
    ) -> Result<Inserted, Error> {
        let mut new: Vec<_> = checked
            .iter()
            .filter(|it| it.status.is_none())
            .map(|it| it.to_row(now))
            .collect();
        // Sorted, and existing assets locked first, so that concurrent registrations never deadlock.
        new.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let ids: Vec<_> = new.iter().map(|it| it.id.clone()).collect();
        let existing = tx.lock_assets(&ids).await?;
        let registered = tx.register_assets(&new).await?;
        require_reach(caller, &new, &existing, &registered)?;
        let is_new = |it: &&Registration| **it == Registration::Created;
        let added = registered.iter().filter(is_new).count();
        if added > 0 {
            self.check_asset_quota(tx, caller, added).await?;
        }
        let created = new.into_iter().zip(&registered);
        let created = created.filter(|(_, it)| **it == Registration::Created);
        let created = created.map(|(new, _)| new).collect();
        let mut registered: HashMap<_, _> = ids.into_iter().zip(registered).collect();
        for it in checked.iter_mut().filter(|it| it.status.is_none()) {
            it.status = registered
                .remove(&it.registration.id)
                .map(RegistrationStatus::from);
        }
        Ok(Inserted {
            existing,
            new: created,
        })
    }

    /// Notices about these assets find the tenant by the directory.
    async fn add_assets_to_directory(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        ids: &[AssetId],
    ) -> Result<(), Error> {
        let app = caller.scope.app_id();
        let hashes: Vec<_> = ids
            .iter()
            .map(|id| self.person_directory.hash_asset(app, id))
            .collect();
        Ok(tx.add_to_directory(app, &hashes).await?)
    }

    fn check_registration_count(&self, n: usize) -> Result<(), Error> {
        let limit = self.settings.assets.max_registered;
        match n {
            0 => Err(Error::Invalid {
                field: "assets".to_owned(),
                reason: "expected at least one asset".to_owned(),
            }),
            n if n > limit => Err(Error::TooMany {
                field: "assets",
                limit,
            }),
            _ => Ok(()),
        }
    }
}

/// The registered assets of the kinds that Meta's notices name.
fn list_assets_with_notices(checked: &[CheckedRegistration]) -> Vec<AssetId> {
    checked
        .iter()
        .filter(|it| it.status.is_none())
        .map(|it| &it.registration)
        .filter(|it| it.kind.has_notices())
        .map(|it| it.id.clone())
        .collect()
}

/// Requires that the caller reaches every asset. A confined client creates only assets of its list, and names no
/// business but the one that is known: its own words decide nothing about its reach. It gets the same answer for an
/// asset that exists elsewhere and for one that does not. An asset that another request inserted in between was never
/// checked as stored, so it refuses the request.
fn require_reach(
    caller: &Principal,
    new: &[NewAsset],
    existing: &[Asset],
    registered: &[Registration],
) -> Result<(), Error> {
    if caller.reach.is_all() {
        return Ok(());
    }
    let existing: HashMap<_, _> = existing.iter().map(|it| (&it.id, it)).collect();
    let is_reached = |(new, registration): (&NewAsset, &Registration)| {
        let asset = existing.get(&new.id);
        let is_allowed = match asset {
            Some(asset) => caller.can_reach(asset),
            None => *registration == Registration::Created && caller.reach.lists_asset(&new.id),
        };
        let known = asset.and_then(|it| it.owning_business());
        is_allowed && (new.business_id.is_none() || new.business_id.as_ref() == known)
    };
    if new.iter().zip(registered).all(is_reached) {
        Ok(())
    } else {
        Err(Error::Restricted)
    }
}

impl From<Registration> for RegistrationStatus {
    fn from(registration: Registration) -> Self {
        match registration {
            Registration::Created => Self::Created,
            Registration::Exists => Self::Exists,
            Registration::KindMismatch(kind) => Self::KindMismatch(kind),
        }
    }
}
