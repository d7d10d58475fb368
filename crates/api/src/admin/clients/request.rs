//! Requests about clients.

use std::net::IpAddr;

use ipnet::IpNet;
use regrant_domain::{AssetId, Permission, Reach, ReachLimit};
use regrant_vault::{ClientChange, ClientSpec};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    json::{ListIn, Moment, deserialize_nullable},
    schema,
};

/// A client to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct NewClient {
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Scopes of the client.
    #[schema(schema_with = schema::scope_names)]
    scopes: ListIn<ScopeName>,
    /// When the client expires (RFC 3339).
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Moment>,
    /// Networks from which the client may call; by default any.
    #[schema(value_type = Option<Vec<String>>, max_items = 50, example = json!(["203.0.113.0/24"]))]
    networks: Option<ListIn<NetworkIn>>,
    /// Assets that the client may reach; by default all assets of the tenant.
    reach: Option<ReachIn>,
    /// Whether the client must bind its access tokens to a key and prove each call with it (DPoP, RFC 9449).
    #[serde(default)]
    proof_required: bool,
    /// Whether the client keeps scopes that it does not use.
    #[serde(default)]
    keep_unused_scopes: bool,
}

/// Changes of a client; absent fields stay as they are, and null removes a limit.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent and null are two things")]
pub(super) struct ClientPatch {
    /// Display name.
    #[schema(min_length = 1, max_length = 200)]
    name: Option<String>,
    /// Scopes of the client.
    #[schema(schema_with = schema::scope_names, required = false)]
    scopes: Option<ListIn<ScopeName>>,
    /// When the client expires (RFC 3339).
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    expires_at: Option<Option<Moment>>,
    /// Networks from which the client may call.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<Vec<String>>, max_items = 50)]
    networks: Option<Option<ListIn<NetworkIn>>>,
    /// Assets that the client may reach.
    #[serde(default, deserialize_with = "deserialize_nullable")]
    #[schema(value_type = Option<ReachIn>)]
    reach: Option<Option<ReachIn>>,
    /// Whether every call of the client needs a proof.
    proof_required: Option<bool>,
    /// Whether the client keeps scopes that it does not use.
    keep_unused_scopes: Option<bool>,
    /// Whether the client is refused; disabling revokes its access tokens permanently.
    disabled: Option<bool>,
}

/// How long the previous secret remains valid.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResetClientSecret {
    /// Hours for which both secrets are valid, at most 720; if absent, the previous secret and all access tokens issued
    /// so far become invalid at once.
    #[schema(minimum = 0, maximum = 720)]
    pub(super) overlap_hours: Option<u64>,
}

/// These assets, and all assets of these businesses.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReachPatch)]
pub(super) struct ReachIn {
    /// Graph ids of assets; ad accounts with `act_`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 500)]
    asset_ids: ListIn<AssetId>,
    /// Graph ids of businesses.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 100)]
    business_ids: ListIn<AssetId>,
}

/// The name of a scope.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ScopeName(Permission);

/// A network or a single address.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct NetworkIn(IpNet);

impl From<NewClient> for ClientSpec {
    fn from(it: NewClient) -> Self {
        Self {
            name: it.name,
            scopes: it.scopes.0.into_iter().map(|it| it.0).collect(),
            expires_at: it.expires_at.map(|it| it.0),
            networks: it.networks.map(into_networks),
            reach: into_reach(it.reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
        }
    }
}

impl From<ClientPatch> for ClientChange {
    fn from(it: ClientPatch) -> Self {
        Self {
            name: it.name,
            scopes: it
                .scopes
                .map(|it| it.0.into_iter().map(|it| it.0).collect()),
            expires_at: it.expires_at.map(|it| it.map(|it| it.0)),
            networks: it.networks.map(|it| it.map(into_networks)),
            reach: it.reach.map(into_reach),
            proof_required: it.proof_required,
            keep_unused_scopes: it.keep_unused_scopes,
            disabled: it.disabled,
        }
    }
}

fn into_networks(it: ListIn<NetworkIn>) -> Vec<IpNet> {
    it.0.into_iter().map(|it| it.0).collect()
}

fn into_reach(it: Option<ReachIn>) -> Reach {
    it.map_or(Reach::All, |it| {
        let (assets, businesses) = (
            it.asset_ids.0.into_iter().collect(),
            it.business_ids.0.into_iter().collect(),
        );
        Reach::Within(ReachLimit { assets, businesses })
    })
}

impl TryFrom<String> for ScopeName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected the name of a scope")
    }
}

impl TryFrom<String> for NetworkIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let address = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let network = text.parse().ok().or_else(address);
        network
            .map(Self)
            .ok_or("expected a network such as 203.0.113.0/24, or an address")
    }
}
