//! Persons: what hangs on each, and what becomes of it when they leave.
//!
//! The rule: a person is whoever granted a token of THIS tenant; another tenant's is nobody.

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use regrant_domain::{
    PersonId, Timestamp,
    forecast::{Cover, Effect},
    state::{Ending, EndingCause},
};
use regrant_storage::{ForecastFilter, PersonCounts, PersonRow, TenantTx};

use crate::{
    Error, ForecastCursor, ForecastEntry, Principal, Resource, Vault,
    page::{Page, query_limit},
};

/// A person and what hangs on them.
#[derive(Debug, Clone)]
pub struct PersonView {
    /// What their newest grant tells.
    pub person: PersonRow,
    /// How many assets hang on them.
    pub counts: PersonCounts,
    /// The first ending ahead of what they serve.
    pub next_ending: Option<Ending>,
}

/// One page of persons, by id.
pub struct PersonList {
    /// The persons.
    pub data: Vec<PersonView>,
    /// The cursor of the next page.
    pub next: Option<PersonId>,
}

/// What becomes of a person's assets when they leave.
pub struct Impact {
    /// The moment it is of.
    pub generated_at: Timestamp,
    /// The person.
    pub person: PersonView,
    /// How many assets end, wait and go on.
    pub effects: BTreeMap<Effect, u64>,
    /// Those assets, a page of them.
    pub data: Vec<ForecastEntry>,
    /// The cursor of the next page.
    pub next: Option<ForecastCursor>,
}

impl Vault {
    /// Persons by id, from behind `after`.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; the database does not answer.
    pub async fn list_persons(
        &self,
        caller: &Principal,
        after: Option<PersonId>,
        limit: u32,
    ) -> Result<PersonList, Error> {
        caller.demand_whole_tenant()?;
        let tx = self.store.begin_read(&caller.scope).await?;
        let rows = tx.list_persons(after.as_ref(), query_limit(limit)).await?;
        let Page { data: rows, next } = Page::cut(rows, limit, |it| it.id.clone());
        let data = views(&tx, rows, self.clock.now()).await?;
        tx.commit().await?;
        Ok(PersonList { data, next })
    }

    /// What dies, waits and goes on when this person leaves now; entries from behind `after`.
    ///
    /// # Errors
    /// `Restricted` for a confined caller; `NotFound`: nobody of this tenant.
    pub async fn person_impact(
        &self,
        caller: &Principal,
        id: &PersonId,
        after: Option<ForecastCursor>,
        limit: u32,
    ) -> Result<Impact, Error> {
        caller.demand_whole_tenant()?;
        let as_of = self.as_of(after.as_ref());
        let filter = leaving(id, as_of);
        let tx = self.store.begin_read(&caller.scope).await?;
        let row = tx
            .person(id)
            .await
            .map_err(Error::missing(Resource::Person))?;
        let person = views(&tx, vec![row], as_of)
            .await?
            .pop()
            .ok_or(Error::NotFound(Resource::Person))?;
        let tallies = tx.forecast_tallies(&filter).await?;
        let mut effects: BTreeMap<_, _> = Effect::ALL.into_iter().map(|it| (it, 0)).collect();
        for it in tallies
            .iter()
            .filter(|it| it.cause == EndingCause::PersonLeaves)
        {
            *effects.entry(Effect::of(it.cover)).or_default() += it.count;
        }
        let last = after.as_ref().map(|it| &it.last);
        let places = tx.forecast(&filter, last, query_limit(limit)).await?;
        let Page {
            data: mut places,
            next,
        } = Page::cut(places, limit, |it| ForecastCursor {
            as_of,
            last: it.clone(),
        });
        places.retain(|it| it.cause == EndingCause::PersonLeaves);
        let data = self.entries(&tx, &places, &filter).await?;
        tx.commit().await?;
        Ok(Impact {
            generated_at: as_of,
            person,
            effects,
            data,
            next,
        })
    }
}

impl ForecastEntry {
    /// What becomes of the asset at this ending.
    #[must_use]
    pub fn effect(&self) -> Effect {
        Effect::of(self.cover())
    }

    /// What goes on afterwards.
    #[must_use]
    pub fn cover(&self) -> Option<Cover> {
        self.cover.as_ref().map(|it| it.0)
    }
}

/// What this person serves, at the moment they leave.
fn leaving(id: &PersonId, now: Timestamp) -> ForecastFilter {
    ForecastFilter {
        from: now,
        to: now + TimeDelta::microseconds(1),
        now,
        kind: None,
        business_id: None,
        person_ids: vec![id.clone()],
        leaves: Some(id.clone()),
        every: false,
        within: None,
    }
}

async fn views(
    tx: &TenantTx,
    rows: Vec<PersonRow>,
    now: Timestamp,
) -> Result<Vec<PersonView>, Error> {
    let ids: Vec<_> = rows.iter().map(|it| it.id.clone()).collect();
    let mut counts = tx.person_counts(&ids).await?;
    let places = tx.next_endings(&ids, now).await?;
    let firsts: Vec<_> = places.values().map(|it| it.asset_id.clone()).collect();
    let assets: HashMap<_, _> = tx
        .assets(&firsts)
        .await?
        .into_iter()
        .map(|it| (it.id.clone(), it.facts))
        .collect();
    let view = |person: PersonRow| {
        let next_ending = places.get(&person.id).and_then(|place| {
            let endings =
                regrant_domain::forecast::calendar(assets.get(&place.asset_id)?, now, false);
            endings.into_iter().find(|it| it.cause == place.cause)
        });
        PersonView {
            counts: counts.remove(&person.id).unwrap_or_default(),
            next_ending,
            person,
        }
    };
    Ok(rows.into_iter().map(view).collect())
}
