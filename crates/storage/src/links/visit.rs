//! A link that a browser names, with the rights that the client which made it has now.
//!
//! The rule: the browser names a tenant, but only the secret of an address, or the browser's own cookie, gives the scope.

use regrant_domain::{LinkId, Permission, Permissions, Reach, TenantId, Timestamp};

use super::{
    link::{BrowserHash, Link, link_from_row},
    summary::{ALL_COLUMNS, SUMMARY_COLUMNS},
};
use crate::{
    Error, Store, TenantScope,
    integrity::{CLIENTS, LINKS, TENANTS},
    sql::{Plans, Query, Row, to_micros},
    tenants::{client::reach_from_row, client_login::request_rate_from_row},
};

/// By what a browser names a link.
#[derive(Debug, Clone, Copy)]
pub enum LinkKey {
    /// The hash of the secret in its address.
    Secret([u8; 32]),
    /// Its id; the caller checks that the link is of this browser.
    Id(LinkId),
    /// The hash of the state of a log-in that a browser started, and the hash of its cookie. The state is neither spent
    /// nor over at this moment.
    State {
        /// The hash of the state.
        state: [u8; 32],
        /// The hash of the cookie.
        browser: BrowserHash,
        /// The moment.
        now: Timestamp,
    },
}

/// A link that a browser names, not verified yet.
pub struct UnverifiedLink {
    scope: TenantScope,
    /// The link.
    pub link: Link,
    /// The name of its tenant.
    pub tenant_name: String,
    /// The version of the client's tokens when the link was made.
    pub client_version: i64,
    /// The permissions that the client has now.
    pub permissions: Permissions,
    /// The assets that the client reaches now.
    pub reach: Reach,
    /// Links made at a lower version of the client's tokens have ended.
    pub token_version: i64,
    /// When the client expires.
    pub client_until: Option<Timestamp>,
    /// How many requests a second the tenant may send, if the operator set it.
    pub requests_per_second: Option<u32>,
}

impl UnverifiedLink {
    /// Whether the link opens its page at this moment, and its client is still valid and may do what the page does.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.link.times().is_live(now)
            && self.permissions.contains(Permission::ReconnectsWrite)
            && self.client_version >= self.token_version
            && self.client_until.is_none_or(|until| now < until)
    }

    /// The scope of its tenant; take it once the link is verified.
    #[must_use]
    pub const fn scope(&self) -> &TenantScope {
        &self.scope
    }
}

impl Store {
    /// The link that a browser names, unless its client is disabled or its tenant suspended.
    ///
    /// # Errors
    /// [`Error::Tampered`]: the link, its client or its tenant was changed around the application.
    pub async fn find_link_for_browser(
        &self,
        tenant: TenantId,
        key: LinkKey,
    ) -> Result<Option<UnverifiedLink>, Error> {
        let query = select_for_browser(tenant, key);
        let transaction = self.dialect.begin(&self.connection).await?;
        self.dialect
            .set_tenant(&transaction, tenant, Plans::Kept)
            .await?;
        let row = query.fetch_one(&transaction).await?;
        transaction.commit().await?;
        let Some(row) = row else { return Ok(None) };
        let seals = self.row_seals()?;
        seals.check_row(&LINKS, tenant, &row, "l")?;
        seals.check_row(&CLIENTS, tenant, &row, "c")?;
        seals.check_row(&TENANTS, tenant, &row, "t")?;
        read_candidate(tenant, &row).map(Some)
    }
}

fn select_for_browser(tenant: TenantId, key: LinkKey) -> Query {
    let query = Query::tenant(
        tenant,
        "SELECT {columns}, c.scopes, c.asset_ids, c.business_ids, c.expires_at AS client_until,
             c.token_version, t.app_id, t.name AS tenant_name, t.requests_per_second,
             {sealed_link}, {sealed_client}, {sealed_tenant}
         FROM links l
         JOIN clients c ON c.tenant_id = l.tenant_id AND c.id = l.client_id
         JOIN tenants t ON t.id = l.tenant_id
         WHERE l.tenant_id = :tenant AND {key}
             AND c.disabled_at IS NULL AND t.status = 'active'",
    )
    .fill("columns", ALL_COLUMNS)
    .fill("summary", SUMMARY_COLUMNS)
    .fill("sealed_link", LINKS.select_list("l"))
    .fill("sealed_client", CLIENTS.select_list("c"))
    .fill("sealed_tenant", TENANTS.select_list("t"));
    match key {
        LinkKey::Secret(hash) => query
            .fill("key", "l.secret_hash = :secret")
            .bind("secret", hash.to_vec()),
        LinkKey::Id(id) => query.fill("key", "l.id = :id").bind("id", id.uuid()),
        LinkKey::State {
            state,
            browser,
            now,
        } => query
            .fill("key", OF_STATE)
            .bind("state", state.to_vec())
            .bind("browser", browser.to_vec())
            .bind("now", to_micros(now)),
    }
}

/// The link `l` that started the log-in with a state.
const OF_STATE: &str = "
    l.id IN (SELECT g.link_id FROM link_logins g WHERE g.tenant_id = :tenant
        AND g.state_hash = :state AND g.browser_hash = :browser AND g.spent_at IS NULL
        AND g.expires_at > :now)";

fn read_candidate(tenant: TenantId, row: &Row) -> Result<UnverifiedLink, Error> {
    Ok(UnverifiedLink {
        scope: TenantScope::new(tenant, row.parse("app_id")?),
        link: link_from_row(row)?,
        tenant_name: row.get("tenant_name")?,
        client_version: row.get("client_version")?,
        permissions: row.parse("scopes")?,
        reach: reach_from_row(row)?,
        token_version: row.get("token_version")?,
        client_until: row.maybe_time("client_until")?,
        requests_per_second: request_rate_from_row(row)?,
    })
}
