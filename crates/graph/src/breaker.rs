//! The circuit-breaker: faults of an app must not look like deaths of tokens.
//!
//! The rule: when Graph refuses the app itself, or several persons' tokens die within a minute, the
//! calls of that app rest, and no death is reported until they go on.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, Clock, PersonId, Timestamp};

/// What is known of the health of every app.
pub(crate) struct Breaker {
    deaths_to_trip: usize,
    cool_down: TimeDelta,
    apps: Mutex<HashMap<AppId, Health>>,
}

#[derive(Default)]
struct Health {
    tripped: Option<(Timestamp, Cause)>,
    deaths: HashMap<PersonId, Timestamp>,
    doubted_at: Option<Timestamp>,
}

/// Why an app rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Graph refuses the app's own credentials.
    Refused,
    /// Tokens of several persons died at once.
    Deaths,
}

impl Cause {
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::Refused => "Graph refuses the app's own credentials; its calls rest for a while.",
            Self::Deaths => {
                "Tokens of several persons died at once: the app is suspected and its calls rest for a while."
            }
        }
    }
}

impl Breaker {
    pub(crate) fn new(deaths_to_trip: usize, cool_down: Duration) -> Self {
        let cool_down = TimeDelta::from_std(cool_down).unwrap_or(TimeDelta::days(1));
        Self { deaths_to_trip, cool_down, apps: Mutex::default() }
    }

    /// Why the app rests, if it does.
    pub(crate) fn tripped(&self, app: &AppId) -> Option<Cause> {
        let now = Clock::wall();
        self.lock()
            .get(app)
            .and_then(|it| it.tripped)
            .filter(|(until, _)| *until > now)
            .map(|(_, cause)| cause)
    }

    /// Lets the app rest.
    pub(crate) fn trip(&self, app: &AppId, cause: Cause) {
        tracing::error!(app.id = %app, ?cause, "the calls of an app rest");
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        health.tripped = Some((Clock::wall() + self.cool_down, cause));
        health.deaths.clear();
    }

    /// Notes that a person's token died. Many within a minute trip.
    pub(crate) fn note_death(&self, app: &AppId, person: &PersonId) {
        let now = Clock::wall();
        let deaths = {
            let mut apps = self.lock();
            let health = apps.entry(app.clone()).or_default();
            health.deaths.retain(|_, at| now - *at < WINDOW);
            health.deaths.insert(person.clone(), now);
            health.deaths.len()
        };
        if deaths >= self.deaths_to_trip && self.tripped(app).is_none() {
            self.trip(app, Cause::Deaths);
        }
    }

    /// Whether the app is to be asked now if it is well; said once in a while only.
    pub(crate) fn doubt(&self, app: &AppId) -> bool {
        let now = Clock::wall();
        let mut apps = self.lock();
        let health = apps.entry(app.clone()).or_default();
        let due = health.doubted_at.is_none_or(|at| now - at >= DOUBT);
        if due {
            health.doubted_at = Some(now);
        }
        due
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AppId, Health>> {
        self.apps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const WINDOW: TimeDelta = TimeDelta::minutes(1);
const DOUBT: TimeDelta = TimeDelta::seconds(5);

#[cfg(test)]
mod tests {
    use super::*;

    fn app() -> AppId {
        "1".parse().unwrap()
    }

    fn die(breaker: &Breaker, persons: std::ops::Range<u32>) {
        for person in persons {
            breaker.note_death(&app(), &person.to_string().parse().unwrap());
        }
    }

    #[test]
    fn five_persons_in_a_minute_trip() {
        let breaker = Breaker::new(5, Duration::from_mins(1));
        die(&breaker, 0..4);
        die(&breaker, 0..4);
        assert_eq!(breaker.tripped(&app()), None);
        die(&breaker, 4..5);
        assert_eq!(breaker.tripped(&app()), Some(Cause::Deaths));
        assert_eq!(breaker.tripped(&"2".parse().unwrap()), None);
    }

    #[test]
    fn a_cooled_breaker_lets_calls_through() {
        let breaker = Breaker::new(5, Duration::ZERO);
        breaker.trip(&app(), Cause::Refused);
        assert_eq!(breaker.tripped(&app()), None);
    }

    #[test]
    fn doubt_is_rare() {
        let breaker = Breaker::new(5, Duration::ZERO);
        assert!(breaker.doubt(&app()));
        assert!(!breaker.doubt(&app()));
    }
}
