//! Lists of links.
//!
//! The rule: a list reads no assets. A link may have thousands of them, and a list hundreds of links.

use regrant_domain::{ClientId, LinkId, LinkTimes, Locale, PageUrl, PersonId, ReconnectSessionId};

use super::link::{Link, link_from_row};
use crate::{Error, ListedRows, TenantTx, sql::Row};

/// A link without its assets, of which it may have thousands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkSummary {
    /// The id.
    pub id: LinkId,
    /// The client that made it.
    pub client: ClientId,
    /// The person it is for.
    pub person_id: Option<PersonId>,
    /// Whether only that person's consent is accepted.
    pub require_person: bool,
    /// How many assets it is for.
    pub asset_count: u32,
    /// The language of its pages.
    pub locale: Locale,
    /// The page of the tenant to which the person is led back.
    pub return_url: Option<PageUrl>,
    /// Its times.
    pub times: LinkTimes,
    /// The session in which the person's consent is used.
    pub session: Option<ReconnectSessionId>,
}

pub(super) const SUMMARY_COLUMNS: &str = "
    l.id AS link_id, l.client_id, l.client_version, l.person_id, l.require_person, l.asset_count,
    l.locale, l.return_url, l.created_at, l.expires_at, l.revoked_at, l.used_at, l.session_id";

/// The columns of a whole link.
pub(super) const ALL_COLUMNS: &str = "{summary}, l.asset_ids AS link_assets, l.browser_hash";

impl TenantTx {
    /// The link with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`]: the tenant has none.
    pub async fn find_link(&self, id: LinkId) -> Result<Link, Error> {
        let query = self
            .query("SELECT {columns} FROM links l WHERE l.tenant_id = :tenant AND l.id = :id")
            .fill("columns", ALL_COLUMNS)
            .fill("summary", SUMMARY_COLUMNS)
            .bind("id", id.uuid());
        link_from_row(&self.fetch_one(query).await?.ok_or(Error::NotFound)?)
    }

    /// The next links older than `after`, the newest first; with `client`, those that it made.
    pub async fn list_links(
        &self,
        client: Option<ClientId>,
        after: Option<LinkId>,
        limit: u32,
    ) -> Result<ListedRows<LinkSummary>, Error> {
        let query = self
            .query(
                "SELECT {columns} FROM links l
                 WHERE l.tenant_id = :tenant [AND l.client_id = :client] [AND l.id < :after]
                 ORDER BY l.id DESC LIMIT :limit",
            )
            .fill("columns", SUMMARY_COLUMNS)
            .bind_optional("client", client.map(ClientId::uuid))
            .bind_optional("after", after.map(LinkId::uuid))
            .bind("limit", i64::from(limit));
        self.fetch_listed("links", query, summary_from_row).await
    }
}

pub(super) fn summary_from_row(row: &Row) -> Result<LinkSummary, Error> {
    let session: Option<uuid::Uuid> = row.get("session_id")?;
    Ok(LinkSummary {
        id: LinkId::from_uuid(row.get("link_id")?),
        client: ClientId::from_uuid(row.get("client_id")?),
        person_id: row.maybe_parse("person_id")?,
        require_person: row.get("require_person")?,
        asset_count: row.unsigned("asset_count")?,
        locale: row.parse("locale")?,
        return_url: row.maybe_parse("return_url")?,
        times: LinkTimes {
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            used_at: row.maybe_time("used_at")?,
            revoked_at: row.maybe_time("revoked_at")?,
        },
        session: session.map(ReconnectSessionId::from_uuid),
    })
}
