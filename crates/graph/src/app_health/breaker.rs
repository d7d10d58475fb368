//! The circuit breaker: a fault of an app must not be mistaken for the death of many tokens.
//!
//! The rule: when Graph refuses the app itself, or when within a minute the tokens of several persons
//! die and those of fewer persons work, the calls of that app are suspended. After the cool-down the
//! app stays suspected: no death is reported until a check shows that the app works or that the
//! deaths are real.
//! Start at [`Breaker::record_observations`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, Clock, PersonId, Timestamp};

use crate::limits::timer::Pause;

/// Why the calls of an app are suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestCause {
    /// Graph refuses the app's own credentials.
    Refused,
    /// Tokens of several persons died within a minute.
    Deaths,
}

/// An app that the breaker suspects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppAtRest {
    /// The app id.
    pub app: AppId,
    /// Why the breaker tripped.
    pub cause: RestCause,
    /// When it tripped first.
    pub since: Timestamp,
}

/// Whether a person's token worked or died in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Alive,
    Dead,
}

/// The health of every app.
pub(crate) struct Breaker {
    clock: Clock,
    deaths_to_trip: usize,
    cool_down: TimeDelta,
    apps: Mutex<HashMap<AppId, Health>>,
}

#[derive(Default)]
struct Health {
    trip: Option<Trip>,
    /// The last observation of each person's tokens, with the timer after which it does not count.
    words: HashMap<PersonId, (Word, Pause)>,
    /// The app is not checked again before this is over.
    doubted: Option<Pause>,
    /// Deaths are taken as real until this is over.
    believed: Option<Pause>,
}

#[derive(Clone, Copy)]
struct Trip {
    cause: RestCause,
    since: Timestamp,
    rest: Pause,
}

impl RestCause {
    /// The cause as a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Refused => {
                "Graph refuses the app's own credentials; calls of the app are suspended for a while."
            }
            Self::Deaths => {
                "Tokens of several persons died at once: the app is suspected and its calls are suspended for a while."
            }
        }
    }
}

impl Breaker {
    pub(crate) fn new(clock: Clock, deaths_to_trip: usize, cool_down: Duration) -> Self {
        let cool_down = TimeDelta::from_std(cool_down).unwrap_or(TimeDelta::days(1));
        Self {
            clock,
            deaths_to_trip,
            cool_down,
            apps: Mutex::default(),
        }
    }

    /// Why the calls of the app are suspended, if they are.
    pub(crate) fn tripped(&self, app: &AppId) -> Option<RestCause> {
        let apps = self.lock();
        let trip = apps.get(app)?.trip?;
        trip.rest.left(&self.clock).map(|_| trip.cause)
    }

    /// Why the app is suspected, during the cool-down and after it.
    pub(crate) fn suspected(&self, app: &AppId) -> Option<RestCause> {
        Some(self.lock().get(app)?.trip?.cause)
    }

    /// All suspected apps, the longest suspected first.
    pub(crate) fn suspects(&self) -> Vec<AppAtRest> {
        let apps = self.lock();
        let suspect = |(app, health): (&AppId, &Health)| {
            let Trip { cause, since, .. } = health.trip?;
            Some(AppAtRest {
                app: app.clone(),
                cause,
                since,
            })
        };
        let mut all: Vec<_> = apps.iter().filter_map(suspect).collect();
        all.sort_by_key(|it| it.since);
        all
    }

    /// Records the observations of one call, all together. Trips on too many deaths; after the
    /// cool-down one working token clears the suspicion. Returns why the app is suspected now.
    pub(crate) fn hear<'a>(
        &self,
        app: &AppId,
        observations: impl IntoIterator<Item = (&'a PersonId, Word)>,
    ) -> Option<RestCause> {
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        let (mut lives, mut deaths) = (false, false);
        let until = Pause::begin(&self.clock, WINDOW);
        for (person, observation) in observations {
            health.words.insert(person.clone(), (observation, until));
            lives |= observation == Word::Alive;
            deaths |= observation == Word::Dead;
        }
        if deaths || health.words.len() >= CROWDED {
            health
                .words
                .retain(|_, (_, until)| until.left(&self.clock).is_some());
        }
        match health.trip {
            Some(trip) if lives && trip.rest.left(&self.clock).is_none() => health.close(app),
            None if deaths && self.is_dying(health) => self.open(app, health, RestCause::Deaths),
            _ => {}
        }
        health.trip.map(|it| it.cause)
    }

    /// Suspends the calls of the app for one cool-down from now on.
    pub(crate) fn trip(&self, app: &AppId, cause: RestCause) {
        let mut apps = self.lock();
        self.open(app, apps.entry(app.clone()).or_default(), cause);
    }

    /// Clears the suspicion: the app works.
    pub(crate) fn close(&self, app: &AppId) {
        self.lock().entry(app.clone()).or_default().close(app);
    }

    /// Clears the suspicion because the deaths are real; for ten minutes further deaths do not trip.
    pub(crate) fn believe(&self, app: &AppId) {
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        health.believed = Some(Pause::begin(&self.clock, BELIEF));
        health.close(app);
    }

    /// Whether the caller must check the app now; true once in five seconds.
    pub(crate) fn doubt(&self, app: &AppId) -> bool {
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        let due = health
            .doubted
            .is_none_or(|it| it.left(&self.clock).is_none());
        if due {
            health.doubted = Some(Pause::begin(&self.clock, DOUBT));
        }
        due
    }

    /// Whether enough persons' tokens died lately, and those of fewer persons worked.
    fn is_dying(&self, health: &Health) -> bool {
        if health
            .believed
            .is_some_and(|it| it.left(&self.clock).is_some())
        {
            return false;
        }
        let dead = health
            .words
            .values()
            .filter(|(observation, _)| *observation == Word::Dead)
            .count();
        dead >= self.deaths_to_trip && dead > health.words.len() - dead
    }

    fn open(&self, app: &AppId, health: &mut Health, cause: RestCause) {
        let since = health.trip.map_or_else(|| self.clock.now(), |it| it.since);
        if health.trip.is_none() {
            tracing::error!(alarm = "app_fault", app.id = %app, ?cause, "the calls of an app are suspended");
        }
        health.trip = Some(Trip {
            cause,
            since,
            rest: Pause::begin(&self.clock, self.cool_down),
        });
        health.words.clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AppId, Health>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Health {
    fn close(&mut self, app: &AppId) {
        if let Some(Trip { cause, since, .. }) = self.trip.take() {
            tracing::info!(app.id = %app, ?cause, %since, "the calls of an app resume");
            self.words.clear();
        }
    }
}

/// How long an observation counts.
const WINDOW: TimeDelta = TimeDelta::minutes(1);
/// The interval between two checks of an app.
const DOUBT: TimeDelta = TimeDelta::seconds(5);
/// How long confirmed deaths keep the breaker from tripping again.
const BELIEF: TimeDelta = TimeDelta::minutes(10);
/// From this many persons on, old observations are removed at every call.
const CROWDED: usize = 10_000;

#[cfg(test)]
mod tests;
