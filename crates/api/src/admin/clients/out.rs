//! A client as the admin API tells of it.

use chrono::{DateTime, Utc};
use ipnet::IpNet;
use regrant_domain::{AssetId, ClientSecret, Permission, Permissions, Reach};
use regrant_vault::{ClientView, MintedClient};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::schema;

/// A client, without its secret.
#[derive(Serialize, ToSchema)]
#[schema(as = Client)]
pub(super) struct ClientOut {
    /// Its id.
    #[schema(example = "cli_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: String,
    /// A name for people.
    name: String,
    /// What it may do.
    #[schema(schema_with = schema::scope_names)]
    scopes: Vec<&'static str>,
    /// When each of its scopes was last used, to the hour.
    scopes_used: Vec<ScopeUseOut>,
    /// From when on it is refused.
    expires_at: Option<DateTime<Utc>>,
    /// From where it may call; null is from anywhere.
    #[schema(value_type = Option<Vec<String>>, example = json!(["203.0.113.0/24"]))]
    networks: Option<Vec<IpNet>>,
    /// Which of the tenant's assets it may reach; null is all of them.
    reach: Option<ReachOut>,
    /// Whether each of its calls must carry a proof.
    proof_required: bool,
    /// Whether it keeps scopes that it does not use.
    keep_unused_scopes: bool,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Since when it is refused.
    disabled_at: Option<DateTime<Utc>>,
    /// Until when the secret before its newest counts, too.
    older_secret_until: Option<DateTime<Utc>>,
    /// When it last called, to the hour.
    last_used_at: Option<DateTime<Utc>>,
}

/// A client with its new secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = MintedClient)]
pub(in crate::admin) struct MintedClientOut {
    /// What every answer tells.
    #[serde(flatten)]
    client: ClientOut,
    /// Its secret; null where the call repeats another with the same Idempotency-Key.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = Option<String>)]
    secret: Option<ClientSecret>,
}

/// A scope and its use.
#[derive(Serialize, ToSchema)]
#[schema(as = ScopeUse)]
struct ScopeUseOut {
    /// The scope.
    #[schema(schema_with = schema::scope_name)]
    scope: &'static str,
    /// When it was last used, to the hour.
    used_at: Option<DateTime<Utc>>,
}

/// These assets, and all assets of these businesses.
#[derive(Serialize, ToSchema)]
#[schema(as = Reach)]
struct ReachOut {
    /// Assets.
    #[schema(value_type = Vec<String>)]
    asset_ids: Vec<AssetId>,
    /// Businesses.
    #[schema(value_type = Vec<String>)]
    business_ids: Vec<AssetId>,
}

impl MintedClientOut {
    pub(in crate::admin) fn of(client: ClientView, secret: Option<ClientSecret>) -> Self {
        Self {
            client: client.into(),
            secret,
        }
    }
}

impl From<MintedClient> for MintedClientOut {
    fn from(it: MintedClient) -> Self {
        Self::of(it.client, it.secret)
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
            scopes: names(it.scopes),
            scopes_used: it.scopes_used.into_iter().map(used).collect(),
            expires_at: it.expires_at,
            networks: it.networks,
            reach: reach(it.reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
            created_at: it.created_at,
            disabled_at: it.disabled_at,
            older_secret_until: it.older_secret_until,
            last_used_at: it.last_used_at,
        }
    }
}

fn names(scopes: Permissions) -> Vec<&'static str> {
    scopes.iter().map(Permission::as_str).collect()
}

fn reach(it: Reach) -> Option<ReachOut> {
    match it {
        Reach::All => None,
        Reach::Within(it) => Some(ReachOut {
            asset_ids: it.assets.into_iter().collect(),
            business_ids: it.businesses.into_iter().collect(),
        }),
    }
}

#[expect(clippy::ref_option, reason = "serde hands the field over as it is")]
fn exposed<S: Serializer>(secret: &Option<ClientSecret>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.expose()),
        None => serializer.serialize_none(),
    }
}
