//! The scopes of every tenant, for work that goes from tenant to tenant.

use regrant_storage::TenantScope;

use crate::{Error, Vault};

/// How many tenants are read at once.
const PAGE: u32 = 200;

impl Vault {
    /// The installation and every tenant that is served.
    pub(crate) async fn active_scopes(&self) -> Result<Vec<TenantScope>, Error> {
        self.scopes(true).await
    }

    /// The installation and every tenant, suspended and deleted ones too: whoever has an audit of its own.
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
