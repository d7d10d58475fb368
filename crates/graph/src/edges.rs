//! Edges: the lists of assets that a token sees, page by page.
//!
//! The rule: a list ends only where Graph gives no `next`; a page may be empty before that. The address in `next` holds
//! the token, so only its cursor is kept. Being listed is no proof that the token works: pages of a business are listed
//! whether the person granted them to the app or not.
//! Start at [`Client::read_edge`]; `walk.rs` reads all lists of a token.

mod walk;

use std::borrow::Cow;

use regrant_domain::{AccessToken, AssetId, AssetKind, CredentialKind, PersonId, Refusal};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use self::walk::{EdgeWalk, ListPosition, Walker};

use crate::{
    AppCredentials, Client,
    call::{context::CallContext, unreadable_response, wire},
};

/// A list of assets of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The kind of the assets.
    pub kind: AssetKind,
    /// Whose list it is.
    pub of: EdgeOwner,
}

/// Whose list of assets it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EdgeOwner {
    /// The person of the token.
    Me,
    /// The system user of the token: what was assigned to it.
    Assigned,
    /// What a business owns.
    Owned(AssetId),
    /// What clients shared with a business.
    Client(AssetId),
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgePage {
    /// The assets, of the kind of the edge.
    pub assets: Vec<ListedAsset>,
    /// Where the next page begins; `None` at the end of the list.
    pub after: Option<String>,
}

/// An asset of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAsset {
    /// The canonical id.
    pub id: AssetId,
    /// The name at Meta.
    pub name: Option<String>,
}

/// How many assets Graph is asked for at once.
const PAGE_SIZE: &str = "100";

/// The kinds of assets that a business has lists of.
const KINDS_OF_BUSINESS: [AssetKind; 6] = [
    AssetKind::Page,
    AssetKind::AdAccount,
    AssetKind::ProductCatalog,
    AssetKind::Pixel,
    AssetKind::InstagramAccount,
    AssetKind::WhatsappBusinessAccount,
];

impl Edge {
    /// The lists with which a discovery begins.
    #[must_use]
    pub fn roots(token: CredentialKind) -> Vec<Self> {
        let list = |of: EdgeOwner| {
            move |kind| Self {
                kind,
                of: of.clone(),
            }
        };
        let mine = [AssetKind::Business, AssetKind::Page, AssetKind::AdAccount];
        let mut roots: Vec<_> = mine.map(list(EdgeOwner::Me)).into();
        if token == CredentialKind::SystemUser {
            let assigned = [
                AssetKind::Page,
                AssetKind::AdAccount,
                AssetKind::ProductCatalog,
                AssetKind::WhatsappBusinessAccount,
            ];
            roots.extend(assigned.map(list(EdgeOwner::Assigned)));
        }
        roots
    }

    /// The lists of a business.
    #[must_use]
    pub fn of_business(business: &AssetId) -> Vec<Self> {
        let both = |kind| {
            [
                EdgeOwner::Owned(business.clone()),
                EdgeOwner::Client(business.clone()),
            ]
            .map(|of| Self { kind, of })
        };
        KINDS_OF_BUSINESS.into_iter().flat_map(both).collect()
    }

    /// The business whose list it is.
    #[must_use]
    pub const fn business(&self) -> Option<&AssetId> {
        match &self.of {
            EdgeOwner::Me | EdgeOwner::Assigned => None,
            EdgeOwner::Owned(business) | EdgeOwner::Client(business) => Some(business),
        }
    }

    /// The path below the version, as in `me/accounts`.
    #[must_use]
    pub fn path(&self) -> String {
        let kinds = plural_of(self.kind);
        match (&self.of, self.kind) {
            (EdgeOwner::Me, AssetKind::Page) => "me/accounts".to_owned(),
            (EdgeOwner::Me, AssetKind::AdAccount) => "me/adaccounts".to_owned(),
            (EdgeOwner::Me, _) => format!("me/{kinds}"),
            (EdgeOwner::Assigned, _) => format!("me/assigned_{kinds}"),
            (EdgeOwner::Owned(business), _) => format!("{business}/owned_{kinds}"),
            (EdgeOwner::Client(business), _) => format!("{business}/client_{kinds}"),
        }
    }
}

