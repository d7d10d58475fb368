//! Refuses changes to tenants that are shredded or deleted.
//!
//! The rule: check under the tenant's lock, because the tenant may end between a check and the
//! change.

use regrant_domain::TenantId;
use regrant_storage::{Tenant, TenantScope};

use crate::{Conflict, Error, Resource, Vault};

impl Vault {
    /// Finds the scope of a tenant for the work of an operator.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn find_scope_for_operator(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        self.store
            .find_scope_for_operator(tenant)
            .await
            .map_err(Error::not_found_as(Resource::Tenant))
    }

    /// The same, for a tenant that still has data keys.
    pub(crate) async fn find_unshredded_scope(
        &self,
        tenant: TenantId,
    ) -> Result<TenantScope, Error> {
        require_not_shredded(
            self.store
                .find_tenant(tenant)
                .await
                .map_err(Error::not_found_as(Resource::Tenant))?,
        )?;
        self.find_scope_for_operator(tenant).await
    }
}

/// Refuses a shredded or deleted tenant: it has no data keys. Check again under the tenant's lock.
pub(crate) fn require_not_shredded(tenant: Tenant) -> Result<(), Error> {
    match require_not_deleted(tenant)?.shredded_at {
        None => Ok(()),
        Some(_) => Err(Error::Conflict(Conflict::TenantGone)),
    }
}

/// Refuses a deleted tenant.
pub(super) fn require_not_deleted(tenant: Tenant) -> Result<Tenant, Error> {
    if tenant.deleted_at.is_some() {
        Err(Error::Conflict(Conflict::TenantGone))
    } else {
        Ok(tenant)
    }
}
