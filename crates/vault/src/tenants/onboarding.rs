//! Onboards a tenant: creates the tenant, a data key and a first client.
//!
//! The rule: one transaction writes all of it, and the secret of the first client is shown once.
//! Start at `Vault::create_tenant`.

use regrant_domain::{AppId, ClientSecret, Permissions, TenantId, WebOrigin};
use regrant_storage::{AuditEvent, ClientSpec, NewTenant, TenantLimits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Actor, ClientView, Error, RepeatableRequest, TenantView, Vault,
    call::idempotency::IdempotentCall,
    tenants::{
        check_origins,
        client_secrets::build_client,
        client_spec::{check_expiry, check_name, check_spec, invalid_field},
        limits_detail,
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
    pub origins: Vec<WebOrigin>,
}

/// A new tenant with the secret of its first client.
pub struct Onboarding {
    /// The tenant.
    pub tenant: TenantView,
    /// The first client.
    pub client: ClientView,
    /// The client's secret, shown once; `None` if the request repeats an earlier one.
    pub secret: Option<ClientSecret>,
}

/// The stored result of an onboarding, for repeated requests. Holds no secret.
#[derive(Serialize, Deserialize)]
struct OnboardingRecord {
    tenant: TenantId,
    client: ClientView,
}

impl NewTenantSpec {
    /// A tenant with default limits, no origins and a first client with these scopes.
    #[must_use]
    pub fn with_scopes(name: &str, app_id: AppId, scopes: Permissions) -> Self {
        let (name, limits, origins) = (name.to_owned(), TenantLimits::default(), Vec::new());
        Self {
            name,
            app_id,
            client: ClientSpec::with_scopes("first", scopes),
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
        by: Actor,
        new: NewTenantSpec,
        repeat: Option<RepeatableRequest>,
    ) -> Result<Onboarding, Error> {
        self.require_owner(by).await?;
        let (name, origins) = (check_name(&new.name)?, check_origins(new.origins)?);
        let (app_id, limits, now) = (new.app_id, new.limits, self.clock.now());
        let spec = check_spec(new.client)?;
        check_expiry(spec.expires_at, now)?;
        self.require_app(&app_id).await?;
        let id = TenantId::mint();
        let (data_key, key) = self.data_keys.generate_key(id, now).await?;
        let (client, secret) = build_client(data_key.tenant(), spec, now)?;
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
        let create =
            async |call: Option<&IdempotentCall>| self.insert_onboarding(by, &row, call).await;
        let done = self
            .run_idempotent(&self.store.system_scope(), by.caller_id(), repeat, create)
            .await?;
        let OnboardingRecord { tenant, client } = done.value;
        let tenant = self.find_tenant(tenant).await?;
        Ok(Onboarding {
            tenant,
            client,
            secret: (!done.is_replay).then_some(secret),
        })
    }

    async fn insert_onboarding(
        &self,
        by: Actor,
        row: &NewTenant,
        call: Option<&IdempotentCall>,
    ) -> Result<OnboardingRecord, Error> {
        let tx = self.store.begin_with_new_tenant(row).await?;
        let event = AuditEvent::new(
            by.audit_name(),
            "tenant.created",
            row.id,
            onboarding_detail(row),
        );
        tx.write_audit_events(&[event], row.created_at).await?;
        let client = self.read_client_view(&tx, row.client.id).await?;
        let record = OnboardingRecord {
            tenant: row.id,
            client,
        };
        self.commit_with_key(tx, call, &record, row.created_at)
            .await?;
        Ok(record)
    }

    /// Refuses an app that is not registered.
    async fn require_app(&self, id: &AppId) -> Result<(), Error> {
        match self.store.find_app(id).await {
            Ok(_) => Ok(()),
            Err(regrant_storage::Error::NotFound) => {
                Err(invalid_field("app_id", "there is no such app".to_owned()))
            }
            Err(other) => Err(other.into()),
        }
    }
}

/// The audit detail of an onboarding.
fn onboarding_detail(row: &NewTenant) -> Value {
    json!({
        "name": row.name, "app_id": row.app_id, "limits": limits_detail(row.limits), "cors_origins": row.origins,
        "client": row.client.id, "scopes": row.client.spec.scopes,
    })
}
