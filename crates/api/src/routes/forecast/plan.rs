//! The reconnect plan: its query, and the plan as its response shows it.

use chrono::{DateTime, TimeDelta, Utc};
use regrant_domain::{AssetId, Locale, PageUrl, PersonFacts, PersonId};
use regrant_vault::{
    LinkWithAddress, PlanLinks, PlanLinksRequest, PlannedAsk, ReconnectPlan, RepeatableRequest,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::links::{IDS_PER_ENTRY, MadeLinkOut};
use crate::{extract::HostedBase, json::Moment, schema};

/// How many assets a list of a plan names.
const MAX_NAMED: usize = 200;

/// Which assets a plan covers.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlanQuery {
    /// Assets that end within so many days are at risk.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 366, default = 30)]
    within_days: WithinDays,
}

/// Links to make for a plan.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlanLinks {
    /// Assets that end within so many days are at risk.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 1, maximum = 366, default = 30)]
    within_days: DaysOfBody,
    /// Language of the pages.
    #[schema(schema_with = schema::locale, required = false)]
    locale: Option<Locale>,
    /// When the links end, at most seven days from now; by default in seven days.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Moment>,
    /// Page to which the persons are led back at the end; its origin must be among those that are listed for the tenant.
    #[schema(value_type = Option<String>, max_length = 2048)]
    return_url: Option<PageUrl>,
}

/// Links of a plan, the most urgent person first.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanLinks)]
pub(crate) struct PlanLinksOut {
    /// One link per person.
    data: Vec<MadeLinkOut>,
    /// Whether the plan has more than the 200 persons that one call makes links for.
    has_more: bool,
}

/// A number of days, as the text of a query: 1 to 366, 30 by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct WithinDays(u32);

/// The same as a number of a body.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct DaysOfBody(WithinDays);

/// Whom to ask to log in, so that all assets at risk keep working.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectPlan)]
pub(crate) struct PlanOut {
    /// Time of the data.
    generated_at: DateTime<Utc>,
    /// Assets that end before this time are at risk.
    until: DateTime<Utc>,
    /// Number of assets at risk: they end in this time and neither a standby nor a refresh covers the ending, or they have
    /// stopped working.
    at_risk: u64,
    /// Number of these assets that the persons of the plan can cover.
    covered: u64,
    /// No set of fewer persons can cover as many assets.
    at_least: u64,
    /// Whether the plan has the smallest possible number of persons: then `at_least` is that number.
    is_minimal: bool,
    /// Persons to ask, the most urgent first.
    persons: Vec<PlannedPersonOut>,
    /// Assets at risk that no known person can cover.
    uncovered: AssetsOut,
}

/// A person to ask.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedPerson)]
struct PlannedPersonOut {
    /// App-scoped id of the person.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// Name; null if the Graph API gave none.
    name: Option<String>,
    /// Whether it is a managed account; null if the Graph API did not say.
    is_work_account: Option<bool>,
    /// Assets that this person is asked for. Each asset of a plan is asked of one person.
    assets: AssetsOut,
    /// When the first of them ends; null if all of them have stopped working.
    first_end: Option<DateTime<Utc>>,
    /// Number of them that have stopped working.
    stopped: u64,
    /// Number of them for which the person must log in with another account: a cut-off ends, or has ended, the access of
    /// this one.
    needs_other_account: u64,
    /// Number of assets that no other known person can cover.
    only_by_person: u64,
    /// Coverage without this person.
    without_person: CoverageOut,
}

/// What a plan covers if one of its persons does not act.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanCoverage)]
struct CoverageOut {
    /// Number of assets at risk that the other persons of the plan can cover.
    covered: u64,
    /// The same as a percentage of the assets at risk, rounded down.
    percent: u64,
}

/// Assets of a plan.
#[derive(Serialize, ToSchema)]
#[schema(as = PlanAssets)]
struct AssetsOut {
    /// Number of assets.
    count: u64,
    /// Ids of the first 200, the most urgent first.
    #[schema(value_type = Vec<String>, max_items = 200)]
    asset_ids: Vec<AssetId>,
    /// Whether there are more.
    has_more: bool,
}

