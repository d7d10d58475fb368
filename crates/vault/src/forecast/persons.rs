//! Persons: which assets depend on each, and what happens to them when the person leaves.
//!
//! The rule: a person exists for a tenant only if they granted one of THIS tenant's tokens.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use regrant_domain::{
    PersonId, Timestamp,
    forecast::{Cover, DepartureEffect, EndingTally},
    state::{Ending, EndingCause},
};
use regrant_storage::{ForecastFilter, PersonCounts, PersonFacts, TenantTx};

use crate::{
    Error, ForecastCursor, ForecastEntry, Principal, Resource, Vault,
    call::page::{Page, query_limit},
};

/// A person and the assets that depend on them.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// The facts of their newest grant.
    pub person: PersonFacts,
    /// How many assets depend on them.
    pub counts: PersonCounts,
    /// The next ending of the assets that they serve.
    pub next_ending: Option<Ending>,
}

/// One page of persons, ordered by id.
pub struct PersonList {
    /// The persons.
    pub data: Vec<PersonView>,
    /// The cursor of the next page.
    pub next: Option<PersonId>,
}

/// What happens to a person's assets when the person leaves.
pub struct DepartureImpact {
    /// The moment of the judgement.
    pub generated_at: Timestamp,
    /// The person.
    pub person: PersonView,
    /// How many assets end, wait and continue.
    pub effects: BTreeMap<DepartureEffect, u64>,
    /// One page of those assets.
    pub data: Vec<ForecastEntry>,
    /// The cursor of the next page.
    pub next: Option<ForecastCursor>,
}

impl Vault {
    /// Lists persons by id, from after `after`.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn list_persons(
        &self,
        caller: &Principal,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<PersonList, Error> {
        caller.require_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.list_persons(after.as_ref(), query_limit(limit)).await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id.clone())?;
        let data = person_views(&tx, rows, self.clock.now()).await?;
        tx.commit().await?;
        Ok(PersonList { data, next })
    }

    /// Which assets end, wait and continue if this person leaves now; a page of entries from after `after`.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`: the tenant does not know the person.
    pub async fn person_impact(
        &self,
        caller: &Principal,
        id: &PersonId,
        after: Option<ForecastCursor>,
        limit: u32,
    ) -> Result<DepartureImpact, Error> {
        caller.require_whole_tenant()?;
        let as_of = self.calendar_moment(after.as_ref());
        let filter = departure_filter(id, as_of);
        let tx = self.store.begin_read(&caller.scope).await?;
        let row = tx
            .find_person(id)
            .await
            .map_err(Error::not_found_as(Resource::Person))?;
        let person = person_views(&tx, vec![row], as_of)
            .await?
            .pop()
            .ok_or(Error::NotFound(Resource::Person))?;
        let effects = count_effects(&tx.count_endings_by_day(&filter).await?);
        let last = after.as_ref().map(|it| &it.last);
        let positions = tx.list_endings(&filter, last, query_limit(limit)).await?;
        let Page {
            data: mut positions,
            next,
        } = Page::cut(positions, limit, |it| ForecastCursor {
            as_of,
            last: it.clone(),
        })?;
        positions.retain(|it| it.cause == EndingCause::PersonLeaves);
        let data = self.forecast_entries(&tx, &positions, &filter).await?;
        tx.commit().await?;
        Ok(DepartureImpact {
            generated_at: as_of,
            person,
            effects,
            data,
            next,
        })
    }
}

impl ForecastEntry {
    /// What happens to the asset at this ending.
    #[must_use]
    pub fn departure_effect(&self) -> DepartureEffect {
        DepartureEffect::from_cover(self.cover_kind())
    }

    /// How the asset continues after the ending.
    #[must_use]
    pub fn cover_kind(&self) -> Option<Cover> {
        self.cover.as_ref().map(|it| it.0)
    }
}

/// How many assets end, wait and continue, of those that end with the departure.
fn count_effects(tallies: &[EndingTally]) -> BTreeMap<DepartureEffect, u64> {
    let mut effects: BTreeMap<_, _> = DepartureEffect::ALL.into_iter().map(|it| (it, 0)).collect();
    let departures = tallies
        .iter()
        .filter(|it| it.cause == EndingCause::PersonLeaves);
    for it in departures {
        *effects
            .entry(DepartureEffect::from_cover(it.cover))
            .or_default() += it.count;
    }
    effects
}

/// The filter for the assets that this person serves, at the moment of the departure.
fn departure_filter(id: &PersonId, now: Timestamp) -> ForecastFilter {
    ForecastFilter {
        from: now,
        to: now + TimeDelta::microseconds(1),
        now,
        kinds: Vec::new(),
        business_id: None,
        person_ids: vec![id.clone()],
        leaves: Some(id.clone()),
        every: false,
        within: None,
    }
}

async fn person_views(
    tx: &TenantTx,
    rows: Vec<PersonFacts>,
    now: Timestamp,
) -> Result<Vec<PersonView>, Error> {
    let ids: Vec<_> = rows.iter().map(|it| it.id.clone()).collect();
    let mut counts = tx.count_assets_of_persons(&ids).await?;
    let positions = tx.find_next_endings(&ids, now).await?;
    let firsts: Vec<_> = positions.values().map(|it| it.asset_id.clone()).collect();
    let assets: HashMap<_, _> = tx
        .find_assets(&firsts)
        .await?
        .into_iter()
        .map(|it| (it.id.clone(), it.facts))
        .collect();
    let view = |person: PersonFacts| {
        let next_ending = positions.get(&person.id).and_then(|position| {
            let endings = regrant_domain::forecast::list_calendar_endings(
                assets.get(&position.asset_id)?,
                now,
                false,
            );
            endings.into_iter().find(|it| it.cause == position.cause)
        });
        PersonView {
            counts: counts.remove(&person.id).unwrap_or_default(),
            next_ending,
            person,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
