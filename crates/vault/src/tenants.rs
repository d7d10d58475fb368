//! Operator acts: onboarding a tenant with its first client.

use regrant_crypto::mint_client_secret;
use regrant_domain::{AppId, ClientId, ClientSecret, Permissions, TenantId};
use regrant_storage::{ClientRow, NewClient, NewTenant, Tenant, TenantScope};

use crate::{Error, Resource, Vault};

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
        let (client, secret) = new_client(tenant, "first", scopes, now)?;
        let (id, key) = (client.id, self.keys.mint(tenant, now).await?);
        let row = NewTenant { id: tenant, name, app_id: app.clone(), created_at: now, key, client };
        self.store.insert_tenant(&row).await?;
        Ok(Onboarded { tenant, client: id, secret })
    }

    /// Adds a client to a tenant.
    ///
    /// # Errors
    /// `Invalid` for an empty or overlong name; `NotFound(Tenant)`.
    pub async fn create_client(
        &self,
        tenant: TenantId,
        name: &str,
        scopes: Permissions,
    ) -> Result<Onboarded, Error> {
        let name = checked_name(name)?;
        self.store.tenant(tenant).await.map_err(Error::missing(Resource::Tenant))?;
        let (client, secret) = new_client(tenant, &name, scopes, self.clock.now())?;
        self.store.insert_client(&client).await?;
        Ok(Onboarded { tenant, client: client.id, secret })
    }

    /// Gives a client another secret; the old one is dead at once.
    ///
    /// # Errors
    /// `NotFound(Client)`.
    pub async fn reset_client_secret(
        &self,
        tenant: TenantId,
        client: ClientId,
    ) -> Result<ClientSecret, Error> {
        let (secret, hash) = mint_client_secret()?;
        let stored = self.store.set_client_secret(tenant, client, hash.as_bytes()).await;
        stored.map_err(Error::missing(Resource::Client))?;
        Ok(secret)
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

    /// A tenant's clients.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn clients(&self, tenant: TenantId) -> Result<Vec<ClientRow>, Error> {
        Ok(self.store.clients(tenant).await?)
    }

    /// The scope of a tenant, for acts that an operator starts on this machine.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn scope_for_operator(&self, tenant: TenantId) -> Result<TenantScope, Error> {
        self.store.scope_for_operator(tenant).await.map_err(Error::missing(Resource::Tenant))
    }
}

fn new_client(
    tenant: TenantId,
    name: &str,
    scopes: Permissions,
    created_at: regrant_domain::Timestamp,
) -> Result<(NewClient, ClientSecret), Error> {
    let (secret, hash) = mint_client_secret()?;
    let secret_hash = hash.as_bytes().to_vec();
    Ok((
        NewClient { id: ClientId::mint(), tenant, name: name.to_owned(), secret_hash, scopes, created_at },
        secret,
    ))
}

fn checked_name(name: &str) -> Result<String, Error> {
    let name = name.trim();
    let fits = (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control);
    if fits {
        Ok(name.to_owned())
    } else {
        let reason = "expected 1 to 200 characters without control characters".to_owned();
        Err(Error::Invalid { field: "name".to_owned(), reason })
    }
}
