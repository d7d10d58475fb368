//! A reconnect and its items as responses show them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, Grant, Locale, Outcome, OutcomeCounts, PersonId, ReconnectId, ReconnectStatus,
    Serving, TokenFacts, Verdict,
};
use regrant_vault::{ItemView, PreviewPerson, ReconnectView};
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
    /// What came of it: `all_done` (every item is replaced, unchanged, restored or superseded), `nothing_changed` (none is
    /// replaced, restored or parked), or `some_need_someone`; null while it runs.
    #[schema(schema_with = schema::verdict_or_null)]
    verdict: Option<Verdict>,
    /// Reconnect that this one undoes; null where it replaces tokens.
    #[schema(value_type = Option<String>, example = "rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    undo_of: Option<ReconnectId>,
    /// Person of the new token; null until the token is validated, and in an undo.
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
    /// Which token serves the asset afterwards. In an undo, `new` is the token of the reconnect that is undone, and `old`
    /// the token that served before that reconnect.
    #[schema(schema_with = schema::serving_or_null)]
    serving: Option<Serving>,
    /// Why the item has this outcome, and who must act.
    reason: Option<ReasonOut>,
    /// Only with `deferred`: when the item is tried again.
    retry_at: Option<DateTime<Utc>>,
    /// Trace id of the Graph API, to quote to Meta.
    fbtrace_id: Option<String>,
    /// Until when this item can be undone, as far as is known: the end of the token that served before, or of the
    /// reconnect's retention; null if there is nothing to undo.
    undo_until: Option<DateTime<Utc>>,
}

impl ReconnectOut {
    /// The reconnect with the sentences of its items in this language.
    pub(crate) fn in_language(mut view: ReconnectView, locale: Locale) -> Self {
        let items = std::mem::take(&mut view.items)
            .into_iter()
            .map(|it| ItemOut::in_language(it, locale))
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
            verdict: it.verdict(),
            undo_of: it.undo_of,
            person: it.grant.map(PersonOut::from),
            counts: count_outcomes(&it.counts),
            total: it.total,
            created_at: it.created_at,
            finished_at: it.finished_at,
        }
    }
}

impl ItemOut {
    /// The item with its sentences in this language.
    pub(crate) fn in_language(it: ItemView, locale: Locale) -> Self {
        let reason = it.reason.as_ref();
        Self {
            asset_id: it.asset_id,
            outcome: it.outcome,
            serving: it.serving,
            reason: reason.map(|it| ReasonOut::in_language(it, locale)),
            retry_at: it.retry_at,
            fbtrace_id: it.fbtrace_id,
            undo_until: it.undo_until,
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

impl From<PreviewPerson> for PersonOut {
    fn from(it: PreviewPerson) -> Self {
        Self {
            id: it.id,
            name: it.name,
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
