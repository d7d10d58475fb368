//! The disconnect calendar: which assets will stop working, when, and what covers them.
//!
//! The rule: a response costs the same few statements for every tenant, and all pages are of ONE moment, so that no
//! ending is repeated or left out.
//! Start at [`Vault::list_forecast`]. The database counts the days; the domain judges the entries.
//! `persons.rs` judges departures, `plan.rs` says whom to ask.

pub(crate) mod cursor;
pub(crate) mod feeds;
pub(crate) mod persons;
pub(crate) mod plan;
pub(crate) mod plan_links;

use std::collections::BTreeMap;

use chrono::{NaiveDate, SubsecRound, TimeDelta};
use regrant_domain::{
    Asset, AssetId, AssetKind, CredentialKind, PersonId, Slot, TenantId, Timestamp,
    forecast::{
        Cover, CredentialOutlook, EndingTally, ForecastDay, find_cover, list_calendar_endings,
        tally_by_day,
    },
    state::{AssetState, Ending},
};
use regrant_storage::{ForecastFilter, ForecastLine, ForecastPosition, ForecastTotals, TenantTx};

use crate::{
    Error, ForecastCursor, Principal, Resource, Vault,
    call::page::{Page, query_limit},
};

/// How many assets an agenda names for each day and cause.
const MAX_LINES: u32 = 50;

/// How many days a calendar covers by default, and at most.
const DEFAULT_DAYS: i64 = 90;
const MAX_DAYS: i64 = 366;
/// How many days an ending stays in the calendar for people.
const ENDED_DAYS: i64 = 30;

/// Which endings to list.
#[derive(Debug, Clone, Default)]
pub struct ForecastQuery {
    /// From this moment on; by default from now.
    pub from: Option<Timestamp>,
    /// Before this moment; by default 90 days after `from`.
    pub to: Option<Timestamp>,
    /// Only of these kinds; empty for all.
    pub kinds: Vec<AssetKind>,
    /// Only of this business.
    pub business_id: Option<AssetId>,
    /// Only served by this person's credential.
    pub person_id: Option<PersonId>,
    /// As if this person left now.
    pub what_if_person_leaves: Option<PersonId>,
    /// Every ending of each asset, instead of the first that nothing covers.
    pub every_ending: bool,
}

/// One page of the calendar.
pub struct Forecast {
    /// The moment of the calendar.
    pub generated_at: Timestamp,
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// The days on which something ends.
    pub days: BTreeMap<NaiveDate, ForecastDay>,
    /// The entries of this page.
    pub data: Vec<ForecastEntry>,
    /// Assets without an ending in the window.
    pub totals: ForecastTotals,
    /// The cursor of the next page.
    pub next: Option<ForecastCursor>,
}

/// One ending of one asset.
pub struct ForecastEntry {
    /// The asset.
    pub asset: Asset,
    /// Its state now.
    pub state: AssetState,
    /// The ending.
    pub ending: Ending,
    /// How the asset continues after the ending, and by which credential.
    pub cover: Option<(Cover, CredentialOutlook)>,
    /// Whether a system user's token serves the asset; a person's departure or migration does not end it.
    pub is_system_user: bool,
}

/// A calendar for people, with the first assets of each day.
pub struct ForecastAgenda {
    /// The tenant; it makes the ids of the entries unique.
    pub tenant: TenantId,
    /// The moment of the calendar.
    pub generated_at: Timestamp,
    /// How many endings each day has, by cause, confidence and cover.
    pub tallies: Vec<EndingTally>,
    /// The first assets of each day and cause, in the order of their endings.
    pub lines: Vec<ForecastLine>,
}

impl Vault {
    /// The calendar, with a page of its entries from after `after`.
    ///
    /// # Errors
    /// `NotFound`: the tenant does not know the leaving person; `Restricted`: a confined caller asks for a departure;
    /// `Invalid`: the window is empty or too long.
    pub async fn list_forecast(
        &self,
        caller: &Principal,
        query: ForecastQuery,
        after: Option<ForecastCursor>,
        limit: u32,
    ) -> Result<Forecast, Error> {
        let as_of = self.calendar_moment(after.as_ref());
        let filter = forecast_filter(caller, query, as_of, as_of)?;
        let tx = self.store.begin_read(&caller.scope).await?;
        require_known_person(&tx, filter.leaves.as_ref()).await?;
        let last = after.as_ref().map(|it| &it.last);
        let positions = tx.list_endings(&filter, last, query_limit(limit)).await?;
        let days = tally_by_day(tx.count_endings_by_day(&filter).await?);
        let totals = tx.count_endless_assets(&filter).await?;
        let Page {
            data: positions,
            next,
        } = Page::cut(positions, limit, |it| ForecastCursor {
            as_of,
            last: it.clone(),
        })?;
        let data = self.forecast_entries(&tx, &positions, &filter).await?;
        tx.commit().await?;
        let (from, to) = (filter.from, filter.to);
        Ok(Forecast {
            generated_at: as_of,
            from,
            to,
            days,
            data,
            totals,
            next,
        })
    }

