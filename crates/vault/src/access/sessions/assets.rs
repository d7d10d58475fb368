//! What a browser sees of the assets of its session.
//!
//! The rule: only assets that the session still reaches, one page at a time: a session may have thousands.

use std::collections::HashMap;

use regrant_domain::{Asset, AssetId, AssetKind, PersonId, Timestamp, state::AssetState};
use regrant_storage::TenantTx;

use super::{session_not_found, view::view_session};
use crate::{
    Error, Principal, Resource, SessionView, Vault,
    call::page::{Page, query_limit},
};

/// A session as the browser that holds its token sees it, with one page of its assets.
#[derive(Debug, Clone)]
pub struct BrowserSession {
    /// The session.
    pub session: SessionView,
    /// Assets that the session reaches, ordered by id.
    pub assets: Vec<SessionAsset>,
    /// The cursor of the next page of assets; `None` on the last page.
    pub next: Option<AssetId>,
}

/// The facts about an asset that a browser may see.
#[derive(Debug, Clone)]
pub struct SessionAsset {
    /// The id at Meta.
    pub id: AssetId,
    /// Page, ad account or another kind.
    pub kind: AssetKind,
    /// The display name.
    pub name: Option<String>,
    /// The business that owns it.
    pub business_id: Option<AssetId>,
    /// The display name of that business, where it is registered, too.
    pub business_name: Option<String>,
    /// The person whose token serves it.
    pub person_id: Option<PersonId>,
    /// The name of that person, as Graph gave it.
    pub person_name: Option<String>,
    /// When that token was stored for it, or took over: a token that a reconnect parked is newer than that reconnect.
    pub token_since: Option<Timestamp>,
    /// Its state.
    pub state: AssetState,
}

/// What is known of the businesses and the serving tokens of assets.
struct Names {
    businesses: HashMap<AssetId, String>,
    /// By the asset that the person's token serves.
    persons: HashMap<AssetId, String>,
    /// Since when the serving token of each asset is there.
    tokens: HashMap<AssetId, Timestamp>,
}

impl Vault {
    /// Finds the session that the calling browser belongs to, with its assets from after `after`.
    ///
    /// # Errors
    /// `NotFound` if the caller is not a session.
    pub async fn find_calling_session(
        &self,
        caller: &Principal,
        after: Option<&AssetId>,
        limit: u32,
    ) -> Result<BrowserSession, Error> {
        let id = caller
            .session()
            .ok_or(Error::NotFound(Resource::ReconnectSession))?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let session = tx.find_reconnect_session(id).await;
        let session = session.map_err(session_not_found())?;
        let mut ids = session.asset_ids.clone();
        ids.retain(|it| caller.reach.lists_asset(it) && after.is_none_or(|after| it > after));
        ids.sort_unstable();
        ids.truncate(usize::try_from(query_limit(limit)).unwrap_or(usize::MAX));
        let page = Page::cut(ids, limit, AssetId::clone)?;
        let mut assets = tx.find_assets(&page.data).await?;
        let names = read_names(&tx, &assets).await?;
        tx.commit().await?;
        assets.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        Ok(BrowserSession {
            session: view_session(session, self.clock.now()),
            assets: assets
                .into_iter()
                .map(|it| self.view_session_asset(it, &names))
                .collect(),
            next: page.next,
        })
    }

    fn view_session_asset(&self, asset: Asset, names: &Names) -> SessionAsset {
        let state = asset.state_at(self.clock.now(), self.settings.assets.notice);
        let business = asset.business_id.as_ref();
        SessionAsset {
            business_name: business.and_then(|it| names.businesses.get(it)).cloned(),
            person_name: names.persons.get(&asset.id).cloned(),
            token_since: names.tokens.get(&asset.id).copied(),
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
            business_id: asset.business_id,
            person_id: asset.person_id,
            state,
        }
    }
}

async fn read_names(tx: &TenantTx, assets: &[Asset]) -> Result<Names, Error> {
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let mut businesses: Vec<_> = assets
        .iter()
        .filter_map(|it| it.business_id.clone())
        .collect();
    businesses.sort_unstable();
    businesses.dedup();
    let businesses = tx.find_assets_alone(&businesses).await?.into_iter();
    let businesses = businesses.filter(|it| it.kind == AssetKind::Business);
    let active = tx.find_active_credentials(&ids).await?;
    let serving = active.iter().map(|it| &it.credential);
    let tokens = serving
        .map(|it| (it.asset_id.clone(), it.created_at))
        .collect();
    let mut grants: Vec<_> = active
        .iter()
        .filter_map(|it| it.credential.grant_id)
        .collect();
    grants.sort_unstable();
    grants.dedup();
    let grants = tx.find_grants(&grants).await?.into_iter();
    let persons: HashMap<_, _> = grants
        .filter_map(|it| Some((it.id, it.facts.person_name?)))
        .collect();
    let person_of = |it: regrant_storage::StoredCredential| {
        let name = persons.get(&it.credential.grant_id?)?;
        Some((it.credential.asset_id, name.clone()))
    };
    Ok(Names {
        businesses: businesses
            .filter_map(|it| Some((it.id, it.name?)))
            .collect(),
        persons: active.into_iter().filter_map(person_of).collect(),
        tokens,
    })
}
