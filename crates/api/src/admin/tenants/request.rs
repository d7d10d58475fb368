//! Requests about tenants.

use super::super::clients::NewClient;
use crate::{
    json::{ListIn, deserialize_nullable},
    schema,
};
use regrant_domain::{AppId, ConsentForm, Permissions, WebOrigin};
use regrant_vault::{ClientSpec, NewTenantSpec, TenantChange, TenantLimits};
use serde::Deserialize;
use utoipa::ToSchema;

/// A tenant to onboard.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTenant {
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Id of the Meta app that the tenant uses.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// First client; by default one named `first` with all scopes.
    client: Option<NewClient>,
    /// Limits of the tenant.
    limits: Option<LimitsIn>,
    /// Exact origins of its pages, at most 20.
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!(["https://app.example.com"]))]
    cors_origins: Option<ListIn<WebOrigin>>,
}

/// Changes of a tenant; absent fields stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TenantPatch {
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Limits of the tenant; null removes a limit of its own.
    limits: Option<LimitsIn>,
    /// Exact origins of its pages, at most 20; they replace the previous ones.
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    cors_origins: Option<ListIn<WebOrigin>>,
    /// Whether reading its tokens requires a reason.
    reason_required: Option<bool>,
    /// Forms in which its browser sessions may hand over a consent, at least one.
    #[schema(schema_with = schema::some_consent_forms_or_null, required = false)]
    accept: Option<ListIn<ConsentForm>>,
}

/// The limits of a tenant; null means the default of the installation.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantLimitsPatch)]
#[expect(clippy::option_option, reason = "absent and null are two things")]
struct LimitsIn {
    /// Largest number of assets.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    max_assets: Option<Option<u32>>,
    /// Largest number of reconnects that run at once.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    max_running_reconnects: Option<Option<u32>>,
    /// Largest number of calls per second.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<u64>, maximum = 4_294_967_295_u32)]
    requests_per_second: Option<Option<u32>>,
}

/// Confirms which tenant to shred.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ShredTenant {
    /// Id of the tenant, again.
    pub(super) confirm: String,
    /// Whether the app's access for the tenant's persons ends at Meta, too, before their tokens are destroyed. Meta ends it
    /// for every tenant of the app: a person whose credential another tenant holds keeps it.
    #[serde(default)]
    pub(super) revoke_at_meta: bool,
}

impl From<NewTenant> for NewTenantSpec {
    fn from(it: NewTenant) -> Self {
        let client = it.client.map_or_else(
            || ClientSpec::with_scopes("first", Permissions::all()),
            Into::into,
        );
        let limits = it.limits.unwrap_or_default();
        let limits = TenantLimits {
            max_assets: limits.max_assets.flatten(),
            max_running_reconnects: limits.max_running_reconnects.flatten(),
            requests_per_second: limits.requests_per_second.flatten(),
        };
        let origins = it.cors_origins.map(|it| it.0).unwrap_or_default();
        Self {
            name: it.name,
            app_id: it.app_id,
            client,
            limits,
            origins,
        }
    }
}

impl From<TenantPatch> for TenantChange {
    fn from(it: TenantPatch) -> Self {
        let LimitsIn {
            max_assets,
            max_running_reconnects,
            requests_per_second,
        } = it.limits.unwrap_or_default();
        Self {
            name: it.name,
            max_assets,
            max_running_reconnects,
            requests_per_second,
            origins: it.cors_origins.map(|it| it.0),
            reason_required: it.reason_required,
            accept: it.accept.map(|it| it.0.into_iter().collect()),
        }
    }
}
