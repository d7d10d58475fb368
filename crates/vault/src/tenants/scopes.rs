//! Lists the scopes of all tenants, for work that runs tenant by tenant.

use regrant_storage::TenantScope;

use crate::{Error, Vault};

/// The number of tenants per query.
const PAGE_SIZE: u32 = 200;

impl Vault {
    /// The scopes of the installation and of every active tenant.
    pub(crate) async fn list_active_scopes(&self) -> Result<Vec<TenantScope>, Error> {
        self.list_scopes(true).await
    }

    /// The scopes of everything with an audit: the installation and every tenant, including
    /// suspended and deleted ones.
    pub(crate) async fn list_audit_scopes(&self) -> Result<Vec<TenantScope>, Error> {
        self.list_scopes(false).await
    }

    async fn list_scopes(&self, only_active: bool) -> Result<Vec<TenantScope>, Error> {
        let mut scopes = vec![self.store.system_scope()];
        loop {
            let after = scopes.last().map(TenantScope::tenant);
            let page = if only_active {
                self.store.list_active_scopes(after, PAGE_SIZE).await?
            } else {
                self.store.list_all_scopes(after, PAGE_SIZE).await?
            };
            if page.is_empty() {
                return Ok(scopes);
            }
            scopes.extend(page);
        }
    }
}
