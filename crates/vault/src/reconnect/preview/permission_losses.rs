//! The permissions that a person's new login would take from assets that the preview does not name.
//!
//! The rule: this only warns. It compares what `debug_token` returned for the serving login and for the new one. Assets
//! outside of the caller's reach are not shown.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regrant_domain::{
    Asset, AssetId, AssetKind, CredentialKind, Grant, GrantId, Timestamp,
    coverage::find_lost_scopes,
};
use regrant_storage::TenantTx;

use crate::{Error, Principal, Selection, Vault};

/// An asset that the preview does not name and that would lose permissions.
#[derive(Debug, Clone)]
pub struct SiblingLoss {
    /// The id.
    pub id: AssetId,
    /// The kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// The permissions that it would lose.
    pub lost_scopes: Vec<String>,
}

/// The losses that a search found.
#[derive(Default)]
pub(super) struct PermissionLosses {
    pub(super) found: Vec<SiblingLoss>,
    /// Whether the person has more assets than were searched.
    pub(super) has_more: bool,
}

impl Vault {
    /// Finds assets that the person's token serves, that the preview does not name, and that were not selected at the
    /// new login. Searches at most as many assets as one request may name.
    pub(super) async fn find_permission_losses(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        offered: &Grant,
        named: &[AssetId],
        now: Timestamp,
    ) -> Result<PermissionLosses, Error> {
        if offered.facts.kind == CredentialKind::SystemUser {
            return Ok(PermissionLosses::default());
        }
        let of_person = Selection {
            person_id: Some(offered.facts.person_id.clone()),
            ..Selection::default()
        };
        let filter = self.selection_filter(caller, &of_person, now);
        let mut others = tx.list_assets(&filter).await?;
        let more = others.len() >= usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let named: HashSet<_> = named.iter().collect();
        others.retain(|it| {
            !named.contains(&it.id) && it.state_at(now, self.settings.assets.notice).is_serving()
        });
        let held = read_serving_grants(tx, &others).await?;
        let loss = |asset: Asset| SiblingLoss::between_grants(held.get(&asset.id)?, offered, asset);
        Ok(PermissionLosses {
            found: others.into_iter().filter_map(loss).collect(),
            has_more: more,
        })
    }
}

impl SiblingLoss {
    fn between_grants(held: &Grant, offered: &Grant, asset: Asset) -> Option<Self> {
        let lost = find_lost_scopes(asset.kind, &asset.id, held, offered);
        let lost_scopes: Vec<_> = lost.into_iter().map(ToOwned::to_owned).collect();
        let Asset { id, kind, name, .. } = asset;
        (!lost_scopes.is_empty()).then_some(Self {
            id,
            kind,
            name,
            lost_scopes,
        })
    }
}

/// The grant that serves each asset, where it is known.
async fn read_serving_grants(
    tx: &TenantTx,
    assets: &[Asset],
) -> Result<HashMap<AssetId, Arc<Grant>>, Error> {
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let serving = tx
        .find_active_credentials(&ids)
        .await?
        .into_iter()
        .map(|it| it.credential);
    let serving: Vec<_> = serving
        .filter_map(|it| Some((it.asset_id, it.grant_id?)))
        .collect();
    let distinct: HashSet<GrantId> = serving.iter().map(|(_, grant)| *grant).collect();
    let grants = tx
        .find_grants(&distinct.into_iter().collect::<Vec<_>>())
        .await?;
    let grants: HashMap<_, _> = grants.into_iter().map(|it| (it.id, Arc::new(it))).collect();
    let found = |(asset, grant)| Some((asset, Arc::clone(grants.get(&grant)?)));
    Ok(serving.into_iter().filter_map(found).collect())
}
