//! Operator acts: onboarding a tenant with its first client.

use regrant_domain::{AppId, ClientId, ClientSecret, Permissions, TenantId};
use regrant_storage::{ClientSpec, NewTenant, Tenant, TenantScope};

use crate::{
    Error, Resource, Vault,
    clients::{checked_name, new_client},
};

/// A tenant and the one sight of its first client's secret.
pub struct Onboarded {
    /// The tenant.
    pub tenant: TenantId,
    /// Its client.
    pub client: ClientId,
    /// The client's secret; only its hash is kept.
    pub secret: ClientSecret,
}

impl Vault {
    /// Onboards a tenant: its own data key and a first client, in one transaction.
    ///
    /// # Errors
    /// `Invalid` for an empty or overlong name; `NotFound(App)`.
    pub async fn create_tenant(
        &self,
        name: &str,
        app: &AppId,
        scopes: Permissions,
    ) -> Result<Onboarded, Error> {
        let name = checked_name(name)?;
        self.store.app(app).await.map_err(Error::missing(Resource::App))?;
        let (tenant, now) = (TenantId::mint(), self.clock.now());
        let (data_key, key) = self.keys.mint(tenant, now).await?;
        let (client, secret) = new_client(&data_key, ClientSpec::named("first", scopes), now)?;
        let id = client.id;
        let row = NewTenant { id: tenant, name, app_id: app.clone(), created_at: now, key, client };
        self.store.insert_tenant(&row).await?;
        Ok(Onboarded { tenant, client: id, secret })
    }

    /// Says whether reading this tenant's tokens takes a reason.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn require_reason(&self, tenant: TenantId, required: bool) -> Result<(), Error> {
        let changed = self.store.require_reason(tenant, required, self.clock.now()).await;
        changed.map_err(Error::missing(Resource::Tenant))
    }

    /// Every tenant.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        Ok(self.store.tenants().await?)
    }

    /// The scope of a tenant, for acts that an operator starts on this machine.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn scope_for_operator(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        self.store.scope_for_operator(tenant).await.map_err(Error::missing(Resource::Tenant))
    }
}
