//! A preview as its answer tells it.

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
    /// Names this preview. A reconnect that is given it as `plan_id` is refused unless all that was judged by still is
    /// so; null where the token itself could not be proved.
    #[schema(schema_with = schema::plan_id_or_null)]
    plan_id: Option<String>,
    /// Until when the plan counts.
    expires_at: Option<DateTime<Utc>>,
    /// Whose the token is; null where it could not be proved.
    person: Option<PersonOut>,
    /// How many assets have each coverage.
    counts: BTreeMap<&'static str, u64>,
    /// One entry for each distinct asset, in the order given.
    items: Vec<PreviewItemOut>,
    /// Assets that are not named here and would lose permissions, because the same person did not tick them again.
    siblings: Vec<SiblingLossOut>,
    /// Whether the person serves more assets than were looked through for that: at most 10,000, by their ids.
    more_siblings: bool,
}

/// What would become of one asset.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewItem)]
pub(crate) struct PreviewItemOut {
    /// The asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// What the token would be to it.
    #[schema(schema_with = schema::coverage)]
    coverage: Coverage,
    /// Why, and who must act, in the words of the item that it would become; null where the token simply works.
    reason: Option<ReasonOut>,
    /// Graph's trace id, to quote to Meta.
    fbtrace_id: Option<String>,
}

/// An asset that would lose permissions although it is not named.
#[derive(Serialize, ToSchema)]
#[schema(as = SiblingLoss)]
pub(crate) struct SiblingLossOut {
    /// The asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Its kind.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// A name for people.
    name: Option<String>,
    /// The permissions it was granted and would not be any more.
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
            more_siblings: it.more_siblings,
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
