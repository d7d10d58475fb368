//! What a browser sees of a link before its person logs in: whose assets, for which business, for which tenant.
//!
//! The rule: a link that is unknown, withdrawn, over, or another tenant's is the same to a browser. Opening a page reads
//! only; nothing is written.

use std::collections::BTreeMap;

use regrant_crypto::Capability;
use regrant_domain::{
    AppId, Asset, AssetId, AssetKind, LinkId, LinkPerson, Locale, PageUrl, PersonId, TenantId,
    Timestamp,
};
use regrant_storage::{LinkKey, TenantTx, UnverifiedLink};

use super::{address::TenantCapability, dialog};
use crate::{Error, Resource, Vault};

/// The tenant and the id of a link; the browser that the link belongs to names it so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkName {
    /// The tenant.
    pub tenant: TenantId,
    /// The link.
    pub id: LinkId,
}

/// What a browser sees of a link that opens its page.
#[derive(Debug)]
pub enum LinkVisit {
    /// The page, for every browser until a consent was given, and for the browser in which it was given.
    Page(Box<LinkPage>),
    /// A consent was given in another browser.
    UsedElsewhere {
        /// The language of the page.
        locale: Locale,
        /// The name of the tenant.
        tenant_name: String,
        /// When the consent was given.
        used_at: Timestamp,
        /// By whom, as far as it is known.
        used_by: Option<LinkPerson>,
    },
}

/// What the page of a link says.
#[derive(Debug, Clone)]
pub struct LinkPage {
    /// The link.
    pub name: LinkName,
    /// The language of the page.
    pub locale: Locale,
    /// The name of the tenant that asks.
    pub tenant_name: String,
    /// The person who is asked, if the link is for one.
    pub person: Option<LinkPerson>,
    /// Whether only that person's consent is accepted.
    pub require_person: bool,
    /// The assets, by business.
    pub groups: Vec<BusinessAssets>,
    /// When the link ends.
    pub ends_at: Timestamp,
    /// The page of the tenant to which the person is led back.
    pub return_url: Option<PageUrl>,
    /// Whether the link belongs to the browser that asks.
    pub is_own: bool,
    /// Where a form of the page may lead: to the log-in dialog.
    pub dialog_sources: String,
}

/// The assets of one business.
#[derive(Debug, Clone)]
pub struct BusinessAssets {
    /// The business, if it is known.
    pub business: Option<AssetId>,
    /// Its name, if it is known.
    pub name: Option<String>,
    /// Its assets, ordered by kind and name.
    pub assets: Vec<LinkAsset>,
}

/// An asset as a page names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAsset {
    /// The id at Meta.
    pub id: AssetId,
    /// Page, ad account or another kind.
    pub kind: AssetKind,
    /// The display name.
    pub name: Option<String>,
}

impl From<Asset> for LinkAsset {
    fn from(asset: Asset) -> Self {
        Self {
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
        }
    }
}

impl LinkPage {
    /// The ids of the assets that the page names.
    pub(super) fn list_asset_ids(&self) -> Vec<AssetId> {
        let assets = self.groups.iter().flat_map(|it| &it.assets);
        assets.map(|it| it.id.clone()).collect()
    }

    /// The asset with this id, if the page names it.
    #[must_use]
    pub fn find_asset(&self, id: &AssetId) -> Option<&LinkAsset> {
        let mut assets = self.groups.iter().flat_map(|it| &it.assets);
        assets.find(|it| it.id == *id)
    }
}

impl Vault {
    /// What a browser sees at the address of a link.
    ///
    /// # Errors
    /// `NotFound` for every link that opens no page.
    pub async fn visit_link(
        &self,
        address: &TenantCapability,
        browser: Option<&Capability>,
    ) -> Result<LinkVisit, Error> {
        let key = LinkKey::Secret(*address.hash().as_bytes());
        let found = self.find_open_link(address.tenant(), key).await?;
        let browser = browser.map(|it| *it.hash().as_bytes());
        if found.link.is_of_another_browser(browser.as_ref()) {
            let times = found.link.times();
            return Ok(LinkVisit::UsedElsewhere {
                locale: found.link.summary.locale,
                used_at: times.used_at.unwrap_or(times.created_at),
                used_by: self.find_giver(&found).await?,
                tenant_name: found.tenant_name,
            });
        }
        Ok(LinkVisit::Page(Box::new(self.read_link_page(found).await?)))
    }

