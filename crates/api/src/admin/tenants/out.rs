//! A tenant as responses show it.

use chrono::{DateTime, Utc};
use regrant_domain::{AppId, ConsentForm, KekRef, WebOrigin};
use regrant_vault::{Onboarding, ShredResult, TenantDeletion, TenantLimits, TenantView};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::{access_at_meta::AccessAtMetaOut, clients::MintedClientOut};
use crate::schema;

/// A tenant, without its assets and tokens, which operators cannot read.
#[derive(Serialize, ToSchema)]
#[schema(as = Tenant)]
pub(super) struct TenantOut {
    /// Id of the tenant.
    #[schema(example = "ten_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// Display name.
    name: String,
    /// Id of the Meta app that the tenant uses.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// Status of the tenant.
    #[schema(schema_with = schema::tenant_status)]
    status: &'static str,
    /// Limits of the tenant.
    limits: LimitsOut,
    /// Exact origins of its pages.
    #[schema(value_type = Vec<String>, example = json!(["https://app.example.com"]))]
    cors_origins: Vec<WebOrigin>,
    /// Whether reading its tokens requires a reason.
    reason_required: bool,
    /// Forms in which its browser sessions may hand over a consent.
    #[schema(schema_with = schema::consent_forms)]
    accept: Vec<ConsentForm>,
    /// When the tenant was created.
    created_at: DateTime<Utc>,
    /// When the scheduled deletion happens; until then the tenant can be restored.
    delete_after: Option<DateTime<Utc>>,
    /// When the tenant was deleted. Its audit is kept.
    deleted_at: Option<DateTime<Utc>>,
    /// When the data keys of the tenant were deleted by a shred.
    shredded_at: Option<DateTime<Utc>>,
    /// When the bytes of its deleted keys and rows had left the database's file. Null while they wait for the worker, and
    /// always on PostgreSQL, where they stay in dead rows, the log and replicas for as long as the server keeps those.
    erased_at: Option<DateTime<Utc>>,
    /// What the deletion of a shredded or deleted tenant waits for; null for others.
    deletion: Option<TenantDeletionOut>,
}

/// From when on nothing of a shredded or deleted tenant can be opened.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantDeletion)]
pub(super) struct TenantDeletionOut {
    /// From when on no copy of the tenant's sealed data can be opened, wherever it is kept. Null while that waits.
    effective_at: Option<DateTime<Utc>>,
    /// The versions of the key-encryption key that wrapped data keys of the tenant and are not destroyed, `<id>/<version>`.
    /// Who holds the keyring and a copy of the database, its log or a backup can open the tenant's data until they are.
    /// Replace and retire them. Empty with a time.
    waits_for: Vec<String>,
}

/// The limits of a tenant; null means the default of the installation.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantLimits)]
pub(super) struct LimitsOut {
    /// Largest number of assets.
    #[schema(value_type = Option<u64>, required = true)]
    max_assets: Option<u32>,
    /// Largest number of reconnects that run at once.
    #[schema(value_type = Option<u64>, required = true)]
    max_running_reconnects: Option<u32>,
    /// Largest number of calls per second.
    #[schema(value_type = Option<u64>, required = true)]
    requests_per_second: Option<u32>,
}

/// A tenant with its first client and the client's secret, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = OnboardedTenant)]
pub(super) struct OnboardedOut {
    /// Onboarded tenant.
    tenant: TenantOut,
    /// First client.
    client: MintedClientOut,
}

/// The destruction of a tenant's data keys.
#[derive(Serialize, ToSchema)]
#[schema(as = ShreddedTenant)]
pub(super) struct ShreddedOut {
    /// When the data keys were deleted. The tenant's data is no longer opened: by this process at once, by others within
    /// five minutes.
    shredded_at: DateTime<Utc>,
    /// From when on no copy of the tenant's sealed data can be opened, wherever it is kept. Null while that waits; call
    /// again to read it.
    effective_at: Option<DateTime<Utc>>,
    /// The versions of the key-encryption key that wrapped data keys of the tenant and are not destroyed, `<id>/<version>`.
    /// Who holds the keyring and a copy of the database, its log or a backup can open the tenant's data until they are.
    /// Replace and retire them. Empty with a time.
    waits_for: Vec<String>,
    /// When the bytes of the keys had left the database's file. Null while they wait for the worker, and always on
    /// PostgreSQL, where they stay in dead rows, the log and replicas for as long as the server keeps those.
    erased_at: Option<DateTime<Utc>>,
    /// What became of the app's access for the tenant's persons at Meta. Null if the shred did not ask to end it.
    access_at_meta: Option<AccessAtMetaOut>,
}

impl From<TenantView> for TenantOut {
    fn from(it: TenantView) -> Self {
        let TenantView {
            tenant,
            origins,
            deletion,
        } = it;
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
            accept: tenant.accept.iter().collect(),
            created_at: tenant.created_at,
            delete_after: tenant.delete_after,
            deleted_at: tenant.deleted_at,
            shredded_at: tenant.shredded_at,
            erased_at: tenant.erased_at,
            deletion: deletion.map(TenantDeletionOut::from),
        }
    }
}

impl From<TenantDeletion> for TenantDeletionOut {
    fn from(it: TenantDeletion) -> Self {
        Self {
            effective_at: it.effective_at,
            waits_for: it.waits_for.iter().map(KekRef::to_string).collect(),
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

impl From<Onboarding> for OnboardedOut {
    fn from(it: Onboarding) -> Self {
        Self {
            tenant: it.tenant.into(),
            client: MintedClientOut::with_secret(it.client, it.secret),
        }
    }
}

impl From<ShredResult> for ShreddedOut {
    fn from(it: ShredResult) -> Self {
        Self {
            shredded_at: it.shredded_at,
            effective_at: it.effective_at,
            waits_for: it.waits_for.iter().map(KekRef::to_string).collect(),
            erased_at: it.erased_at,
            access_at_meta: it.revocation.map(AccessAtMetaOut::from),
        }
    }
}
