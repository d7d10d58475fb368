//! A reconnect as every answer tells it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, Counts, Grant, Outcome, PersonId, ReconnectId, ReconnectStatus, Serving,
};
use regrant_vault::{ItemView, ReconnectView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{reason::ReasonOut, schema};

/// A reconnect without its items.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconnectSummary {
    /// Its id.
    #[schema(value_type = String, example = "rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: ReconnectId,
    /// Where it stands.
    #[schema(schema_with = schema::reconnect_status)]
    status: ReconnectStatus,
    /// Whose the new token is, once that is proved.
    person: Option<PersonOut>,
    /// How many items have each outcome; open items have none.
    counts: BTreeMap<&'static str, u64>,
    /// How many items there are.
    total: i64,
    /// When it was accepted.
    created_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
}

/// A reconnect.
#[derive(Serialize, ToSchema)]
#[schema(as = Reconnect)]
pub(crate) struct ReconnectOut {
    /// What a list tells, too.
    #[serde(flatten)]
    summary: ReconnectSummary,
    /// One item for each distinct asset, in the order given.
    items: Vec<ItemOut>,
}

/// Whose a token is.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonOut {
    /// The person as the app sees it.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// A name, where the Graph told one.
    name: Option<String>,
    /// Whether it is a managed account; null where the Graph did not say.
    is_work_account: Option<bool>,
}

/// What became of one asset.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectItem)]
pub(crate) struct ItemOut {
    /// The asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// The outcome; null while the item is open. `deferred` is not final.
    #[schema(schema_with = schema::outcome_or_null)]
    outcome: Option<Outcome>,
    /// Which token serves afterwards.
    #[schema(schema_with = schema::serving_or_null)]
    serving: Option<Serving>,
    /// Why, and who must act.
    reason: Option<ReasonOut>,
    /// When it is tried again; `deferred` only.
    retry_at: Option<DateTime<Utc>>,
    /// Graph's trace id, to quote to Meta.
    fbtrace_id: Option<String>,
}

impl From<ReconnectView> for ReconnectOut {
    fn from(mut view: ReconnectView) -> Self {
        let items = std::mem::take(&mut view.items)
            .into_iter()
            .map(ItemOut::from)
            .collect();
        Self {
            summary: view.into(),
            items,
        }
    }
}

impl From<ReconnectView> for ReconnectSummary {
    fn from(it: ReconnectView) -> Self {
        Self {
            id: it.id,
            status: it.status,
            person: it.grant.map(PersonOut::from),
            counts: counts(&it.counts),
            total: it.total,
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

impl From<ItemView> for ItemOut {
    fn from(it: ItemView) -> Self {
        Self {
            asset_id: it.asset_id,
            outcome: it.outcome,
            serving: it.serving,
            reason: it.reason.map(ReasonOut::from),
            retry_at: it.retry_at,
            fbtrace_id: it.fbtrace_id,
        }
    }
}

impl From<Grant> for PersonOut {
    fn from(it: Grant) -> Self {
        Self {
            id: it.person_id,
            name: it.person_name,
            is_work_account: it.is_work_account,
        }
    }
}

fn counts(counts: &Counts) -> BTreeMap<&'static str, u64> {
    counts
        .iter()
        .map(|(outcome, n)| (outcome.as_str(), n))
        .collect()
}
