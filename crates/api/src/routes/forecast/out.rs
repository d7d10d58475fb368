//! The forecast and the impact of a departure as responses show them.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use regrant_domain::{
    AssetId, AssetKind, CredentialKind, PersonId, Slot, Who,
    forecast::{Cover, DepartureEffect, ForecastDay},
    state::{EndingCause, Status},
};
use regrant_vault::{Forecast, ForecastEntry};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::assets::EndingOut;
use crate::{cursor::encode_cursor, reason::ReasonOut, schema};

/// The disconnect calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = Forecast)]
pub(crate) struct ForecastOut {
    /// Time of the data.
    generated_at: DateTime<Utc>,
    /// Start of the range, included.
    from: DateTime<Utc>,
    /// End of the range, excluded.
    to: DateTime<Utc>,
    /// Days (UTC) on which assets end.
    days: Vec<ForecastDayOut>,
    /// One page of endings, earliest first.
    data: Vec<ForecastEntryOut>,
    /// Whether more entries follow.
    has_more: bool,
    /// Send it as `cursor` to get the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Number of working assets without a known future ending: unknown, not safe.
    unknown: u64,
    /// Number of assets that had a token and no longer work.
    passed: u64,
}

/// One day of the calendar.
#[derive(Serialize, ToSchema)]
#[schema(as = ForecastDay)]
struct ForecastDayOut {
    /// Day (UTC).
    date: NaiveDate,
    /// Number of assets that end.
    count: u64,
    /// Number of these assets that continue without interruption.
    covered: u64,
    /// Number of endings by cause.
    causes: BTreeMap<&'static str, u64>,
    /// Number of endings by confidence.
    confidence: BTreeMap<&'static str, u64>,
}

/// One ending of one asset.
#[derive(Serialize, ToSchema)]
#[schema(as = ForecastEntry)]
pub(crate) struct ForecastEntryOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
    /// Business that owns the asset.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// Person who granted the active credential.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Ending of the asset.
    ending: EndingOut,
    /// What serves the asset afterwards: a standby that works, a refresh of the same token, or a parked token that may
    /// become active; null if nothing does.
    #[schema(schema_with = schema::cover_or_null)]
    covered_by: Option<Cover>,
    /// Additional note.
    note: Option<&'static str>,
    /// State of the asset.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why the asset is in this state, and the next step.
    reason: ReasonOut,
    /// Time of the next probe; null if there is no token to probe with.
    next_check_at: Option<DateTime<Utc>>,
}

/// The effect on one asset when its person leaves.
#[derive(Serialize, ToSchema)]
#[schema(as = ImpactEntry)]
pub(crate) struct ImpactOut {
    /// Whether the asset ends, waits for its parked token, or continues.
    #[schema(schema_with = schema::leave_effect)]
    effect: DepartureEffect,
    /// Credential that serves the asset afterwards; null if there is none.
    by: Option<ImpactByOut>,
    /// Ending and state of the asset.
    #[serde(flatten)]
    entry: ForecastEntryOut,
}

/// A credential that serves an asset afterwards.
#[derive(Serialize, ToSchema)]
#[schema(as = ImpactBy)]
struct ImpactByOut {
    /// Slot of the credential.
    #[schema(schema_with = schema::slot_name)]
    slot: Slot,
    /// Kind of its token.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// Whether a system user granted it.
    system_user: bool,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
}

const SYSTEM_USER_SERVES: &str = "A system user's token serves the asset. Migrations and departures of persons do not affect it, nor shares between businesses.";
const SYSTEM_USER_FOLLOWS: &str =
    "A system user's token will serve the asset. No action is needed.";
const CANDIDATE_WAITS: &str =
    "A parked token becomes active once it reaches the asset; until then no token serves it.";

impl From<Forecast> for ForecastOut {
    fn from(it: Forecast) -> Self {
        Self {
            generated_at: it.generated_at,
            from: it.from,
            to: it.to,
            days: it.days.into_iter().map(ForecastDayOut::from).collect(),
            data: it.data.into_iter().map(ForecastEntryOut::from).collect(),
            has_more: it.next.is_some(),
            next_cursor: it.next.as_ref().map(encode_cursor),
            unknown: it.totals.unknown,
            passed: it.totals.passed,
        }
    }
}

impl From<(NaiveDate, ForecastDay)> for ForecastDayOut {
    fn from((date, day): (NaiveDate, ForecastDay)) -> Self {
        let ForecastDay {
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

impl From<ForecastEntry> for ForecastEntryOut {
    fn from(it: ForecastEntry) -> Self {
        let (covered_by, note) = (it.cover_kind(), entry_note(&it));
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
            who: state.who_must_act(),
            reason: state.reason.into(),
            next_check_at: state.next_check_at,
        }
    }
}

impl From<ForecastEntry> for ImpactOut {
    fn from(it: ForecastEntry) -> Self {
        let by = it.cover.as_ref().map(|(_, it)| ImpactByOut {
            slot: it.slot,
            kind: it.kind,
            system_user: it.system_user,
            person_id: it.person_id.clone(),
        });
        Self {
            effect: it.departure_effect(),
            by,
            entry: it.into(),
        }
    }
}

fn entry_note(it: &ForecastEntry) -> Option<&'static str> {
    match &it.cover {
        Some((Cover::Standby, standby)) if standby.system_user => Some(SYSTEM_USER_FOLLOWS),
        Some((Cover::Candidate, _)) => Some(CANDIDATE_WAITS),
        _ if it.is_system_user && it.ending.cause != EndingCause::PersonLeaves => {
            Some(SYSTEM_USER_SERVES)
        }
        _ => None,
    }
}
