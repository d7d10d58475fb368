//! Pauses: which scope must not be called until when.
//!
//! The rule: calling a blocked scope lengthens the block, so one throttle stops every call of the
//! scope it names: the app, a person's tokens, or one business or asset; always within one app.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, AssetId, Clock, PersonId, Timestamp};

use crate::pause::Pause;

/// Who or what can be paused.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    App(AppId),
    Person(AppId, PersonId),
    /// A business or asset by its digits.
    Object(AppId, String),
}

impl Scope {
    /// The scope of one person's tokens.
    pub(crate) fn person(app: &AppId, person: &PersonId) -> Self {
        Self::Person(app.clone(), person.clone())
    }

    /// The scope of one asset or business.
    pub(crate) fn object(app: &AppId, asset: &AssetId) -> Self {
        Self::Object(app.clone(), asset.digits().to_owned())
    }
}

/// The pauses of every scope of every app.
pub(crate) struct Budget {
    clock: Clock,
    pauses: Mutex<HashMap<Scope, Pause>>,
}

impl Budget {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            pauses: Mutex::default(),
        }
    }

    /// Pauses `scope` for at least `length`; a longer pause stays.
    pub(crate) fn pause(&self, scope: Scope, length: Duration) {
        let length = TimeDelta::from_std(length).unwrap_or(LONGEST).min(LONGEST);
        let pause = Pause::begin(&self.clock, length);
        let mut pauses = self.lock();
        if pauses.len() >= CROWDED {
            pauses.retain(|_, it| it.left(&self.clock).is_some());
        }
        let known = pauses.entry(scope).or_insert(pause);
        if known.left(&self.clock).is_none() || pause.outlasts(*known) {
            *known = pause;
        }
    }

    /// The longest pause left over these scopes; `None` where all may be called.
    pub(crate) fn rest<'a>(&self, scopes: impl IntoIterator<Item = &'a Scope>) -> Option<Duration> {
        let pauses = self.lock();
        scopes
            .into_iter()
            .filter_map(|it| pauses.get(it))
            .filter_map(|it| it.left(&self.clock))
            .max()
    }

    /// When a scope that rests for `rest` may be called again, by the clock that records live by.
    pub(crate) fn retry_at(&self, rest: Duration) -> Timestamp {
        self.clock.now() + TimeDelta::from_std(rest).unwrap_or(LONGEST)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Scope, Pause>> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// No header is believed beyond a day.
const LONGEST: TimeDelta = TimeDelta::days(1);
const CROWDED: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn app(id: &str) -> Scope {
        Scope::App(id.parse().unwrap())
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn a_pause_holds_for_its_scope_alone() {
        let budget = Budget::new(Clock::System);
        budget.pause(app("1"), minutes(5));
        assert!(budget.rest([&app("1")]).is_some_and(|it| it > minutes(4)));
        assert!(
            budget
                .rest([
                    &app("2"),
                    &Scope::Object("1".parse().unwrap(), "1".to_owned())
                ])
                .is_none()
        );
    }

    #[test]
    fn a_shorter_pause_does_not_end_a_longer_one() {
        let budget = Budget::new(Clock::System);
        budget.pause(app("1"), minutes(60));
        budget.pause(app("1"), minutes(1));
        assert!(budget.rest([&app("1")]).is_some_and(|it| it > minutes(59)));
    }

    #[test]
    fn a_rehearsal_that_leaps_ends_a_pause() {
        let clock = Clock::fixed(Clock::wall());
        let budget = Budget::new(clock.clone());
        budget.pause(app("1"), minutes(60));
        clock.advance(TimeDelta::hours(2));
        assert!(budget.rest([&app("1")]).is_none());
    }

    #[test]
    fn no_pause_outlasts_a_day() {
        let budget = Budget::new(Clock::System);
        budget.pause(app("1"), Duration::MAX);
        assert!(
            budget
                .rest([&app("1")])
                .is_some_and(|it| it <= minutes(24 * 60))
        );
    }
}
