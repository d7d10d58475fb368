//! A discovery and its assets as responses show them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, AssetKind, CredentialKind, DiscoveryId, DiscoveryStatus, Familiarity, PersonId,
    RegistrationRefusal,
};
use regrant_vault::{DiscoveredRow, DiscoveryView, UnreadList};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    cursor::{EventSeq, encode_cursor},
    reason::ReasonOut,
    schema,
};

/// A discovery without its assets.
#[derive(Serialize, ToSchema)]
pub(crate) struct DiscoverySummary {
    /// Id of the discovery.
    #[schema(value_type = String, example = "dsc_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: DiscoveryId,
    /// Status of the discovery.
    #[schema(schema_with = schema::discovery_status)]
    status: DiscoveryStatus,
    /// Whether new assets are registered.
    register: bool,
    /// Person or system user of the token.
    person: DiscoveryPersonOut,
    /// Number of assets found, by `status` of the asset.
    counts: BTreeMap<&'static str, u64>,
    /// Lists that the Graph API refused; what they hold is not found.
    unread: Vec<UnreadListOut>,
    /// Whether there are more than the 10,000 assets that a discovery finds.
    truncated: bool,
    /// Number of pages of lists that were read.
    calls: i64,
    /// Why the discovery failed; null if it did not.
    reason: Option<ReasonOut>,
    /// Why not all new assets were registered; null if that was not asked for, or all were.
    #[schema(schema_with = schema::registration_refusal_or_null)]
    not_registered: Option<RegistrationRefusal>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it ended; null while it runs.
    finished_at: Option<DateTime<Utc>>,
}

/// A discovery with a page of its assets.
#[derive(Serialize, ToSchema)]
#[schema(as = Discovery)]
pub(crate) struct DiscoveryOut {
    /// The discovery without its assets.
    #[serde(flatten)]
    summary: DiscoverySummary,
    /// One page of assets.
    data: Vec<DiscoveredAssetOut>,
    /// Whether more assets follow.
    has_more: bool,
    /// Send it as `cursor` to `GET /v1/discoveries/{id}` to get the next page.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Whose token a discovery reads with.
#[derive(Serialize, ToSchema)]
#[schema(as = DiscoveryPerson)]
struct DiscoveryPersonOut {
    /// App-scoped id.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// Name; null if the Graph API gave none.
    name: Option<String>,
    /// Whether it is a managed account; null if the Graph API did not say.
    is_work_account: Option<bool>,
    /// Kind of the token.
    #[schema(schema_with = schema::person_kind)]
    kind: CredentialKind,
}

/// An asset that a token lists.
#[derive(Serialize, ToSchema)]
#[schema(as = DiscoveredAsset)]
pub(crate) struct DiscoveredAssetOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Name at Meta; null if the Graph API gave none.
    name: Option<String>,
    /// Business that owns it, if it was found among the assets of one.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// Whether the tenant has the asset: `another_kind` means that it has an asset of this id with another kind.
    #[schema(schema_with = schema::familiarity)]
    status: Familiarity,
    /// Whether the person granted it to the app at log-in, as far as the token says. A business also lists pages that were
    /// not granted; those are not registered.
    is_granted: bool,
}

/// A list that was not read.
#[derive(Serialize, ToSchema)]
#[schema(as = UnreadList)]
struct UnreadListOut {
    /// Path of the list at the Graph API.
    path: String,
    /// Kind of its assets.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Why, and who must act.
    reason: ReasonOut,
    /// Trace id of the Graph API, to quote to Meta.
    fbtrace_id: Option<String>,
}

impl From<DiscoveryView> for DiscoverySummary {
    fn from(it: DiscoveryView) -> Self {
        let counts = it.counts.into_iter();
        Self {
            id: it.id,
            status: it.status,
            register: it.registers,
            person: DiscoveryPersonOut {
                id: it.token.person_id,
                name: it.token.person_name,
                is_work_account: it.token.is_work_account,
                kind: it.token.kind,
            },
            counts: counts.map(|(status, n)| (status.as_str(), n)).collect(),
            unread: it.unread.into_iter().map(UnreadListOut::from).collect(),
            truncated: it.is_truncated,
            calls: it.calls,
            reason: it.reason.map(ReasonOut::from),
            not_registered: it.not_registered,
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

impl From<DiscoveryView> for DiscoveryOut {
    fn from(mut view: DiscoveryView) -> Self {
        let assets = std::mem::take(&mut view.assets);
        let next = view.next.map(EventSeq);
        Self {
            data: assets.into_iter().map(DiscoveredAssetOut::from).collect(),
            has_more: next.is_some(),
            next_cursor: next.as_ref().map(encode_cursor),
            summary: view.into(),
        }
    }
}

impl From<DiscoveredRow> for DiscoveredAssetOut {
    fn from(it: DiscoveredRow) -> Self {
        Self {
            asset_id: it.asset.id,
            kind: it.asset.kind,
            name: it.asset.name,
            business_id: it.asset.business_id,
            status: it.familiarity,
            is_granted: it.asset.is_granted,
        }
    }
}

impl From<UnreadList> for UnreadListOut {
    fn from(it: UnreadList) -> Self {
        Self {
            path: it.edge.path(),
            kind: it.edge.kind,
            reason: it.reason.into(),
            fbtrace_id: it.fbtrace_id,
        }
    }
}
