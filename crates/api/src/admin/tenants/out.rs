//! A tenant as the admin API tells of it.

use chrono::{DateTime, Utc};
use regrant_domain::{AppId, Origin};
use regrant_vault::{Onboarded, Shredded, TenantLimits, TenantView};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::clients::MintedClientOut;
use crate::schema;

/// A tenant. What it keeps is not told to operators.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantOut {
    /// Its id.
    #[schema(example = "ten_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// A name for people.
    name: String,
    /// The Meta app it uses.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// Whether it is served.
    #[schema(schema_with = schema::tenant_status)]
    status: &'static str,
    /// How much it may.
    limits: LimitsOut,
    /// Where its pages are served from: exact origins.
    #[schema(value_type = Vec<String>, example = json!(["https://app.example.com"]))]
    cors_origins: Vec<Origin>,
    /// Whether reading its tokens takes a reason.
    reason_required: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// From when on it is deleted; until then it can be restored.
    delete_after: Option<DateTime<Utc>>,
    /// When it was deleted. Its audit stays.
    deleted_at: Option<DateTime<Utc>>,
    /// When its data keys were destroyed.
    shredded_at: Option<DateTime<Utc>>,
}

/// How much a tenant may; null is what holds for all.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantLimits)]
pub(super) struct LimitsOut {
    /// How many assets it may have.
    #[schema(value_type = Option<u64>, required = true)]
    max_assets: Option<u32>,
    /// How many of its reconnects may run at once.
    #[schema(value_type = Option<u64>, required = true)]
    max_running_reconnects: Option<u32>,
    /// How often it may call.
    #[schema(value_type = Option<u64>, required = true)]
    requests_per_second: Option<u32>,
}

/// A tenant with its first client and that client's secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = OnboardedTenant)]
pub(super) struct OnboardedOut {
    /// The tenant.
    tenant: TenantOut,
    /// Its first client.
    client: MintedClientOut,
}

/// What became of a tenant's data keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ShreddedTenant)]
pub(super) struct ShreddedOut {
    /// When they were destroyed.
    shredded_at: DateTime<Utc>,
    /// From when on no process opens anything of the tenant.
    effective_at: DateTime<Utc>,
    /// What this does not reach.
    note: &'static str,
}

impl From<TenantView> for TenantOut {
    fn from(it: TenantView) -> Self {
        let TenantView { tenant, origins } = it;
        let status = if tenant.deleted_at.is_some() {
            "deleted"
        } else {
            tenant.status.as_str()
        };
        Self {
            id: tenant.id.to_string(),
            name: tenant.name,
            app_id: tenant.app_id,
            status,
            limits: tenant.limits.into(),
            cors_origins: origins,
            reason_required: tenant.reason_required,
            created_at: tenant.created_at,
            delete_after: tenant.delete_after,
            deleted_at: tenant.deleted_at,
            shredded_at: tenant.shredded_at,
        }
    }
}

impl From<TenantLimits> for LimitsOut {
    fn from(it: TenantLimits) -> Self {
        let TenantLimits {
            max_assets,
            max_running_reconnects,
            requests_per_second,
        } = it;
        Self {
            max_assets,
            max_running_reconnects,
            requests_per_second,
        }
    }
}

impl From<Onboarded> for OnboardedOut {
    fn from(it: Onboarded) -> Self {
        Self {
            tenant: it.tenant.into(),
            client: MintedClientOut::of(it.client, it.secret),
        }
    }
}

impl From<Shredded> for ShreddedOut {
    fn from(it: Shredded) -> Self {
        let note = "Backups of the database hold the wrapped data keys until they expire.";
        Self {
            shredded_at: it.shredded_at,
            effective_at: it.effective_at,
            note,
        }
    }
}