    /// The calendar for people: the days, with the first assets of each. Without a start it begins 30 days ago, so that
    /// what has ended stays in it.
    ///
    /// # Errors
    /// `NotFound`: the tenant does not know the leaving person; `Restricted`: a confined caller asks for a departure;
    /// `Invalid`: the window is empty or too long.
    pub async fn build_forecast_agenda(
        &self,
        caller: &Principal,
        query: ForecastQuery,
    ) -> Result<ForecastAgenda, Error> {
        let generated_at = self.calendar_moment(None);
        let start = generated_at - TimeDelta::days(ENDED_DAYS);
        let filter = forecast_filter(caller, query, generated_at, start)?;
        let tx = self.store.begin_read(&caller.scope).await?;
        require_known_person(&tx, filter.leaves.as_ref()).await?;
        let tallies = tx.count_endings_by_day(&filter).await?;
        let lines = tx.list_forecast_lines(&filter, MAX_LINES).await?;
        tx.commit().await?;
        Ok(ForecastAgenda {
            tenant: caller.tenant(),
            generated_at,
            tallies,
            lines,
        })
    }

    /// The moment of a calendar, in the precision of the database.
    pub(crate) fn calendar_moment(&self, cursor: Option<&ForecastCursor>) -> Timestamp {
        cursor.map_or_else(|| self.clock.now().trunc_subsecs(6), |it| it.as_of)
    }

    /// The entries at these positions, without those whose assets have changed since.
    pub(crate) async fn forecast_entries(
        &self,
        tx: &TenantTx,
        positions: &[ForecastPosition],
        filter: &ForecastFilter,
    ) -> Result<Vec<ForecastEntry>, Error> {
        let ids: Vec<_> = positions.iter().map(|it| it.asset_id.clone()).collect();
        let assets: BTreeMap<_, _> = tx
            .find_assets(&ids)
            .await?
            .into_iter()
            .map(|it| (it.id.clone(), it))
            .collect();
        let behind = tx.find_standby_facts(&ids).await?;
        let entry = |position: &ForecastPosition| {
            let asset = assets.get(&position.asset_id)?;
            let behind = behind
                .get(&position.asset_id)
                .map_or(&[][..], Vec::as_slice);
            self.forecast_entry(asset, behind, position, filter)
        };
        Ok(positions.iter().filter_map(entry).collect())
    }

    fn forecast_entry(
        &self,
        asset: &Asset,
        behind: &[CredentialOutlook],
        position: &ForecastPosition,
        filter: &ForecastFilter,
    ) -> Option<ForecastEntry> {
        let leaves = filter.leaves.is_some() && asset.person_id == filter.leaves;
        let endings = list_calendar_endings(&asset.facts, filter.now, leaves);
        let ending = endings.into_iter().find(|it| it.cause == position.cause)?;
        Some(ForecastEntry {
            state: asset.state_at(filter.now, self.settings.assets.notice),
            cover: find_cover(&ending, behind, filter.leaves.as_ref(), filter.now),
            is_system_user: asset.facts.active == Some(CredentialKind::SystemUser)
                || behind
                    .iter()
                    .any(|it| it.slot == Slot::Active && it.system_user),
            asset: asset.clone(),
            ending,
        })
    }
}

fn check_window_end(to: Timestamp, from: Timestamp, latest: Timestamp) -> Result<(), Error> {
    let reason = if to <= from {
        "expected a moment after `from`".to_owned()
    } else if to > latest {
        format!("expected at most {MAX_DAYS} days after `from`")
    } else {
        return Ok(());
    };
    Err(Error::Invalid {
        field: "to".to_owned(),
        reason,
    })
}

/// Checks that the tenant knows the person.
///
/// # Errors
/// `NotFound`.
pub(crate) async fn require_known_person(
    tx: &TenantTx,
    person: Option<&PersonId>,
) -> Result<(), Error> {
    match person {
        Some(id) => tx
            .find_person(id)
            .await
            .map(drop)
            .map_err(Error::not_found_as(Resource::Person)),
        None => Ok(()),
    }
}

/// The filter of a query. Without `from` the window begins at `start`, and its length counts from now on.
fn forecast_filter(
    caller: &Principal,
    query: ForecastQuery,
    now: Timestamp,
    start: Timestamp,
) -> Result<ForecastFilter, Error> {
    if query.what_if_person_leaves.is_some() {
        caller.require_whole_tenant()?;
    }
    let from = query.from.unwrap_or(start);
    let after = |days| {
        let counted_from = query.from.unwrap_or(now);
        counted_from
            .checked_add_signed(TimeDelta::days(days))
            .unwrap_or(Timestamp::MAX_UTC)
    };
    let to = query.to.unwrap_or_else(|| after(DEFAULT_DAYS));
    check_window_end(to, from, after(MAX_DAYS))?;
    Ok(ForecastFilter {
        from,
        to,
        now,
        kinds: query.kinds,
        business_id: query.business_id,
        person_ids: query.person_id.into_iter().collect(),
        leaves: query.what_if_person_leaves,
        every: query.every_ending,
        within: caller.reach_limit(),
    })
}
