//! Operators create, list and change tenants, with their Meta apps and clients.
//!
//! The rule: an operator never reads a tenant's data. Every change writes to the tenant's own
//! audit, which outlives the tenant. Nothing here changes the installation's own tenant, which has
//! no row.
//! Start at `onboarding.rs`; continue at `lifecycle.rs`.

pub(crate) mod app_secrets;
pub(crate) mod apps;
pub(crate) mod asset_counts;
pub(crate) mod client_secrets;
pub(crate) mod client_spec;
pub(crate) mod clients;
pub(crate) mod guard;
pub(crate) mod lifecycle;
mod onboarding;
pub(crate) mod pass;
mod quotas;
mod scopes;
pub(crate) mod shred;

use std::collections::HashMap;

use regrant_domain::{ConsentForms, TenantId, WebOrigin};
use regrant_storage::{AuditEvent, Tenant, TenantLimits};
use serde_json::{Value, json};

pub use onboarding::{NewTenantSpec, Onboarding};

use crate::{
    Actor, Error, Resource, Vault,
    call::page::{Page, query_limit},
    tenants::{client_spec::check_name, guard::require_not_deleted, shred::TenantDeletion},
};

/// The maximum number of web origins per tenant.
const MAX_ORIGINS: usize = 20;

/// Changes to a tenant. `None` leaves a field as it is; an inner `None` removes a limit.
#[derive(Debug, Default)]
pub struct TenantChange {
    /// The display name.
    pub name: Option<String>,
    /// The maximum number of assets.
    pub max_assets: Option<Option<u32>>,
    /// The maximum number of reconnects that run at once.
    pub max_running_reconnects: Option<Option<u32>>,
    /// The rate limit in requests per second.
    pub requests_per_second: Option<Option<u32>>,
    /// The web origins of the tenant's pages.
    pub origins: Option<Vec<WebOrigin>>,
    /// Whether reads of the tenant's tokens require a reason.
    pub reason_required: Option<bool>,
    /// In which forms the tenant's browsers may hand over a consent.
    pub accept: Option<ConsentForms>,
}

/// A tenant as operators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantView {
    /// The tenant.
    pub tenant: Tenant,
    /// The web origins of the tenant's pages.
    pub origins: Vec<WebOrigin>,
    /// The deletion of the tenant or of its data keys, and what it waits for.
    pub deletion: Option<TenantDeletion>,
}

/// One page of tenants.
pub struct TenantList {
    /// The tenants.
    pub data: Vec<TenantView>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<TenantId>,
}

impl TenantChange {
    /// The tenant after the change, without the origins, which have rows of their own.
    fn apply_to(self, was: Tenant) -> Tenant {
        let limits = TenantLimits {
            max_assets: self.max_assets.unwrap_or(was.limits.max_assets),
            max_running_reconnects: self
                .max_running_reconnects
                .unwrap_or(was.limits.max_running_reconnects),
            requests_per_second: self
                .requests_per_second
                .unwrap_or(was.limits.requests_per_second),
        };
        Tenant {
            name: self.name.unwrap_or_else(|| was.name.clone()),
            limits,
            reason_required: self.reason_required.unwrap_or(was.reason_required),
            accept: self.accept.unwrap_or(was.accept),
            ..was
        }
    }
}