impl PlanQuery {
    pub(super) fn within(&self) -> TimeDelta {
        TimeDelta::days(self.within_days.0.into())
    }
}

impl Default for WithinDays {
    fn default() -> Self {
        Self(30)
    }
}

impl WithinDays {
    fn in_range(days: Option<u32>) -> Result<Self, &'static str> {
        let days = days.filter(|it| (1..=366).contains(it));
        days.map(Self).ok_or("expected a number from 1 to 366")
    }
}

impl TryFrom<String> for WithinDays {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::in_range(text.parse().ok())
    }
}

impl TryFrom<u64> for DaysOfBody {
    type Error = &'static str;

    fn try_from(days: u64) -> Result<Self, Self::Error> {
        WithinDays::in_range(days.try_into().ok()).map(Self)
    }
}

impl NewPlanLinks {
    pub(super) fn into_request(self, repeatable: Option<RepeatableRequest>) -> PlanLinksRequest {
        PlanLinksRequest {
            within: TimeDelta::days(self.within_days.0.0.into()),
            locale: self.locale.unwrap_or(Locale::En),
            ends_at: self.ends_at.map(|it| it.0),
            return_url: self.return_url,
            repeatable,
        }
    }
}

impl PlanLinksOut {
    /// The links with their addresses below `base`, and about how many tokens their response is as long as.
    pub(super) fn new(made: PlanLinks, base: &HostedBase) -> (Self, usize) {
        let entries = |it: &LinkWithAddress| it.link.asset_ids.len() / IDS_PER_ENTRY + 2;
        let length = made.links.iter().map(entries).sum();
        let links = made.links.into_iter();
        let out = Self {
            data: links.map(|it| MadeLinkOut::new(it, base)).collect(),
            has_more: made.has_more,
        };
        (out, length)
    }
}

impl From<ReconnectPlan> for PlanOut {
    fn from(it: ReconnectPlan) -> Self {
        let covered = it.at_risk.saturating_sub(it.uncovered.len());
        let person = |ask: PlannedAsk| PlannedPersonOut::of_ask(ask, it.at_risk, covered);
        Self {
            generated_at: it.generated_at,
            until: it.until,
            at_risk: count(it.at_risk),
            covered: count(covered),
            at_least: count(it.at_least),
            is_minimal: it.asks.len() == it.at_least,
            persons: it.asks.into_iter().map(person).collect(),
            uncovered: it.uncovered.into(),
        }
    }
}

impl PlannedPersonOut {
    fn of_ask(ask: PlannedAsk, at_risk: usize, covered: usize) -> Self {
        let PersonFacts {
            id,
            name,
            is_work_account,
            ..
        } = ask.person;
        let others = count(covered.saturating_sub(ask.uncovered_without));
        Self {
            id,
            name,
            is_work_account,
            assets: ask.assets.into(),
            first_end: ask.first_end,
            stopped: count(ask.stopped),
            needs_other_account: count(ask.needs_other_account),
            only_by_person: count(ask.only_by_person),
            without_person: CoverageOut {
                covered: others,
                percent: others.saturating_mul(100) / count(at_risk).max(1),
            },
        }
    }
}

impl From<Vec<AssetId>> for AssetsOut {
    fn from(mut ids: Vec<AssetId>) -> Self {
        let total = ids.len();
        ids.truncate(MAX_NAMED);
        Self {
            count: count(total),
            has_more: total > ids.len(),
            asset_ids: ids,
        }
    }
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_covers_one_to_366_days() {
        for (text, days) in [("1", 1), ("366", 366)] {
            assert_eq!(WithinDays::try_from(text.to_owned()), Ok(WithinDays(days)));
        }
        for text in ["0", "367", "-1", "1.5", "", "x"] {
            assert!(WithinDays::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
