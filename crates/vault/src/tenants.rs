//! Tenants as operators see them: onboarded in one call, named, limited.
//!
//! The rule: an operator never reads what a tenant keeps. What is done to a tenant is told in that tenant's audit,
//! which outlives it. Nothing here touches the installation's own tenant: it has no row.
//! Continue at `tenant_end.rs`.

pub(crate) mod apps;
pub(crate) mod client_secrets;
pub(crate) mod client_spec;
pub(crate) mod clients;
mod guard;
pub(crate) mod lifecycle;
mod quotas;
mod scopes;

use std::collections::HashMap;

use regrant_domain::{AppId, ClientSecret, Origin, Permissions, TenantId};
use regrant_storage::{AuditEvent, ClientSpec, NewTenant, Tenant, TenantLimits};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Acting, ClientView, Error, Repeatable, Resource, Vault,
    idempotency::Once,
    page::{Page, query_limit},
    tenants::{
        client_secrets::new_client,
        client_spec::{check_end, checked, checked_name},
        guard::present,
    },
};

/// How many origins a tenant's pages may be served from.
const MOST_ORIGINS: usize = 20;

/// A tenant to onboard.
pub struct NewTenantSpec {
    /// A name for people.
    pub name: String,
    /// The Meta app it uses.
    pub app_id: AppId,
    /// Its first client.
    pub client: ClientSpec,
    /// How much it may.
    pub limits: TenantLimits,
    /// Where its pages are served from.
    pub origins: Vec<Origin>,
}

/// What is to change about a tenant; what is absent stays, and an inner `None` takes a limit away.
#[derive(Debug, Default)]
pub struct TenantChange {
    /// A name for people.
    pub name: Option<String>,
    /// How many assets it may have.
    pub max_assets: Option<Option<u32>>,
    /// How many of its reconnects may run at once.
    pub max_running_reconnects: Option<Option<u32>>,
    /// How often it may call.
    pub requests_per_second: Option<Option<u32>>,
    /// Where its pages are served from.
    pub origins: Option<Vec<Origin>>,
    /// Whether reading its tokens takes a reason.
    pub reason_required: Option<bool>,
}

/// A tenant as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    /// The tenant.
    pub tenant: Tenant,
    /// Where its pages are served from.
    pub origins: Vec<Origin>,
}

/// One page of tenants.
pub struct TenantList {
    /// The tenants.
    pub data: Vec<TenantView>,
    /// The tenant behind which the next page begins.
    pub next: Option<TenantId>,
}

/// A tenant and the one sight of its first client's secret.
pub struct Onboarded {
    /// The tenant.
    pub tenant: TenantView,
    /// Its client.
    pub client: ClientView,
    /// The client's secret; `None` where the call only repeats another.
    pub secret: Option<ClientSecret>,
}

/// What is kept of an onboarding that may be repeated.
#[derive(Serialize, Deserialize)]
struct Made {
    tenant: TenantId,
    client: ClientView,
}

impl NewTenantSpec {
    /// A tenant with a first client of these scopes, and nothing else decided.
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
    /// Onboards a tenant: its own data key, a first client, its limits and origins, in one transaction.
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
        self.store.app(&app_id).await.map_err(|error| match error {
            regrant_storage::Error::NotFound => Error::Invalid {
                field: "app_id".to_owned(),
                reason: "there is no such app".to_owned(),
            },
            other => other.into(),
        })?;
        let id = TenantId::mint();
        let (data_key, key) = self.keys.mint(id, now).await?;
        let (client, secret) = new_client(&data_key, spec, now)?;
        let client_id = client.id;
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
        let create = async |once: Option<&Once>| {
            let tx = self.store.begin_tenant(&row).await?;
            tx.audit(
                &[AuditEvent::new(
                    by.actor(),
                    "tenant.created",
                    id,
                    told_new(&row),
                )],
                now,
            )
            .await?;
            let client = self.client_in(&tx, client_id).await?;
            let made = Made { tenant: id, client };
            self.conclude(tx, once, &made, now).await?;
            Ok(made)
        };
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

