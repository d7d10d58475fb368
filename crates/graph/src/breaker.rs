//! The circuit-breaker: faults of an app must not look like deaths of tokens.
//!
//! The rule: when Graph refuses the app itself, or within a minute tokens of several persons die and of
//! fewer live, the calls of that app rest. When the rest is over the app stays suspected: no death is
//! reported until something shows that it is well, or that the deaths are real.
//! Start at [`Breaker::hear`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, Clock, PersonId, Timestamp};

use crate::pause::Pause;

/// Why the calls of an app rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestCause {
    /// Graph refuses the app's own credentials.
    Refused,
    /// Tokens of several persons died at once.
    Deaths,
}

/// An app under suspicion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppAtRest {
    /// The app.
    pub app: AppId,
    /// Why.
    pub cause: RestCause,
    /// Since when.
    pub since: Timestamp,
}

/// What was heard of a person's token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    Alive,
    Dead,
}

/// What is known of the health of every app.
pub(crate) struct Breaker {
    clock: Clock,
    deaths_to_trip: usize,
    cool_down: TimeDelta,
    apps: Mutex<HashMap<AppId, Health>>,
}

#[derive(Default)]
struct Health {
    trip: Option<Trip>,
    /// The last word on each person, until it is too old to count.
    words: HashMap<PersonId, (Word, Pause)>,
    /// Not to be asked again before this is over.
    doubted: Option<Pause>,
    /// Deaths are taken for real until this is over.
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
            Self::Refused => "Graph refuses the app's own credentials; its calls rest for a while.",
            Self::Deaths => {
                "Tokens of several persons died at once: the app is suspected and its calls rest for a while."
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

    /// Why the calls of the app rest, if they do.
    pub(crate) fn tripped(&self, app: &AppId) -> Option<RestCause> {
        let apps = self.lock();
        let trip = apps.get(app)?.trip?;
        trip.rest.left(&self.clock).map(|_| trip.cause)
    }

    /// Why the app is suspected, resting or after its rest.
    pub(crate) fn suspected(&self, app: &AppId) -> Option<RestCause> {
        Some(self.lock().get(app)?.trip?.cause)
    }

    /// All apps under suspicion.
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

    /// Takes the words on persons from one call, all together: an app that trips is suspected from here
    /// on, and one whose rest is over is well again when somebody lives. Returns why it is suspected.
    pub(crate) fn hear<'a>(
        &self,
        app: &AppId,
        words: impl IntoIterator<Item = (&'a PersonId, Word)>,
    ) -> Option<RestCause> {
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        let (mut lives, mut deaths) = (false, false);
        let until = Pause::begin(&self.clock, WINDOW);
        for (person, word) in words {
            health.words.insert(person.clone(), (word, until));
            lives |= word == Word::Alive;
            deaths |= word == Word::Dead;
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

    /// Lets the app rest, anew if its rest is over.
    pub(crate) fn trip(&self, app: &AppId, cause: RestCause) {
        let mut apps = self.lock();
        self.open(app, apps.entry(app.clone()).or_default(), cause);
    }

    /// The app is well.
    pub(crate) fn close(&self, app: &AppId) {
        self.lock().entry(app.clone()).or_default().close(app);
    }

    /// The deaths are real: the app is well, and for a while further deaths do not speak against it.
    pub(crate) fn believe(&self, app: &AppId) {
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        health.believed = Some(Pause::begin(&self.clock, BELIEF));
        health.close(app);
    }

    /// Whether the app is to be asked now if it is well; said once in a while only.
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

    /// Whether enough persons' tokens died lately, and of fewer persons lived.
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
            .filter(|(word, _)| *word == Word::Dead)
            .count();
        dead >= self.deaths_to_trip && dead > health.words.len() - dead
    }

    fn open(&self, app: &AppId, health: &mut Health, cause: RestCause) {
        let since = health.trip.map_or_else(|| self.clock.now(), |it| it.since);
        if health.trip.is_none() {
            tracing::error!(alarm = "app_fault", app.id = %app, ?cause, "the calls of an app rest");
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
            tracing::info!(app.id = %app, ?cause, %since, "the calls of an app go on");
            self.words.clear();
        }
    }
}

const WINDOW: TimeDelta = TimeDelta::minutes(1);
const DOUBT: TimeDelta = TimeDelta::seconds(5);
const BELIEF: TimeDelta = TimeDelta::minutes(10);
/// From so many persons on, old words are forgotten at every call.
const CROWDED: usize = 10_000;

#[cfg(test)]
mod tests;
