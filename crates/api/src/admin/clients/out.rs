//! A client as responses show it.
//!
//! The rule: only the response that made a secret contains it.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use regrant_domain::{AssetId, ClientSecret, Permission, Permissions, Reach};
use regrant_vault::{ClientView, ClientWithSecret};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::schema;

/// A client, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub(super) struct ClientOut {
    /// Id of the client.
    #[schema(example = "cli_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// Display name.
    name: String,
    /// Scopes of the client.
    #[schema(schema_with = schema::scope_names)]
    scopes: Vec<&'static str>,
    /// When each scope was last used, to the hour.
    scopes_used: Vec<ScopeUseOut>,
    /// When the client expires; null if it does not.
    expires_at: Option<DateTime<Utc>>,
    /// Networks from which the client may call; null means any.
    #[schema(value_type = Option<Vec<String>>, example = json!(["203.0.113.0/24"]))]
    networks: Option<Vec<IpNet>>,
    /// Assets that the client may reach; null means all assets of the tenant.
    reach: Option<ReachOut>,
    /// Whether every call of the client needs a proof.
    proof_required: bool,
    /// Whether the client keeps scopes that it does not use.
    keep_unused_scopes: bool,
    /// When the client was created.
    created_at: DateTime<Utc>,
    /// When the client was disabled; null if it is enabled.
    disabled_at: Option<DateTime<Utc>>,
    /// Until when the previous secret is valid, too.
    older_secret_until: Option<DateTime<Utc>>,
    /// When the client last called, to the hour.
    last_used_at: Option<DateTime<Utc>>,
}

/// A client with its new secret, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedClient)]
pub(in crate::admin) struct MintedClientOut {
    /// The client.
    #[serde(flatten)]
    client: ClientOut,
    /// Secret of the client; null if the call repeats another one with the same Idempotency-Key.
    #[serde(serialize_with = "serialize_secret")]
    #[schema(value_type = Option<String>)]
    secret: Option<ClientSecret>,
}

/// A scope and when it was last used.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeUse)]
struct ScopeUseOut {
    /// Name of the scope.
    #[schema(schema_with = schema::scope_name)]
    scope: &'static str,
    /// When the scope was last used, to the hour.
    used_at: Option<DateTime<Utc>>,
}

/// These assets, and all assets of these businesses.
#[derive(Serialize, ToSchema)]
#[schema(as = Reach)]
struct ReachOut {
    /// Graph ids of assets.
    #[schema(value_type = Vec<String>)]
    asset_ids: Vec<AssetId>,
    /// Graph ids of businesses.
    #[schema(value_type = Vec<String>)]
    business_ids: Vec<AssetId>,
}

impl MintedClientOut {
    pub(in crate::admin) fn with_secret(client: ClientView, secret: Option<ClientSecret>) -> Self {
        Self {
            client: client.into(),
            secret,
        }
    }
}

impl From<ClientWithSecret> for MintedClientOut {
    fn from(it: ClientWithSecret) -> Self {
        Self::with_secret(it.client, it.secret)
    }
}

impl From<ClientView> for ClientOut {
    fn from(it: ClientView) -> Self {
        let used = |(scope, used_at): (Permission, _)| ScopeUseOut {
            scope: scope.as_str(),
            used_at,
        };
        Self {
            id: it.id.to_string(),
            name: it.name,
            scopes: scope_names(it.scopes),
            scopes_used: it.scopes_used.into_iter().map(used).collect(),
            expires_at: it.expires_at,
            networks: it.networks,
            reach: describe_reach(it.reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
            created_at: it.created_at,
            disabled_at: it.disabled_at,
            older_secret_until: it.older_secret_until,
            last_used_at: it.last_used_at,
        }
    }
}

fn scope_names(scopes: Permissions) -> Vec<&'static str> {
    scopes.iter().map(Permission::as_str).collect()
}

fn describe_reach(it: Reach) -> Option<ReachOut> {
    match it {
        Reach::All => None,
        Reach::Within(it) => Some(ReachOut {
            asset_ids: it.assets.into_iter().collect(),
            business_ids: it.businesses.into_iter().collect(),
        }),
    }
}

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
fn serialize_secret<S: Serializer>(
    secret: &Option<ClientSecret>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}