    /// Lists tenants, oldest first, those that were deleted too.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_tenants(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<TenantList, Error> {
        let rows = self.store.tenants_after(after, query_limit(limit)).await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id);
        let ids: Vec<_> = rows.iter().map(|it| it.id).collect();
        let mut origins: HashMap<TenantId, Vec<Origin>> = HashMap::new();
        for (tenant, origin) in self.store.origins_of(&ids).await? {
            origins.entry(tenant).or_default().push(origin);
        }
        let view = |tenant: Tenant| {
            let origins = origins.remove(&tenant.id).unwrap_or_default();
            TenantView { tenant, origins }
        };
        Ok(TenantList {
            data: rows.into_iter().map(view).collect(),
            next,
        })
    }

    /// The tenant with this id.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn tenant(&self, id: TenantId) -> Result<TenantView, Error> {
        let tenant = self
            .store
            .tenant(id)
            .await
            .map_err(Error::missing(Resource::Tenant))?;
        let origins = self
            .store
            .origins_of(&[id])
            .await?
            .into_iter()
            .map(|(_, it)| it)
            .collect();
        Ok(TenantView { tenant, origins })
    }

    /// Every tenant, those that were deleted too.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, Error> {
        Ok(self.store.tenants().await?)
    }

    /// Changes a tenant: its name, its limits, its origins, whether reading its tokens takes a reason.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn change_tenant(
        &self,
        by: Acting,
        id: TenantId,
        change: TenantChange,
    ) -> Result<TenantView, Error> {
        by.demand_owner()?;
        let name = change.name.as_deref().map(checked_name).transpose()?;
        let origins = change.origins.map(checked_origins).transpose()?;
        let now = self.clock.now();
        let tx = self
            .store
            .begin(&self.scope_for_operator(id).await?)
            .await?;
        let was = present(tx.lock_tenant().await?)?;
        let limits = TenantLimits {
            max_assets: change.max_assets.unwrap_or(was.limits.max_assets),
            max_running_reconnects: change
                .max_running_reconnects
                .unwrap_or(was.limits.max_running_reconnects),
            requests_per_second: change
                .requests_per_second
                .unwrap_or(was.limits.requests_per_second),
        };
        let reason_required = change.reason_required.unwrap_or(was.reason_required);
        let is = Tenant {
            name: name.unwrap_or_else(|| was.name.clone()),
            limits,
            reason_required,
            ..was
        };
        tx.update_tenant(&is).await?;
        if let Some(origins) = &origins {
            tx.set_origins(origins).await?;
        }
        tx.audit(
            &[AuditEvent::new(
                by.actor(),
                "tenant.changed",
                id,
                told(&is, origins.as_deref()),
            )],
            now,
        )
        .await?;
        tx.commit().await?;
        self.tenant(id).await
    }
}

fn checked_origins(mut origins: Vec<Origin>) -> Result<Vec<Origin>, Error> {
    origins.sort();
    origins.dedup();
    if origins.len() > MOST_ORIGINS {
        let reason = format!("expected at most {MOST_ORIGINS}");
        return Err(Error::Invalid {
            field: "cors_origins".to_owned(),
            reason,
        });
    }
    Ok(origins)
}

/// What the audit tells of an onboarding.
fn told_new(row: &NewTenant) -> Value {
    json!({
        "name": row.name, "app_id": row.app_id, "limits": limits(row.limits), "cors_origins": row.origins,
        "client": row.client.id, "scopes": row.client.spec.scopes,
    })
}

/// What the audit tells of a change: everything that holds after it.
fn told(is: &Tenant, origins: Option<&[Origin]>) -> Value {
    let mut detail = json!({
        "name": is.name, "limits": limits(is.limits), "reason_required": is.reason_required,
    });
    if let (Some(origins), Some(detail)) = (origins, detail.as_object_mut()) {
        detail.insert("cors_origins".to_owned(), json!(origins));
    }
    detail
}

fn limits(it: TenantLimits) -> Value {
    json!({
        "max_assets": it.max_assets, "max_running_reconnects": it.max_running_reconnects,
        "requests_per_second": it.requests_per_second,
    })
}
