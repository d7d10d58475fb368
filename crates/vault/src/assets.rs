//! Assets: register, list, read, delete.
//!
//! The rule: an imported token is sealed at once and never takes the place of one that is there;
//! it is `unproven` until a probe proves it.

pub(crate) mod cut_offs;
mod follow_up;
mod import;

use std::collections::HashMap;

use regrant_domain::{
    AccessToken, Asset, AssetId, AssetKind, CredentialKind, PersonId, Slot, Timestamp,
    state::{AssetState, Status},
};
use regrant_storage::{
    AssetFilter, AuditEvent, CutOffNote, NewAsset, Registration, StoredCredential,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Error, Principal, Repeatable, Resource, Vault,
    assets::import::{Found, Imports, check},
    idempotency::Once,
    page::{Page, query_limit},
};

/// An asset to register, with a token if there is one.
pub struct AssetRegistration {
    /// Its Graph id, in any spelling.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// The business it belongs to.
    pub business_id: Option<AssetId>,
    /// A token that serves it, and of what kind.
    pub token: Option<(AccessToken, CredentialKind)>,
}

/// What became of one registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RegistrationStatus {
    /// It is new.
    Created,
    /// It was there; its name and business were brought up to date.
    Exists,
    /// It was there as another kind; nothing was changed.
    KindMismatch(AssetKind),
    /// The same asset stands earlier in this call; nothing was changed.
    Duplicate,
    /// The id has not the form of this kind.
    Malformed,
}

/// One registration's result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisteredAsset {
    /// Its canonical id.
    pub id: AssetId,
    /// What became of it.
    pub status: RegistrationStatus,
    /// Where its token stands; `None` where none was given or none was taken.
    pub slot: Option<Slot>,
}

/// An asset with its state and the credentials that stand for it.
#[derive(Debug)]
pub struct AssetView {
    /// The asset.
    pub asset: Asset,
    /// Its state now.
    pub state: AssetState,
    /// Its credentials; never opened. Empty in a list.
    pub credentials: Vec<StoredCredential>,
    /// What was told about its cut-off, the newest word first. Empty in a list.
    pub cut_offs: Vec<CutOffNote>,
}

/// How many words about a cut-off an asset tells.
const CUT_OFFS: u32 = 50;

/// Which assets to list.
#[derive(Debug, Clone, Default)]
pub struct AssetQuery {
    /// Only this kind.
    pub kind: Option<AssetKind>,
    /// Only in this state.
    pub status: Option<Status>,
    /// Only of this business.
    pub business_id: Option<AssetId>,
    /// Only served by this person's credential.
    pub person_id: Option<PersonId>,
    /// Only with a known ending before.
    pub ending_before: Option<Timestamp>,
    /// From behind this one.
    pub after: Option<AssetId>,
}

/// One page of assets, by id.
pub struct AssetList {
    /// The assets.
    pub data: Vec<AssetView>,
    /// The cursor of the next page.
    pub next: Option<AssetId>,
}

impl Vault {
    /// Registers assets and seals the tokens that come with them; results in the caller's order.
    ///
    /// # Errors
    /// `TooMany`; `Invalid` for an empty list; `Restricted`: an asset lies or would lie beyond the caller's reach;
    /// `Conflict(AssetLimit)`: nothing was registered.
    pub async fn register_assets(
        &self,
        caller: &Principal,
        registrations: Vec<AssetRegistration>,
        repeatable: Option<Repeatable>,
    ) -> Result<Vec<RegisteredAsset>, Error> {
        self.check_registrations(registrations.len())?;
        let register = async |once: Option<&Once>| self.register(caller, registrations, once).await;
        Ok(self
            .once(&caller.scope, caller.id(), repeatable, register)
            .await?
            .value)
    }

    async fn register(
        &self,
        caller: &Principal,
        registrations: Vec<AssetRegistration>,
        once: Option<&Once>,
    ) -> Result<Vec<RegisteredAsset>, Error> {
        let key = self.keys.active(&caller.scope).await?;
        let now = self.clock.now();
        let mut checked = check(registrations);
        let tx = self.store.begin(&caller.scope).await?;
        // In one order and existing ones first, so that two calls never wait for each other.
        let mut new: Vec<_> = checked
            .iter()
            .filter(|it| it.status.is_none())
            .map(|it| it.to_row(now))
            .collect();
        new.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        let ids: Vec<_> = new.iter().map(|it| it.id.clone()).collect();
        tx.hold_tenant().await?;
        let existing = tx.lock_assets(&ids).await?;
        let registered = tx.register_assets(&new).await?;
        demand_reach(caller, &new, &existing, &registered)?;
        let registered = ids.iter().cloned().zip(registered);
        let mut registered: HashMap<_, _> = registered.collect();
        if registered.values().any(|it| *it == Registration::Created) {
            self.check_assets(&tx).await?;
        }
        for it in checked.iter_mut().filter(|it| it.status.is_none()) {
            it.status = registered
                .remove(&it.registration.id)
                .map(RegistrationStatus::from);
        }
        let found = Found {
            locked: tx.lock_assets(&ids).await?,
            held: tx.active_credentials(&ids).await?,
            candidates: tx.candidate_credentials(&ids).await?,
        };
        let mut imports = Imports {
            key: &key,
            caller,
            now,
            found: found.by_id(),
            active: Vec::new(),
            parked: Vec::new(),
        };
        let results = checked
            .into_iter()
            .map(|it| imports.add(it))
            .collect::<Result<Vec<_>, _>>()?;
        tx.activate(&imports.active, 0, now).await?;
        tx.park(&imports.parked, now).await?;
        self.follow_up(&tx, &ids, now).await?;
        let detail = json!({ "assets": results.len(), "sealed": imports.active.len() + imports.parked.len() });
        let (actor, subject) = (caller.actor(), "assets".to_owned());
        tx.audit(
            &[AuditEvent::new(actor, "assets.registered", subject, detail)],
            now,
        )
        .await?;
        tx.audit(&imports.events(), now).await?;
        if let Some(once) = once {
            once.remember(&tx, &results, None, now).await?;
        }
        tx.commit().await?;
        Ok(results)
    }

