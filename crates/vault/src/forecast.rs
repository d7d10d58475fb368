//! The disconnect calendar: what will stop working, when, and what stands behind it.
//!
//! The rule: whatever a tenant holds, an answer costs the same few statements, and it is as of ONE moment:
//! the pages behind the first keep that moment, so that nothing is told twice or left out.
//! Start at [`Vault::forecast`]; the days are counted by the database, the entries judged by the domain.

pub(crate) mod persons;

use std::{collections::BTreeMap, fmt, str::FromStr};

use chrono::{DateTime, NaiveDate, SubsecRound, TimeDelta};
use regrant_domain::{
    Asset, AssetId, AssetKind, CredentialKind, PersonId, Slot, TenantId, Timestamp,
    forecast::{Cover, Day, StandIn, Tally, by_day, calendar, covered_by},
    state::{AssetState, Ending},
};
use regrant_storage::{ForecastFilter, ForecastLine, ForecastTotals, Place, TenantTx};

use crate::{
    Error, Principal, Resource, Vault,
    page::{Page, query_limit},
};

/// How many assets of a day and cause a calendar for people names.
const NAMED: u32 = 50;

/// How far a calendar looks if not told, and at most.
const USUAL_DAYS: i64 = 90;
const MOST_DAYS: i64 = 366;

/// What a calendar is asked for.
#[derive(Debug, Clone, Default)]
pub struct ForecastQuery {
    /// From this moment on; now if not told.
    pub from: Option<Timestamp>,
    /// Before this moment; 90 days later if not told.
    pub to: Option<Timestamp>,
    /// Only this kind.
    pub kind: Option<AssetKind>,
    /// Only of this business.
    pub business_id: Option<AssetId>,
    /// Only served by this person's credential.
    pub person_id: Option<PersonId>,
    /// As if this person left now.
    pub what_if_person_leaves: Option<PersonId>,
    /// Every ending, not the earliest of each asset alone.
    pub every: bool,
}

/// A place in a calendar of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForecastCursor {
    /// The calendar's moment.
    pub as_of: Timestamp,
    /// The last entry that was told.
    pub last: Place,
}

/// A calendar.
pub struct Forecast {
    /// The moment it is of.
    pub generated_at: Timestamp,
    /// From this moment on.
    pub from: Timestamp,
    /// Before this moment.
    pub to: Timestamp,
    /// The days on which something ends.
    pub days: BTreeMap<NaiveDate, Day>,
    /// The entries of this page.
    pub data: Vec<ForecastEntry>,
    /// What the days cannot show.
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
    /// What goes on afterwards, and which credential does.
    pub cover: Option<(Cover, StandIn)>,
    /// Whether a system user's token serves: persons and their migrations do not touch it.
    pub system_user: bool,
}

/// A calendar for people.
pub struct ForecastAgenda {
    /// Whose it is; makes its entries' names unique.
    pub tenant: TenantId,
    /// The moment it is of.
    pub generated_at: Timestamp,
    /// How many endings each day has, by cause, confidence and cover.
    pub tallies: Vec<Tally>,
    /// The first assets of each day and cause, in the order of their endings.
    pub lines: Vec<ForecastLine>,
}

