//! A preview as its response shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{AssetId, AssetKind, Coverage};
use regrant_vault::{Preview, PreviewItem, SiblingLoss};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::out::PersonOut;
use crate::{reason::ReasonOut, schema};

/// What a reconnect would do.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectPreview)]
pub(crate) struct PreviewOut {
    /// Id of the plan of this preview. A reconnect with this `plan_id` is refused if assets or token changed since the
    /// preview; null if the token could not be validated.
    #[schema(schema_with = schema::plan_id_or_null)]
    plan_id: Option<String>,
    /// When the plan expires.
    expires_at: Option<DateTime<Utc>>,
    /// Person of the token; null if the token could not be validated.
    person: Option<PersonOut>,
    /// Number of assets by coverage.
    counts: BTreeMap<&'static str, u64>,
    /// One entry per distinct asset, in the order of the request.
    items: Vec<PreviewItemOut>,
    /// Other assets that would lose permissions, because the same person did not select them again at log-in.
    siblings: Vec<SiblingLossOut>,
    /// Whether the person serves more assets than the 10,000, by id, that were checked for such losses.
    more_siblings: bool,
}

/// The preview of one asset.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewItem)]
pub(crate) struct PreviewItemOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// What the token would do for the asset.
    #[schema(schema_with = schema::coverage_name)]
    coverage: Coverage,
    /// The reason that the item of a reconnect would have; null if the token works.
    reason: Option<ReasonOut>,
    /// Trace id of the Graph API, to quote to Meta.
    fbtrace_id: Option<String>,
}

/// An asset that is not part of the preview and would lose permissions.
#[derive(Serialize, ToSchema)]
#[schema(as = SiblingLoss)]
pub(crate) struct SiblingLossOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
    /// Permissions that the asset would lose.
    lost_scopes: Vec<String>,
}

impl From<Preview> for PreviewOut {
    fn from(it: Preview) -> Self {
        let mut counts = BTreeMap::new();
        for item in &it.items {
            *counts.entry(item.coverage.as_str()).or_insert(0) += 1;
        }
        Self {
            plan_id: it.plan.map(|plan| plan.to_string()),
            expires_at: it.plan.map(|plan| plan.expires_at),
            person: it.grant.map(PersonOut::from),
            counts,
            items: it.items.into_iter().map(PreviewItemOut::from).collect(),
            siblings: it.siblings.into_iter().map(SiblingLossOut::from).collect(),
            more_siblings: it.has_more_siblings,
        }
    }
}

impl From<PreviewItem> for PreviewItemOut {
    fn from(it: PreviewItem) -> Self {
        Self {
            asset_id: it.asset_id,
            coverage: it.coverage,
            reason: it.reason.map(ReasonOut::from),
            fbtrace_id: it.fbtrace_id,
        }
    }
}

impl From<SiblingLoss> for SiblingLossOut {
    fn from(it: SiblingLoss) -> Self {
        Self {
            asset_id: it.id,
            kind: it.kind,
            name: it.name,
            lost_scopes: it.lost_scopes,
        }
    }
}