impl Vault {
    /// Lists tenants, oldest first, including deleted ones.
    pub async fn list_tenants(
        &self,
        after: Option<TenantId>,
        limit: u32,
    ) -> Result<TenantList, Error> {
        let rows = self
            .store
            .list_tenants_after(after, query_limit(limit))
            .await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id)?;
        let ids: Vec<_> = rows.iter().map(|it| it.id).collect();
        let mut origins: HashMap<TenantId, Vec<WebOrigin>> = HashMap::new();
        for (tenant, origin) in self.store.list_origins(&ids).await? {
            origins.entry(tenant).or_default().push(origin);
        }
        let mut deletions = self.list_tenant_deletions(&ids).await?;
        let view = |tenant: Tenant| TenantView {
            origins: origins.remove(&tenant.id).unwrap_or_default(),
            deletion: deletions.remove(&tenant.id),
            tenant,
        };
        Ok(TenantList {
            data: rows.into_iter().map(view).collect(),
            next,
        })
    }

    /// Finds a tenant by id.
    ///
    /// # Errors
    /// `NotFound(Tenant)`.
    pub async fn find_tenant(&self, id: TenantId) -> Result<TenantView, Error> {
        let tenant = self
            .store
            .find_tenant(id)
            .await
            .map_err(Error::not_found_as(Resource::Tenant))?;
        let origins = self
            .store
            .list_origins(&[id])
            .await?
            .into_iter()
            .map(|(_, it)| it)
            .collect();
        Ok(TenantView {
            deletion: self.list_tenant_deletions(&[id]).await?.remove(&id),
            tenant,
            origins,
        })
    }

    /// Lists every tenant, including deleted ones.
    pub async fn list_all_tenants(&self) -> Result<Vec<Tenant>, Error> {
        Ok(self.store.list_tenants().await?)
    }

    /// Changes the name, limits, origins, reason requirement or forms of consents of a tenant.
    ///
    /// # Errors
    /// `ReadOnly`; `Invalid`; `NotFound(Tenant)`; `Conflict(TenantGone)`.
    pub async fn change_tenant(
        &self,
        by: Actor,
        id: TenantId,
        mut change: TenantChange,
    ) -> Result<TenantView, Error> {
        self.require_owner(by).await?;
        change.name = change.name.as_deref().map(check_name).transpose()?;
        let origins = change.origins.take().map(check_origins).transpose()?;
        check_accept(change.accept)?;
        let now = self.clock.now();
        let tx = self
            .store
            .begin(&self.find_scope_for_operator(id).await?)
            .await?;
        let was = require_not_deleted(tx.lock_tenant().await?)?;
        let is = change.apply_to(was);
        tx.update_tenant(&is).await?;
        if let Some(origins) = &origins {
            tx.set_origins(origins).await?;
        }
        let event = AuditEvent::new(
            by.audit_name(),
            "tenant.changed",
            id,
            tenant_detail(&is, origins.as_deref()),
        );
        tx.write_audit_events(&[event], now).await?;
        tx.commit().await?;
        self.find_tenant(id).await
    }
}

/// Sorts and deduplicates the origins of a tenant; refuses too many.
fn check_origins(mut origins: Vec<WebOrigin>) -> Result<Vec<WebOrigin>, Error> {
    origins.sort();
    origins.dedup();
    if origins.len() > MAX_ORIGINS {
        let reason = format!("expected at most {MAX_ORIGINS}");
        return Err(Error::Invalid {
            field: "cors_origins".to_owned(),
            reason,
        });
    }
    Ok(origins)
}

/// Refuses a list without any form.
fn check_accept(accept: Option<ConsentForms>) -> Result<(), Error> {
    if accept.is_some_and(ConsentForms::is_empty) {
        let reason = "expected at least one form".to_owned();
        return Err(Error::Invalid {
            field: "accept".to_owned(),
            reason,
        });
    }
    Ok(())
}

/// The audit detail of a change: all values after it.
fn tenant_detail(is: &Tenant, origins: Option<&[WebOrigin]>) -> Value {
    let mut detail = json!({
        "name": is.name, "limits": limits_detail(is.limits), "reason_required": is.reason_required,
        "accept": is.accept.iter().collect::<Vec<_>>(),
    });
    if let (Some(origins), Some(detail)) = (origins, detail.as_object_mut()) {
        detail.insert("cors_origins".to_owned(), json!(origins));
    }
    detail
}

/// The limits of a tenant as audit detail.
fn limits_detail(it: TenantLimits) -> Value {
    json!({
        "max_assets": it.max_assets, "max_running_reconnects": it.max_running_reconnects,
        "requests_per_second": it.requests_per_second,
    })
}
