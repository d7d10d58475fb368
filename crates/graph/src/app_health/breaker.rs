//! The circuit breaker: a fault of an app must not be mistaken for the death of many tokens.
//!
//! The rule: deaths alone suspend nothing, because one tenant can let the tokens of its own persons die. When
//! within a minute the tokens of several persons die and those of fewer persons work, `debug_token` is asked
//! about one of them: only if it calls that token valid are the calls of the app suspended. They are also when
//! Graph refuses the app itself. After the cool-down the app stays suspected: no death is reported until a
//! check shows that the app works or that the deaths are real.
//! Start at [`Breaker::record_observations`].

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, Clock, PersonId, Timestamp};

use crate::limits::timer::Timer;

/// Why the calls of an app are suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripCause {
    /// Graph refuses the app's own credentials.
    Refused,
    /// Graph refuses tokens of several persons that it calls valid.
    Deaths,
}

/// An app that the breaker suspects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuspectedApp {
    /// The app id.
    pub app: AppId,
    /// Why the breaker tripped.
    pub cause: TripCause,
    /// When it tripped first.
    pub since: Timestamp,
}

/// Whether a person's token worked or died in a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenObservation {
    Alive,
    Dead,
}

/// What the breaker makes of the observations so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AppStanding {
    /// Deaths are the tokens'.
    Trusted,
    /// So many tokens died that one of the deaths must be confirmed before any is reported.
    Doubted,
    /// Deaths are the app's fault.
    Suspected(TripCause),
}

/// The health of every app.
pub(crate) struct Breaker {
    clock: Clock,
    deaths_to_trip: usize,
    cool_down: TimeDelta,
    apps: Mutex<HashMap<AppId, AppHealth>>,
}

#[derive(Default)]
struct AppHealth {
    trip: Option<Trip>,
    /// The last observation of each person's tokens, with the timer after which it does not count.
    observations: HashMap<PersonId, (TokenObservation, Timer)>,
    /// The app is not checked again before this is over.
    until_next_check: Option<Timer>,
    /// Deaths are taken as real until this is over.
    until_deaths_trip: Option<Timer>,
}

#[derive(Clone, Copy)]
struct Trip {
    cause: TripCause,
    since: Timestamp,
    cool_down: Timer,
}

