//! Lists the scopes of all tenants, for work that runs tenant by tenant.

use regrant_storage::TenantScope;

use crate::{Error, Vault};

/// The number of tenants per query.
const PAGE: u32 = 200;

impl Vault {
    /// The scopes of the installation and of every active tenant.
    pub(crate) async fn active_scopes(&self) -> Result<Vec<TenantScope>, Error> {
        self.scopes(true).await
    }

    /// The scopes of everything with an audit: the installation and every tenant, including
    /// suspended and deleted ones.
    pub(crate) async fn chain_scopes(&self) -> Result<Vec<TenantScope>, Error> {
        self.scopes(false).await
    }

    async fn scopes(&self, only_active: bool) -> Result<Vec<TenantScope>, Error> {
        let mut scopes = vec![self.store.system_scope()];
        loop {
            let after = scopes.last().map(TenantScope::tenant);
            let page = if only_active {
                self.store.active_scopes(after, PAGE).await?
            } else {
                self.store.every_scope(after, PAGE).await?
            };
            if page.is_empty() {
                return Ok(scopes);
            }
            scopes.extend(page);
        }
    }
}
