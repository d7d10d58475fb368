//! Onboards a tenant: creates the tenant, a data key and a first client.
//!
//! The rule: one transaction writes all of it, and the secret of the first client is shown once.
//! Start at `Vault::create_tenant`.

use regrant_domain::{AppId, ClientSecret, Origin, Permissions, TenantId};
use regrant_storage::{AuditEvent, ClientSpec, NewTenant, TenantLimits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Acting, ClientView, Error, Repeatable, TenantView, Vault,
    idempotency::Once,
    tenants::{
        checked_origins,
        client_secrets::new_client,
        client_spec::{check_end, checked, checked_name, invalid},
        limits,
    },
};

/// The content of a tenant to onboard.
pub struct NewTenantSpec {
    /// The display name.
    pub name: String,
    /// The Meta app of the tenant; must be registered.
    pub app_id: AppId,
    /// The first client.
    pub client: ClientSpec,
    /// The limits of the tenant.
    pub limits: TenantLimits,
    /// The web origins of the tenant's pages.
    pub origins: Vec<Origin>,
}

/// A new tenant with the secret of its first client.
pub struct Onboarded {
    /// The tenant.
    pub tenant: TenantView,
    /// The first client.
    pub client: ClientView,
    /// The client's secret, shown once; `None` if the request repeats an earlier one.
    pub secret: Option<ClientSecret>,
}

/// The stored result of an onboarding, for repeated requests. Holds no secret.
#[derive(Serialize, Deserialize)]
struct Made {
    tenant: TenantId,
    client: ClientView,
}

impl NewTenantSpec {
    /// A tenant with default limits, no origins and a first client with these scopes.
    #[must_use]
    pub fn named(name: &str, app_id: AppId, scopes: Permissions) -> Self {
        let (name, limits, origins) = (name.to_owned(), TenantLimits::default(), Vec::new());
        Self {
            name,
            app_id,
            client: ClientSpec::named("first", scopes),
            limits,
            origins,
        }
    }
}

impl Vault {
    /// Onboards a tenant with a data key, a first client, limits and origins, in one transaction.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `Conflict(OtherBody)`.
    pub async fn create_tenant(
        &self,
        by: Acting,
        new: NewTenantSpec,
        repeat: Option<Repeatable>,
    ) -> Result<Onboarded, Error> {
        by.demand_owner()?;
        let (name, origins) = (checked_name(&new.name)?, checked_origins(new.origins)?);
        let (app_id, limits, now) = (new.app_id, new.limits, self.clock.now());
        let spec = checked(new.client)?;
        check_end(spec.expires_at, now)?;
        self.require_app(&app_id).await?;
        let id = TenantId::mint();
        let (data_key, key) = self.keys.mint(id, now).await?;
        let (client, secret) = new_client(&data_key, spec, now)?;
        let row = NewTenant {
            id,
            name,
            app_id,
            limits,
            origins,
            created_at: now,
            key,
            client,
        };
        let create = async |call: Option<&Once>| self.insert_onboarding(by, &row, call).await;
        let done = self
            .once(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        let Made { tenant, client } = done.value;
        let tenant = self.tenant(tenant).await?;
        Ok(Onboarded {
            tenant,
            client,
            secret: (!done.repeated).then_some(secret),
        })
    }

    async fn insert_onboarding(
        &self,
        by: Acting,
        row: &NewTenant,
        call: Option<&Once>,
    ) -> Result<Made, Error> {
        let tx = self.store.begin_tenant(row).await?;
        let event = AuditEvent::new(by.actor(), "tenant.created", row.id, told_new(row));
        tx.audit(&[event], row.created_at).await?;
        let client = self.client_in(&tx, row.client.id).await?;
        let record = Made {
            tenant: row.id,
            client,
        };
        self.conclude(tx, call, &record, row.created_at).await?;
        Ok(record)
    }

    /// Refuses an app that is not registered.
    async fn require_app(&self, id: &AppId) -> Result<(), Error> {
        match self.store.app(id).await {
            Ok(_) => Ok(()),
            Err(regrant_storage::Error::NotFound) => {
                Err(invalid("app_id", "there is no such app".to_owned()))
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// The audit detail of an onboarding.
fn told_new(row: &NewTenant) -> Value {
    json!({
        "name": row.name, "app_id": row.app_id, "limits": limits(row.limits), "cors_origins": row.origins,
        "client": row.client.id, "scopes": row.client.spec.scopes,
    })
}