    /// The page of an app's provider for people who come from Meta without a link. `None` for an unknown app too.
    pub async fn find_landing_url(&self, app: Option<&AppId>) -> Result<Option<PageUrl>, Error> {
        let Some(app) = app else { return Ok(None) };
        match self.store.find_app(app).await {
            Ok(app) => Ok(app.login.landing_url),
            Err(regrant_storage::Error::NotFound) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The link that a browser names, if it opens its page.
    ///
    /// # Errors
    /// `NotFound`.
    pub(super) async fn find_open_link(
        &self,
        tenant: TenantId,
        key: LinkKey,
    ) -> Result<UnverifiedLink, Error> {
        let now = self.clock.now();
        let found = self.store.find_link_for_browser(tenant, key).await;
        let found = found.map_err(|error| match error.into() {
            Error::Tampered(_) => Error::NotFound(Resource::Link),
            other => other,
        })?;
        found
            .filter(|it| it.is_valid(now))
            .ok_or(Error::NotFound(Resource::Link))
    }

    /// The page of a link whose secret, or whose browser, was checked.
    pub(super) async fn read_link_page(&self, found: UnverifiedLink) -> Result<LinkPage, Error> {
        let app = self.store.find_app(found.scope().app_id()).await?;
        let tx = self.store.begin_read(found.scope()).await?;
        let mut assets = tx.find_assets_alone(&found.link.asset_ids).await?;
        assets.retain(|it| found.reach.includes_asset(it));
        let businesses = find_business_names(&tx, &assets).await?;
        let person = match &found.link.summary.person_id {
            Some(id) => Some(find_link_person(&tx, id).await?),
            None => None,
        };
        tx.commit().await?;
        let tenant_id = found.scope().tenant();
        let (summary, is_own) = (found.link.summary, found.link.browser.is_some());
        Ok(LinkPage {
            name: LinkName {
                tenant: tenant_id,
                id: summary.id,
            },
            locale: summary.locale,
            tenant_name: found.tenant_name,
            person,
            require_person: summary.require_person,
            groups: group_by_business(assets, &businesses),
            ends_at: summary.times.expires_at,
            return_url: summary.return_url,
            is_own,
            dialog_sources: dialog::form_sources(&app.login),
        })
    }
}

pub(super) async fn find_link_person(tx: &TenantTx, id: &PersonId) -> Result<LinkPerson, Error> {
    let name = match tx.find_person(id).await {
        Ok(person) => person.name,
        Err(regrant_storage::Error::NotFound) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(LinkPerson {
        id: id.clone(),
        name,
    })
}

/// The names of the businesses that own these assets, as far as the tenant has them as assets.
async fn find_business_names(
    tx: &TenantTx,
    assets: &[Asset],
) -> Result<BTreeMap<AssetId, String>, Error> {
    let mut ids: Vec<_> = assets
        .iter()
        .filter_map(|it| it.business_id.clone())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let businesses = tx.find_assets_alone(&ids).await?;
    let named = businesses
        .into_iter()
        .filter(|it| it.kind == AssetKind::Business);
    Ok(named
        .filter_map(|it| it.name.map(|name| (it.id, name)))
        .collect())
}

/// The assets by business; those of an unknown business come last.
fn group_by_business(assets: Vec<Asset>, names: &BTreeMap<AssetId, String>) -> Vec<BusinessAssets> {
    let mut groups: BTreeMap<(bool, Option<AssetId>), Vec<LinkAsset>> = BTreeMap::new();
    for asset in assets {
        let business = asset.business_id.clone();
        let group = groups.entry((business.is_none(), business)).or_default();
        group.push(asset.into());
    }
    let group = |((_, business), mut assets): ((bool, Option<AssetId>), Vec<LinkAsset>)| {
        assets.sort_unstable_by(|one, other| {
            (one.kind, &one.name, &one.id).cmp(&(other.kind, &other.name, &other.id))
        });
        BusinessAssets {
            name: business.as_ref().and_then(|it| names.get(it).cloned()),
            business,
            assets,
        }
    };
    groups.into_iter().map(group).collect()
}