    /// Lists assets by id.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_assets(
        &self,
        caller: &Principal,
        query: AssetQuery,
        limit: u32,
    ) -> Result<AssetList, Error> {
        let now = self.clock.now();
        let filter = AssetFilter {
            kind: query.kind,
            status: query.status,
            business_id: query.business_id,
            person_id: query.person_id,
            ending_before: query.ending_before,
            after: query.after,
            limit: query_limit(limit),
            now,
            notice: self.settings.assets.notice,
            within: caller.within(),
        };
        let tx = self.store.begin_read(&caller.scope).await?;
        let assets = tx.list_assets(&filter).await?;
        tx.commit().await?;
        let page = Page::cut(assets, limit, |it| it.id.clone());
        Ok(AssetList {
            data: page
                .data
                .into_iter()
                .map(|it| self.view_of(it, now))
                .collect(),
            next: page.next,
        })
    }

    /// One asset with its slots.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn asset(&self, caller: &Principal, id: &AssetId) -> Result<AssetView, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let asset = tx
            .asset(id)
            .await
            .map_err(Error::missing(Resource::Asset))?;
        if !caller.reaches(&asset) {
            return Err(Error::NotFound(Resource::Asset));
        }
        let credentials = tx.credentials(id).await?;
        let cut_offs = tx.cut_offs(id, CUT_OFFS).await?;
        tx.commit().await?;
        Ok(AssetView {
            credentials,
            cut_offs,
            ..self.view_of(asset, self.clock.now())
        })
    }

    /// Forgets an asset and its credentials.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete_asset(&self, caller: &Principal, id: &AssetId) -> Result<(), Error> {
        let now = self.clock.now();
        let tx = self.store.begin(&caller.scope).await?;
        if !tx
            .lock_assets(std::slice::from_ref(id))
            .await?
            .iter()
            .all(|it| caller.reaches(it))
        {
            return Err(Error::NotFound(Resource::Asset));
        }
        tx.delete_asset(id)
            .await
            .map_err(Error::missing(Resource::Asset))?;
        tx.wipe_idle_grants().await?;
        let (actor, subject) = (caller.actor(), id.to_string());
        tx.audit(
            &[AuditEvent::new(actor, "asset.deleted", subject, json!({}))],
            now,
        )
        .await?;
        Ok(tx.commit().await?)
    }

    fn view_of(&self, asset: Asset, now: Timestamp) -> AssetView {
        let state = asset.state(now, self.settings.assets.notice);
        AssetView {
            state,
            asset,
            credentials: Vec::new(),
            cut_offs: Vec::new(),
        }
    }

    fn check_registrations(&self, n: usize) -> Result<(), Error> {
        if n == 0 {
            let reason = "expected at least one asset".to_owned();
            return Err(Error::Invalid {
                field: "assets".to_owned(),
                reason,
            });
        }
        let limit = self.settings.assets.max_registered;
        if n > limit {
            Err(Error::TooMany {
                field: "assets",
                limit,
            })
        } else {
            Ok(())
        }
    }
}

/// Demands that the caller reaches every asset as it was, if it was, and as it will be. What came to be between the
/// look and the registration is nobody's to judge: the call is refused.
fn demand_reach(
    caller: &Principal,
    new: &[NewAsset],
    existing: &[Asset],
    registered: &[Registration],
) -> Result<(), Error> {
    if caller.reach.is_all() {
        return Ok(());
    }
    let existing: HashMap<_, _> = existing.iter().map(|it| (&it.id, it)).collect();
    let within = |(new, registration): (&NewAsset, &Registration)| {
        let Some(asset) = existing.get(&new.id) else {
            let created = *registration == Registration::Created;
            return created && caller.reach.includes(&new.id, new.business_id.as_ref());
        };
        let business = new.business_id.as_ref().or(asset.business_id.as_ref());
        caller.reaches(asset) && caller.reach.includes(&new.id, business)
    };
    if new.iter().zip(registered).all(within) {
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
