//! Which tenants can still be changed: neither shredded nor deleted.

use regrant_domain::TenantId;
use regrant_storage::{Tenant, TenantScope};

use crate::{Conflict, Error, Resource, Vault};

impl Vault {
    /// The scope of a tenant, for acts of operators.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn scope_for_operator(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        self.store
            .scope_for_operator(tenant)
            .await
            .map_err(Error::missing(Resource::Tenant))
    }

    /// The same of a tenant that still has keys to seal under.
    pub(super) async fn living_scope(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        living(
            self.store
                .tenant(tenant)
                .await
                .map_err(Error::missing(Resource::Tenant))?,
        )?;
        self.scope_for_operator(tenant).await
    }
}

/// What is given to a tenant needs keys to be sealed under. Ask once more under the tenant's lock.
pub(super) fn living(tenant: Tenant) -> Result<(), Error> {
    match present(tenant)?.shredded_at {
        None => Ok(()),
        Some(_) => Err(Error::Conflict(Conflict::TenantGone)),
    }
}

/// What was deleted stays so.
pub(super) fn present(tenant: Tenant) -> Result<Tenant, Error> {
    if tenant.deleted_at.is_some() {
        Err(Error::Conflict(Conflict::TenantGone))
    } else {
        Ok(tenant)
    }
}
