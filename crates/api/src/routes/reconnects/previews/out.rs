//! A preview as its response shows it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, AssetKind, Coverage, LeftOutAsset, LeftOutCause, Locale, PreviewId, PreviewItem,
    PreviewStatus, ReachableAsset,
};
use regrant_vault::{PreviewFailure, PreviewView};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::out::PersonOut;
use crate::{
    problem::{Problem, preview_interrupted},
    reason::ReasonOut,
    schema,
};

/// A preview without what it found.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectPreviewSummary)]
pub(crate) struct PreviewSummary {
    /// Id of the preview.
    #[schema(value_type = String, example = "rpv_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: PreviewId,
    /// Status of the preview.
    #[schema(schema_with = schema::preview_status)]
    status: PreviewStatus,
    /// Id of the plan of this preview. A reconnect with this `plan_id` is refused if assets or token changed since the
    /// preview; null while the preview runs, and if the token could not be validated.
    #[schema(schema_with = schema::plan_id_or_null)]
    plan_id: Option<String>,
    /// When the preview and its plan expire.
    expires_at: DateTime<Utc>,
    /// Person of the token; null while the preview runs, and if the token could not be validated.
    person: Option<PersonOut>,
    /// Number of assets by coverage, without those whose coverage is not known yet.
    counts: BTreeMap<&'static str, u64>,
    /// Number of assets.
    total: i64,
    /// Number of assets that the log-in leaves out.
    left_out_count: u64,
    /// Number of new assets that the token reaches.
    reachable_count: u64,
    /// Whether the log-in may leave out assets beyond `left_out`: the person serves more than the 10,000, by id, that were
    /// compared; or, for a session, it leaves out assets that the session does not reach, and its client does.
    more_siblings: bool,
    /// Whether all new assets that the token reaches were found; null while the preview runs, and without `find_new_assets`.
    reachable_complete: Option<bool>,
    /// Why the preview failed; null if it did not.
    failure: Option<PreviewFailureOut>,
    /// When it began.
    created_at: DateTime<Utc>,
    /// When it ended; null while it runs, and if it was interrupted.
    finished_at: Option<DateTime<Utc>>,
}

/// What a reconnect would do.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectPreview)]
pub(crate) struct PreviewOut {
    /// The preview without what it found.
    #[serde(flatten)]
    summary: PreviewSummary,
    /// One entry per distinct asset whose coverage is known, in the order of the request.
    items: Vec<PreviewItemOut>,
    /// Other assets that would lose permissions, because the same person did not select them again at log-in.
    siblings: Vec<SiblingLossOut>,
    /// All assets that a token of the same person serves and that the log-in leaves out, named in the request or not.
    left_out: Vec<LeftOutOut>,
    /// Assets that the token reaches and the caller does not have; empty without `find_new_assets`.
    reachable: Vec<ReachableOut>,
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

/// An asset that the log-in before reached and this one leaves out.
#[derive(Serialize, ToSchema)]
#[schema(as = LeftOutAsset)]
pub(crate) struct LeftOutOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
    /// Why: `not_ticked` (the person granted the permission for other assets), `permission_missing` (the person did not
    /// grant it at all), `no_access` (the person granted it, but has no access to the asset any more). As far as the Graph
    /// API says what was granted for which asset.
    #[schema(schema_with = schema::left_out_cause)]
    cause: LeftOutCause,
    /// Permissions that the asset would lose.
    lost_scopes: Vec<String>,
    /// Whether the request names the asset.
    is_named: bool,
    /// Whether the asset is in use: its token was read within 30 days, as far as the newest 20,000 audit events say.
    is_used: bool,
    /// When its token was read last; null if it is not in use.
    last_read_at: Option<DateTime<Utc>>,
}

/// A new asset that the token reaches.
#[derive(Serialize, ToSchema)]
#[schema(as = ReachableAsset)]
pub(crate) struct ReachableOut {
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
}

/// Why a preview failed.
#[derive(Serialize, ToSchema)]
#[schema(as = PreviewFailure)]
pub(crate) struct PreviewFailureOut {
    /// Code of the problem, as `POST /v1/reconnect-previews` responds with it: one of `/problems`.
    code: &'static str,
    /// What happened.
    detail: String,
}

impl PreviewOut {
    /// The preview with its sentences in this language.
    pub(crate) fn in_language(mut view: PreviewView, locale: Locale) -> Self {
        let items = std::mem::take(&mut view.items).into_iter();
        let left_out = std::mem::take(&mut view.left_out);
        let reachable = std::mem::take(&mut view.reachable).into_iter();
        let siblings = left_out.iter().filter_map(SiblingLossOut::of_left_out);
        Self {
            items: items
                .map(|it| PreviewItemOut::in_language(it, locale))
                .collect(),
            siblings: siblings.collect(),
            left_out: left_out.into_iter().map(LeftOutOut::from).collect(),
            reachable: reachable.map(ReachableOut::from).collect(),
            summary: view.into(),
        }
    }
}

impl From<PreviewView> for PreviewSummary {
    fn from(it: PreviewView) -> Self {
        let counts = it.tally.coverages.into_iter();
        Self {
            id: it.id,
            status: it.status,
            plan_id: it.plan.map(|plan| plan.to_string()),
            expires_at: it.expires_at,
            person: it.person.map(PersonOut::from),
            counts: counts.map(|(it, n)| (it.as_str(), n)).collect(),
            total: it.total,
            left_out_count: it.tally.left_out,
            reachable_count: it.tally.reachable,
            more_siblings: it.has_more_left_out,
            reachable_complete: it.is_search_complete,
            failure: it.failure.map(PreviewFailureOut::from),
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

impl From<PreviewFailure> for PreviewFailureOut {
    fn from(it: PreviewFailure) -> Self {
        let problem = match it {
            PreviewFailure::TokenRefused(refusal) => Problem::from(refusal),
            PreviewFailure::Interrupted => preview_interrupted(),
        };
        let (code, detail) = problem.into_code_and_detail();
        Self {
            code,
            detail: detail.into_owned(),
        }
    }
}

impl PreviewItemOut {
    /// The item with its sentences in this language.
    pub(crate) fn in_language(it: PreviewItem, locale: Locale) -> Self {
        let reason = it.reason.as_ref();
        Self {
            asset_id: it.asset_id,
            coverage: it.coverage,
            reason: reason.map(|it| ReasonOut::in_language(it, locale)),
            fbtrace_id: it.fbtrace_id,
        }
    }
}

impl SiblingLossOut {
    fn of_left_out(it: &LeftOutAsset) -> Option<Self> {
        (!it.is_named).then(|| Self {
            asset_id: it.asset_id.clone(),
            kind: it.kind,
            name: it.name.clone(),
            lost_scopes: it.lost_scopes.clone(),
        })
    }
}

impl From<LeftOutAsset> for LeftOutOut {
    fn from(it: LeftOutAsset) -> Self {
        Self {
            asset_id: it.asset_id,
            kind: it.kind,
            name: it.name,
            cause: it.cause,
            lost_scopes: it.lost_scopes,
            is_named: it.is_named,
            is_used: it.last_read_at.is_some(),
            last_read_at: it.last_read_at,
        }
    }
}

impl From<ReachableAsset> for ReachableOut {
    fn from(it: ReachableAsset) -> Self {
        Self {
            asset_id: it.asset_id,
            kind: it.kind,
            name: it.name,
            business_id: it.business_id,
        }
    }
}
