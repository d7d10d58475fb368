//! The calendar and a person's impact as every answer tells them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use regrant_domain::{
    AssetId, AssetKind, CredentialKind, PersonId, Slot, Who,
    forecast::{Cover, Day, Effect},
    state::{EndingCause, Status},
};
use regrant_vault::{Forecast, ForecastEntry};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::assets::EndingOut;
use crate::{cursor::cursor, reason::ReasonOut, schema};

/// The disconnect calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = Forecast)]
pub(crate) struct ForecastOut {
    /// The moment it is of.
    generated_at: DateTime<Utc>,
    /// From this moment on.
    from: DateTime<Utc>,
    /// Before this moment.
    to: DateTime<Utc>,
    /// The days on which something ends, in UTC.
    days: Vec<DayOut>,
    /// One page of endings, the earliest first.
    data: Vec<EntryOut>,
    /// Whether there are more behind these.
    has_more: bool,
    /// Send it as `cursor` to get them.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Assets that work and of which no ending ahead is known: unknown, never safe.
    unknown: u64,
    /// Assets that had a token and do not work any more.
    passed: u64,
}

/// One day of the calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = ForecastDay)]
struct DayOut {
    /// The day (UTC).
    date: NaiveDate,
    /// How many assets end.
    count: u64,
    /// Those among them that go on without an interruption.
    covered: u64,
    /// How many for each cause.
    causes: BTreeMap<&'static str, u64>,
    /// How many of each degree of confidence.
    confidence: BTreeMap<&'static str, u64>,
}

/// One ending of one asset.
#[derive(Serialize, ToSchema)]
#[schema(as = ForecastEntry)]
pub(crate) struct EntryOut {
    /// The asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Its kind.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// A name for people.
    name: Option<String>,
    /// Its business.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// The person behind the active credential.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// The ending.
    ending: EndingOut,
    /// What goes on afterwards: a proved spare, a new life of the same token, or a parked token that may
    /// follow; null where nothing does.
    #[schema(schema_with = schema::cover_or_null)]
    covered_by: Option<Cover>,
    /// What is to be known beside.
    note: Option<&'static str>,
    /// The asset's state now.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// Since when it is in this state.
    since: DateTime<Utc>,
    /// Who must act on the state.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why it is in this state, and what comes next.
    reason: ReasonOut,
    /// When a probe asks next; null where there is nothing to ask with.
    next_check_at: Option<DateTime<Utc>>,
}

/// What becomes of one asset when its person leaves.
#[derive(Serialize, ToSchema)]
#[schema(as = ImpactEntry)]
pub(crate) struct ImpactOut {
    /// Whether it ends, waits for its parked token, or goes on.
    #[schema(schema_with = schema::leave_effect)]
    effect: Effect,
    /// Which credential follows; null where none does.
    by: Option<ByOut>,
    /// The ending and the asset's state.
    #[serde(flatten)]
    entry: EntryOut,
}

/// A credential that follows.
#[derive(Serialize, ToSchema)]
#[schema(as = ImpactBy)]
struct ByOut {
    /// Where it stands.
    #[schema(schema_with = schema::slot_name)]
    slot: Slot,
    /// What kind of token it holds.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// Whether a system user stands behind it.
    system_user: bool,
    /// Whose it is.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
}

const SYSTEM_USER_SERVES: &str = "A system user's token serves: no person's migration or departure touches it, nor the shares between businesses.";
const SYSTEM_USER_FOLLOWS: &str = "A system user's token takes over: nobody has to act.";
const WAITS: &str =
    "A parked token takes over once it reaches the asset; until then nothing serves it.";

impl From<Forecast> for ForecastOut {
    fn from(it: Forecast) -> Self {
        Self {
            generated_at: it.generated_at,
            from: it.from,
            to: it.to,
            days: it.days.into_iter().map(DayOut::from).collect(),
            data: it.data.into_iter().map(EntryOut::from).collect(),
            has_more: it.next.is_some(),
            next_cursor: it.next.as_ref().map(cursor),
            unknown: it.totals.unknown,
            passed: it.totals.passed,
        }
    }
}

impl From<(NaiveDate, Day)> for DayOut {
    fn from((date, day): (NaiveDate, Day)) -> Self {
        let Day {
            count,
            covered,
            causes,
            confidence,
        } = day;
        let causes = causes
            .into_iter()
            .map(|(cause, n)| (cause.as_str(), n))
            .collect();
        let confidence = confidence
            .into_iter()
            .map(|(degree, n)| (degree.as_str(), n))
            .collect();
        Self {
            date,
            count,
            covered,
            causes,
            confidence,
        }
    }
}

impl From<ForecastEntry> for EntryOut {
    fn from(it: ForecastEntry) -> Self {
        let (covered_by, note) = (it.cover(), note(&it));
        let ForecastEntry {
            asset,
            state,
            ending,
            ..
        } = it;
        Self {
            asset_id: asset.id,
            kind: asset.kind,
            name: asset.name,
            business_id: asset.business_id,
            person_id: asset.person_id,
            ending: ending.into(),
            covered_by,
            note,
            state: state.status,
            since: state.since,
            who: state.who(),
            reason: state.reason.into(),
            next_check_at: state.next_check_at,
        }
    }
}

impl From<ForecastEntry> for ImpactOut {
    fn from(it: ForecastEntry) -> Self {
        let by = it.cover.as_ref().map(|(_, it)| ByOut {
            slot: it.slot,
            kind: it.kind,
            system_user: it.system_user,
            person_id: it.person_id.clone(),
        });
        Self {
            effect: it.effect(),
            by,
            entry: it.into(),
        }
    }
}

fn note(it: &ForecastEntry) -> Option<&'static str> {
    match &it.cover {
        Some((Cover::Standby, spare)) if spare.system_user => Some(SYSTEM_USER_FOLLOWS),
        Some((Cover::Candidate, _)) => Some(WAITS),
        _ if it.system_user && it.ending.cause != EndingCause::PersonLeaves => {
            Some(SYSTEM_USER_SERVES)
        }
        _ => None,
    }
}
