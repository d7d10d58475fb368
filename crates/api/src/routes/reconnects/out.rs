//! A reconnect and its items as responses show them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, Grant, Outcome, OutcomeCounts, PersonId, ReconnectId, ReconnectStatus, Serving,
    TokenFacts,
};
use regrant_vault::{ItemView, ReconnectView};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{reason::ReasonOut, schema};

/// A reconnect without its items.
#[derive(Serialize, ToSchema)]
pub(crate) struct ReconnectSummary {
    /// Id of the reconnect.
    #[schema(value_type = String, example = "rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: ReconnectId,
    /// Status of the reconnect.
    #[schema(schema_with = schema::reconnect_status)]
    status: ReconnectStatus,
    /// Person of the new token; null until the token is validated.
    person: Option<PersonOut>,
    /// Number of items by outcome, without open items.
    counts: BTreeMap<&'static str, u64>,
    /// Number of items.
    total: i64,
    /// When the reconnect was accepted.
    created_at: DateTime<Utc>,
    /// When the last item was settled, or the reconnect cancelled; null while it runs.
    finished_at: Option<DateTime<Utc>>,
}

/// A reconnect.
#[derive(Serialize, ToSchema)]
#[schema(as = Reconnect)]
pub(crate) struct ReconnectOut {
    /// The reconnect without its items.
    #[serde(flatten)]
    summary: ReconnectSummary,
    /// One item per distinct asset, in the order of the request.
    items: Vec<ItemOut>,
}

/// The person who granted a token.
#[derive(Serialize, ToSchema)]
#[schema(as = Person)]
pub(crate) struct PersonOut {
    /// App-scoped id of the person.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// Name; null if the Graph API gave none.
    name: Option<String>,
    /// Whether it is a managed account; null if the Graph API did not say.
    is_work_account: Option<bool>,
}

/// The result for one asset of a reconnect.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectItem)]
pub(crate) struct ItemOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Outcome; null while the item is open. `deferred` is not final.
    #[schema(schema_with = schema::outcome_or_null)]
    outcome: Option<Outcome>,
    /// Which token serves the asset afterwards.
    #[schema(schema_with = schema::serving_or_null)]
    serving: Option<Serving>,
    /// Why the item has this outcome, and who must act.
    reason: Option<ReasonOut>,
    /// Only with `deferred`: when the item is tried again.
    retry_at: Option<DateTime<Utc>>,
    /// Trace id of the Graph API, to quote to Meta.
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
            counts: count_outcomes(&it.counts),
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
        it.facts.into()
    }
}

impl From<TokenFacts> for PersonOut {
    fn from(it: TokenFacts) -> Self {
        Self {
            id: it.person_id,
            name: it.person_name,
            is_work_account: it.is_work_account,
        }
    }
}

fn count_outcomes(counts: &OutcomeCounts) -> BTreeMap<&'static str, u64> {
    counts
        .iter()
        .map(|(outcome, n)| (outcome.as_str(), n))
        .collect()
}
