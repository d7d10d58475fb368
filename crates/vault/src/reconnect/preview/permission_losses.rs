//! What a person's new login takes from assets that nobody named.
//!
//! The rule: it compares what `debug_token` told of the login that serves and of the new one, so it warns and decides
//! nothing; what the caller cannot reach is not told.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use regrant_domain::{
    Asset, AssetId, AssetKind, CredentialKind, Grant, GrantId, Timestamp, coverage::lost_scopes,
};
use regrant_storage::TenantTx;

use crate::{Error, Principal, Selection, Vault};

/// An asset that is not named and would lose permissions all the same.
#[derive(Debug, Clone)]
pub struct SiblingLoss {
    /// Its id.
    pub id: AssetId,
    /// Its kind.
    pub kind: AssetKind,
    /// A name for people.
    pub name: Option<String>,
    /// The permissions it was granted and would not be any more.
    pub lost_scopes: Vec<String>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Losses {
    pub(super) found: Vec<SiblingLoss>,
    /// Whether the person has more assets than were looked through.
    pub(super) more: bool,
}

impl Vault {
    /// Assets that the person's token serves and the call does not name, and that were not ticked this time.
    /// Looked through are as many of them as one call may name.
    pub(super) async fn losses(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        offered: &Grant,
        named: &[AssetId],
        now: Timestamp,
    ) -> Result<Losses, Error> {
        if offered.kind == CredentialKind::SystemUser {
            return Ok(Losses::default());
        }
        let theirs = Selection {
            person_id: Some(offered.person_id.clone()),
            ..Selection::default()
        };
        let filter = self.filter_of(caller, &theirs, now);
        let mut others = tx.list_assets(&filter).await?;
        let more = others.len() >= usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let named: HashSet<_> = named.iter().collect();
        others.retain(|it| {
            !named.contains(&it.id) && it.state(now, self.settings.assets.notice).serves()
        });
        let held = behind(tx, &others).await?;
        let loss = |asset: Asset| SiblingLoss::of(held.get(&asset.id)?, offered, asset);
        Ok(Losses {
            found: others.into_iter().filter_map(loss).collect(),
            more,
        })
    }
}

impl SiblingLoss {
    fn of(held: &Grant, offered: &Grant, asset: Asset) -> Option<Self> {
        let lost = lost_scopes(asset.kind, &asset.id, held, offered);
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

/// The grants that serve assets, as far as they are known.
async fn behind(tx: &TenantTx, assets: &[Asset]) -> Result<HashMap<AssetId, Arc<Grant>>, Error> {
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let serving = tx
        .active_credentials(&ids)
        .await?
        .into_iter()
        .map(|it| it.credential);
    let serving: Vec<_> = serving
        .filter_map(|it| Some((it.asset_id, it.grant_id?)))
        .collect();
    let distinct: HashSet<GrantId> = serving.iter().map(|(_, grant)| *grant).collect();
    let grants = tx.grants(&distinct.into_iter().collect::<Vec<_>>()).await?;
    let grants: HashMap<_, _> = grants.into_iter().map(|it| (it.id, Arc::new(it))).collect();
    let found = |(asset, grant)| Some((asset, Arc::clone(grants.get(&grant)?)));
    Ok(serving.into_iter().filter_map(found).collect())
}
