//! Links: hosted pages at which one person gives a consent for listed assets.
//!
//! The rule: of the secrets in the address and in the browser's cookie only the hashes are stored. A link belongs to the
//! first browser in which a consent was given.

use regrant_domain::{
    AssetId, ClientId, LinkId, LinkTimes, Locale, PageUrl, PersonId, ReconnectSessionId, Timestamp,
};

use super::summary::{LinkSummary, summary_from_row};
use crate::{
    Error, TenantTx,
    integrity::LINKS,
    sql::{Row, to_json, to_micros},
};

/// The hash of the secret in a browser's cookie.
pub type BrowserHash = [u8; 32];

/// A link to make.
#[derive(Debug, Clone)]
pub struct NewLink {
    /// The id.
    pub id: LinkId,
    /// The client that makes it.
    pub client: ClientId,
    /// The version of the client's tokens; revoking them ends the link.
    pub client_version: i64,
    /// The hash of the secret in its address.
    pub secret_hash: [u8; 32],
    /// The person it is for.
    pub person_id: Option<PersonId>,
    /// Whether only that person's consent is accepted.
    pub require_person: bool,
    /// The assets it is for.
    pub asset_ids: Vec<AssetId>,
    /// The language of its pages.
    pub locale: Locale,
    /// The page of the tenant to which the person is led back.
    pub return_url: Option<PageUrl>,
    /// When it is made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The link without its assets.
    pub summary: LinkSummary,
    /// The assets it is for.
    pub asset_ids: Vec<AssetId>,
    /// The hash of the cookie of the browser in which a consent was given.
    pub browser: Option<BrowserHash>,
}

impl Link {
    /// Its times.
    #[must_use]
    pub const fn times(&self) -> &LinkTimes {
        &self.summary.times
    }

    /// Whether a consent was given in another browser than this one.
    #[must_use]
    pub fn is_of_another_browser(&self, browser: Option<&BrowserHash>) -> bool {
        self.browser.is_some() && self.browser.as_ref() != browser
    }
}

/// A link that opens its page.
const LIVE: &str = "
    tenant_id = :tenant AND id = :id AND revoked_at IS NULL AND expires_at > :now";

impl TenantTx {
    /// Inserts a link.
    pub async fn insert_link(&self, link: &NewLink) -> Result<(), Error> {
        let (person, back) = (link.person_id.as_ref(), link.return_url.as_ref());
        let query = self
            .query(
                "INSERT INTO links (tenant_id, id, client_id, client_version, secret_hash, person_id,
                     require_person, asset_ids, asset_count, locale, return_url, created_at,
                     expires_at)
                 VALUES (:tenant, :id, :client, :version, :secret, :person, :require_person,
                     :asset_ids, :asset_count, :locale, :return_url, :created_at, :expires_at)",
            )
            .bind("id", link.id.uuid())
            .bind("client", link.client.uuid())
            .bind("version", link.client_version)
            .bind("secret", link.secret_hash.to_vec())
            .bind("person", person.map(|id| id.as_str().to_owned()))
            .bind("require_person", link.require_person)
            .bind("asset_ids", to_json(&link.asset_ids)?)
            .bind("asset_count", count(link.asset_ids.len()))
            .bind("locale", link.locale.as_str())
            .bind("return_url", back.map(|url| url.as_str().to_owned()))
            .bind("created_at", to_micros(link.created_at))
            .bind("expires_at", to_micros(link.expires_at));
        self.insert_sealed(&LINKS, link.id.uuid(), query)
            .await
            .map(drop)
    }

    /// How many of the tenant's links open their page at this moment.
    pub async fn count_live_links(&self, now: Timestamp) -> Result<usize, Error> {
        let query = self
            .query(
                "SELECT count(*) AS n FROM links
                 WHERE tenant_id = :tenant AND revoked_at IS NULL AND expires_at > :now",
            )
            .bind("now", to_micros(now));
        let row: Row = self.fetch_one(query).await?.ok_or(Error::NotFound)?;
        usize::try_from(row.get::<i64>("n")?).map_err(|_| Error::Corrupt("count"))
    }

    /// Withdraws a link; whether it opened its page until now.
    pub async fn revoke_link(&self, id: LinkId, now: Timestamp) -> Result<bool, Error> {
        let query = self
            .query("UPDATE links SET revoked_at = :now WHERE {live}")
            .fill("live", LIVE)
            .bind("id", id.uuid())
            .bind("now", to_micros(now));
        let touched = self.change_sealed(&LINKS, &[id.uuid()], query).await?;
        Ok(touched > 0)
    }

    /// Gives a live link to the browser in which a consent was given, with the session of it; whether the link was still
    /// free, or this browser's already.
    pub async fn claim_link(
        &self,
        id: LinkId,
        browser: &BrowserHash,
        session: ReconnectSessionId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let query = self
            .query(
                "UPDATE links SET used_at = coalesce(used_at, :now), browser_hash = :browser,
                     session_id = :session
                 WHERE {live} AND (browser_hash IS NULL OR browser_hash = :browser)",
            )
            .fill("live", LIVE)
            .bind("id", id.uuid())
            .bind("browser", browser.to_vec())
            .bind("session", session.uuid())
            .bind("now", to_micros(now));
        let touched = self.change_sealed(&LINKS, &[id.uuid()], query).await?;
        Ok(touched > 0)
    }
}

pub(super) fn link_from_row(row: &Row) -> Result<Link, Error> {
    let browser: Option<Vec<u8>> = row.get("browser_hash")?;
    let browser = browser.map(|it| it.try_into().map_err(|_| Error::Corrupt("browser_hash")));
    Ok(Link {
        summary: summary_from_row(row)?,
        asset_ids: row.json("link_assets")?,
        browser: browser.transpose()?,
    })
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