const fn plural_of(kind: AssetKind) -> &'static str {
    match kind {
        AssetKind::Page => "pages",
        AssetKind::AdAccount => "ad_accounts",
        AssetKind::Business => "businesses",
        AssetKind::ProductCatalog => "product_catalogs",
        AssetKind::Pixel => "pixels",
        AssetKind::InstagramAccount => "instagram_accounts",
        AssetKind::WhatsappBusinessAccount => "whatsapp_business_accounts",
    }
}

impl Client {
    /// Reads one page of a list, from `after` on. It takes a turn of the batches in flight.
    ///
    /// # Errors
    /// Graph refused the list, or gave no answer after bounded attempts.
    #[tracing::instrument(name = "edge", skip_all, fields(app.id = %app.id, kind = edge.kind.as_str()))]
    pub async fn read_edge(
        &self,
        app: &AppCredentials,
        token: (&AccessToken, CredentialKind),
        person: &PersonId,
        edge: &Edge,
        after: Option<&str>,
    ) -> Result<EdgePage, Refusal> {
        let (token, kind) = token;
        let context = CallContext::new(app, Some(token), Some(person), &[]).called_by(kind.into());
        let _permit = self.admit_batch(&context).await?;
        let fields = match edge.kind {
            AssetKind::InstagramAccount => "id,username",
            _ => "id,name",
        };
        let mut query = vec![("fields", fields), ("limit", PAGE_SIZE)];
        query.extend(after.map(|it| ("after", it)));
        let path = edge.path();
        let read = self.read_and_check_app::<EdgeResponse>(&context, &path, &query);
        read.await?.into_page(edge.kind)
    }
}

#[derive(Deserialize)]
struct EdgeResponse {
    /// A response without it is no list: it must not pass for one that was read to its end.
    #[serde(deserialize_with = "wire::parse_whole_list")]
    data: Vec<Node>,
    #[serde(default)]
    paging: Option<Paging>,
}

#[derive(Deserialize)]
struct Node {
    #[serde(deserialize_with = "wire::parse_text")]
    id: Option<String>,
    #[serde(default, alias = "username", deserialize_with = "wire::parse_text")]
    name: Option<String>,
}

#[derive(Deserialize)]
struct Paging {
    #[serde(default, deserialize_with = "wire::parse_known")]
    cursors: Option<Cursors>,
    /// In another form it is an empty address: the list does not end here.
    #[serde(default, deserialize_with = "wire::parse_secret_text")]
    next: Option<Zeroizing<String>>,
}

#[derive(Deserialize)]
struct Cursors {
    #[serde(default, deserialize_with = "wire::parse_text")]
    after: Option<String>,
}

impl EdgeResponse {
    /// The page. Rows whose id does not have the form of the kind are left out.
    fn into_page(self, kind: AssetKind) -> Result<EdgePage, Refusal> {
        let after = self.paging.map_or(Ok(None), Paging::into_cursor)?;
        let listed = |node: Node| {
            let id: AssetId = node.id?.parse().ok()?;
            let id = kind.canonical_id(&id);
            kind.admits_id(&id).then_some(ListedAsset {
                id,
                name: node.name.filter(|it| !it.is_empty()),
            })
        };
        Ok(EdgePage {
            assets: self.data.into_iter().filter_map(listed).collect(),
            after,
        })
    }
}

impl Paging {
    /// The cursor of the next page, if there is one: as such, or else from the address of the page.
    fn into_cursor(self) -> Result<Option<String>, Refusal> {
        let Some(next) = self.next else {
            return Ok(None);
        };
        let after = self.cursors.and_then(|it| it.after);
        let after = after.or_else(|| {
            let (_, query) = next.split_once('?')?;
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            let found = pairs.find(|(name, _)| name == "after");
            found.map(|(_, value)| Cow::into_owned(value))
        });
        after.map(Some).ok_or_else(|| unreadable_response(200))
    }
}

#[cfg(test)]
mod tests;