impl TripCause {
    /// The cause as a sentence.
    #[must_use]
    pub const fn as_sentence(self) -> &'static str {
        match self {
            Self::Refused => {
                "Graph refuses the app's own credentials; calls of the app are suspended for a while."
            }
            Self::Deaths => {
                "Graph refuses tokens of several persons that it calls valid: the app is suspected and its calls are suspended for a while."
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
    pub(crate) fn active_trip(&self, app: &AppId) -> Option<TripCause> {
        let apps = self.lock_apps();
        let trip = apps.get(app)?.trip?;
        trip.cool_down.time_left(&self.clock).map(|_| trip.cause)
    }

    /// Why the app is suspected, during the cool-down and after it.
    pub(crate) fn suspicion_cause(&self, app: &AppId) -> Option<TripCause> {
        Some(self.lock_apps().get(app)?.trip?.cause)
    }

    /// All suspected apps, the longest suspected first.
    pub(crate) fn suspected_apps(&self) -> Vec<SuspectedApp> {
        let apps = self.lock_apps();
        let suspect = |(app, health): (&AppId, &AppHealth)| {
            let Trip { cause, since, .. } = health.trip?;
            Some(SuspectedApp {
                app: app.clone(),
                cause,
                since,
            })
        };
        let mut all: Vec<_> = apps.iter().filter_map(suspect).collect();
        all.sort_by_key(|it| it.since);
        all
    }

    /// Records the observations of one call, all together. After the cool-down one working token
    /// clears the suspicion. On [`AppStanding::Doubted`] the caller confirms one death of this call, and
    /// then calls [`Self::trip_app`] or [`Self::forget_person`].
    pub(crate) fn record_observations<'a>(
        &self,
        app: &AppId,
        observations: impl IntoIterator<Item = (&'a PersonId, TokenObservation)>,
    ) -> AppStanding {
        let mut apps = self.lock_apps();
        let health = apps.entry(app.clone()).or_default();
        let (mut lives, mut deaths) = (false, false);
        let until = Timer::start_now(&self.clock, OBSERVATION_WINDOW);
        for (person, observation) in observations {
            health
                .observations
                .insert(person.clone(), (observation, until));
            lives |= observation == TokenObservation::Alive;
            deaths |= observation == TokenObservation::Dead;
        }
        if deaths || health.observations.len() >= CROWDED {
            health
                .observations
                .retain(|_, (_, until)| until.time_left(&self.clock).is_some());
        }
        match health.trip {
            Some(trip) if lives && trip.cool_down.time_left(&self.clock).is_none() => {
                health.end_trip(app);
            }
            None if deaths && self.is_dying(health) => return AppStanding::Doubted,
            _ => {}
        }
        health
            .trip
            .map_or(AppStanding::Trusted, |it| AppStanding::Suspected(it.cause))
    }

    /// Forgets what was observed of a person, because the death of their token is real.
    pub(crate) fn forget_person(&self, app: &AppId, person: &PersonId) {
        if let Some(health) = self.lock_apps().get_mut(app) {
            health.observations.remove(person);
        }
    }

    /// Suspends the calls of the app for one cool-down from now on.
    pub(crate) fn trip_app(&self, app: &AppId, cause: TripCause) {
        let mut apps = self.lock_apps();
        self.start_trip(app, apps.entry(app.clone()).or_default(), cause);
    }

    /// Clears the suspicion: the app works.
    pub(crate) fn clear_suspicion(&self, app: &AppId) {
        self.lock_apps()
            .entry(app.clone())
            .or_default()
            .end_trip(app);
    }

    /// Clears the suspicion because the deaths are real; for ten minutes further deaths do not trip.
    pub(crate) fn accept_deaths(&self, app: &AppId) {
        let mut apps = self.lock_apps();
        let health = apps.entry(app.clone()).or_default();
        health.until_deaths_trip = Some(Timer::start_now(&self.clock, CONFIRMED_DEATHS_WINDOW));
        health.end_trip(app);
    }

    /// Whether the caller must check the app now; true once in five seconds.
    pub(crate) fn claim_check(&self, app: &AppId) -> bool {
        let mut apps = self.lock_apps();
        let health = apps.entry(app.clone()).or_default();
        let due = health
            .until_next_check
            .is_none_or(|it| it.time_left(&self.clock).is_none());
        if due {
            health.until_next_check = Some(Timer::start_now(&self.clock, CHECK_INTERVAL));
        }
        due
    }

    /// Whether enough persons' tokens died lately, and those of fewer persons worked.
    fn is_dying(&self, health: &AppHealth) -> bool {
        if health
            .until_deaths_trip
            .is_some_and(|it| it.time_left(&self.clock).is_some())
        {
            return false;
        }
        let dead = health
            .observations
            .values()
            .filter(|(observation, _)| *observation == TokenObservation::Dead)
            .count();
        dead >= self.deaths_to_trip && dead > health.observations.len() - dead
    }

    fn start_trip(&self, app: &AppId, health: &mut AppHealth, cause: TripCause) {
        let since = health.trip.map_or_else(|| self.clock.now(), |it| it.since);
        if health.trip.is_none() {
            tracing::error!(alarm = "app_fault", app.id = %app, ?cause, "the calls of an app are suspended");
        }
        health.trip = Some(Trip {
            cause,
            since,
            cool_down: Timer::start_now(&self.clock, self.cool_down),
        });
        health.observations.clear();
    }

    fn lock_apps(&self) -> MutexGuard<'_, HashMap<AppId, AppHealth>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AppHealth {
    fn end_trip(&mut self, app: &AppId) {
        if let Some(Trip { cause, since, .. }) = self.trip.take() {
            tracing::info!(app.id = %app, ?cause, %since, "the calls of an app resume");
            self.observations.clear();
        }
    }
}

/// How long an observation counts.
const OBSERVATION_WINDOW: TimeDelta = TimeDelta::minutes(1);
/// The interval between two checks of an app.
const CHECK_INTERVAL: TimeDelta = TimeDelta::seconds(5);
/// How long confirmed deaths keep the breaker from tripping again.
const CONFIRMED_DEATHS_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// From this many persons on, old observations are removed at every call.
const CROWDED: usize = 10_000;

#[cfg(test)]
mod tests;