impl Vault {
    /// The calendar, a page of its entries from behind `after`.
    ///
    /// # Errors
    /// `NotFound`: the leaver is nobody of this tenant; `Restricted`: a confined caller asks what a person's leaving
    /// does; `Invalid`: the window is empty or too long.
    pub async fn forecast(
        &self,
        caller: &Principal,
        query: ForecastQuery,
        after: Option<ForecastCursor>,
        limit: u32,
    ) -> Result<Forecast, Error> {
        let as_of = self.as_of(after.as_ref());
        let filter = filter_of(caller, query, as_of)?;
        let tx = self.store.begin_read(&caller.scope).await?;
        known(&tx, filter.leaves.as_ref()).await?;
        let last = after.as_ref().map(|it| &it.last);
        let places = tx.forecast(&filter, last, query_limit(limit)).await?;
        let days = by_day(tx.forecast_tallies(&filter).await?);
        let totals = tx.forecast_totals(&filter).await?;
        let Page { data: places, next } = Page::cut(places, limit, |it| ForecastCursor {
            as_of,
            last: it.clone(),
        });
        let data = self.entries(&tx, &places, &filter).await?;
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

    /// The calendar for people: the days, and the first assets of each.
    ///
    /// # Errors
    /// `NotFound`: the leaver is nobody of this tenant; `Restricted`: a confined caller asks what a person's leaving
    /// does; `Invalid`: the window is empty or too long.
    pub async fn forecast_agenda(
        &self,
        caller: &Principal,
        query: ForecastQuery,
    ) -> Result<ForecastAgenda, Error> {
        let generated_at = self.as_of(None);
        let filter = filter_of(caller, query, generated_at)?;
        let tx = self.store.begin_read(&caller.scope).await?;
        known(&tx, filter.leaves.as_ref()).await?;
        let tallies = tx.forecast_tallies(&filter).await?;
        let lines = tx.forecast_lines(&filter, NAMED).await?;
        tx.commit().await?;
        Ok(ForecastAgenda {
            tenant: caller.tenant(),
            generated_at,
            tallies,
            lines,
        })
    }

    /// The moment of a calendar, as exact as the database keeps times.
    pub(crate) fn as_of(&self, cursor: Option<&ForecastCursor>) -> Timestamp {
        cursor.map_or_else(|| self.clock.now().trunc_subsecs(6), |it| it.as_of)
    }

    /// Entries for these places; one whose asset changed meanwhile is left out.
    pub(crate) async fn entries(
        &self,
        tx: &TenantTx,
        places: &[Place],
        filter: &ForecastFilter,
    ) -> Result<Vec<ForecastEntry>, Error> {
        let ids: Vec<_> = places.iter().map(|it| it.asset_id.clone()).collect();
        let assets: BTreeMap<_, _> = tx
            .assets(&ids)
            .await?
            .into_iter()
            .map(|it| (it.id.clone(), it))
            .collect();
        let behind = tx.stand_ins(&ids).await?;
        let entry = |place: &Place| {
            let asset = assets.get(&place.asset_id)?;
            let behind = behind.get(&place.asset_id).map_or(&[][..], Vec::as_slice);
            self.entry(asset, behind, place, filter)
        };
        Ok(places.iter().filter_map(entry).collect())
    }

    fn entry(
        &self,
        asset: &Asset,
        behind: &[StandIn],
        place: &Place,
        filter: &ForecastFilter,
    ) -> Option<ForecastEntry> {
        let leaves = filter.leaves.is_some() && asset.person_id == filter.leaves;
        let endings = calendar(&asset.facts, filter.now, leaves);
        let ending = endings.into_iter().find(|it| it.cause == place.cause)?;
        Some(ForecastEntry {
            state: asset.state(filter.now, self.settings.assets.notice),
            cover: covered_by(&ending, behind, filter.leaves.as_ref(), filter.now),
            system_user: asset.facts.active == Some(CredentialKind::SystemUser)
                || behind
                    .iter()
                    .any(|it| it.slot == Slot::Active && it.system_user),
            asset: asset.clone(),
            ending,
        })
    }
}

/// Whether the tenant knows this person.
pub(crate) async fn known(tx: &TenantTx, person: Option<&PersonId>) -> Result<(), Error> {
    match person {
        Some(id) => tx
            .person(id)
            .await
            .map(drop)
            .map_err(Error::missing(Resource::Person)),
        None => Ok(()),
    }
}

fn filter_of(
    caller: &Principal,
    query: ForecastQuery,
    now: Timestamp,
) -> Result<ForecastFilter, Error> {
    if query.what_if_person_leaves.is_some() {
        caller.demand_whole_tenant()?;
    }
    let from = query.from.unwrap_or(now);
    let after = |days| {
        from.checked_add_signed(TimeDelta::days(days))
            .unwrap_or(Timestamp::MAX_UTC)
    };
    let to = query.to.unwrap_or_else(|| after(USUAL_DAYS));
    let refused = |reason: String| {
        Err(Error::Invalid {
            field: "to".to_owned(),
            reason,
        })
    };
    if to <= from {
        return refused("expected a moment after `from`".to_owned());
    }
    if to > after(MOST_DAYS) {
        return refused(format!("expected at most {MOST_DAYS} days after `from`"));
    }
    Ok(ForecastFilter {
        from,
        to,
        now,
        kind: query.kind,
        business_id: query.business_id,
        person_ids: query.person_id.into_iter().collect(),
        leaves: query.what_if_person_leaves,
        every: query.every,
        within: caller.within(),
    })
}

impl fmt::Display for ForecastCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (as_of, at) = (
            self.as_of.timestamp_micros(),
            self.last.at.timestamp_micros(),
        );
        write!(f, "{as_of}/{at}/{}/{}", self.last.asset_id, self.last.cause)
    }
}

impl FromStr for ForecastCursor {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.splitn(4, '/');
        let mut part = || parts.next().ok_or(NO_PLACE);
        let moment = |text: &str| {
            text.parse()
                .ok()
                .and_then(DateTime::from_timestamp_micros)
                .ok_or(NO_PLACE)
        };
        let (as_of, at) = (moment(part()?)?, moment(part()?)?);
        let asset_id = part()?.parse().map_err(|_| NO_PLACE)?;
        let cause = part()?.parse().map_err(|_| NO_PLACE)?;
        Ok(Self {
            as_of,
            last: Place {
                at,
                asset_id,
                cause,
            },
        })
    }
}

const NO_PLACE: &str = "not a place in a calendar";
