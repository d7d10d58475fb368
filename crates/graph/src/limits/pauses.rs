//! Pauses: which scope must not be called, and until when.
//!
//! The rule: a call to a throttled scope prolongs the throttle, so one throttle pauses every call of
//! its scope: the app, a person's tokens, or one business or asset; always within one app.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{AppId, AssetId, Clock, PersonId, Timestamp};

use crate::limits::timer::Timer;

/// The calls that one limit of Graph covers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PauseScope {
    App(AppId),
    Person(AppId, PersonId),
    /// Calls about one business or asset, by the digits of the id.
    Object(AppId, String),
}

impl PauseScope {
    /// The calls with tokens of one person.
    pub(crate) fn for_person(app: &AppId, person: &PersonId) -> Self {
        Self::Person(app.clone(), person.clone())
    }

    /// The calls about one asset or business.
    pub(crate) fn for_object(app: &AppId, asset: &AssetId) -> Self {
        Self::Object(app.clone(), asset.as_digits().to_owned())
    }
}

/// The pauses of all scopes of all apps.
pub(crate) struct ScopePauses {
    clock: Clock,
    pauses: Mutex<HashMap<PauseScope, Timer>>,
}

impl ScopePauses {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            pauses: Mutex::default(),
        }
    }

    /// Pauses `scope` for at least `length`; a longer pause is kept.
    pub(crate) fn pause_scope(&self, scope: PauseScope, length: Duration) {
        let length = TimeDelta::from_std(length)
            .unwrap_or(LONGEST_PAUSE)
            .min(LONGEST_PAUSE);
        let pause = Timer::start_now(&self.clock, length);
        let mut pauses = self.lock_pauses();
        if pauses.len() >= CROWDED {
            pauses.retain(|_, it| it.time_left(&self.clock).is_some());
        }
        let known = pauses.entry(scope).or_insert(pause);
        if known.time_left(&self.clock).is_none() || pause.ends_after(*known) {
            *known = pause;
        }
    }

    /// The longest time left of the pauses of these scopes; `None` where none is paused.
    pub(crate) fn longest_pause<'a>(
        &self,
        scopes: impl IntoIterator<Item = &'a PauseScope>,
    ) -> Option<Duration> {
        let pauses = self.lock_pauses();
        scopes
            .into_iter()
            .filter_map(|it| pauses.get(it))
            .filter_map(|it| it.time_left(&self.clock))
            .max()
    }

    /// When a scope with a pause of `rest` may be called again, in the clock of the records.
    pub(crate) fn retry_at(&self, rest: Duration) -> Timestamp {
        self.clock.now() + TimeDelta::from_std(rest).unwrap_or(LONGEST_PAUSE)
    }

    fn lock_pauses(&self) -> MutexGuard<'_, HashMap<PauseScope, Timer>> {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Longer waits in a header are cut to this.
const LONGEST_PAUSE: TimeDelta = TimeDelta::days(1);
/// From this many pauses on, the ended ones are removed.
const CROWDED: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn app(id: &str) -> PauseScope {
        PauseScope::App(id.parse().unwrap())
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    #[test]
    fn a_pause_holds_for_one_scope_only() {
        let budget = ScopePauses::new(Clock::System);
        budget.pause_scope(app("1"), minutes(5));
        assert!(
            budget
                .longest_pause([&app("1")])
                .is_some_and(|it| it > minutes(4))
        );
        assert!(
            budget
                .longest_pause([
                    &app("2"),
                    &PauseScope::Object("1".parse().unwrap(), "1".to_owned())
                ])
                .is_none()
        );
    }

    #[test]
    fn a_shorter_pause_does_not_end_a_longer_one() {
        let budget = ScopePauses::new(Clock::System);
        budget.pause_scope(app("1"), minutes(60));
        budget.pause_scope(app("1"), minutes(1));
        assert!(
            budget
                .longest_pause([&app("1")])
                .is_some_and(|it| it > minutes(59))
        );
    }

    #[test]
    fn advancing_the_clock_ends_a_pause() {
        let clock = Clock::fixed_at(Clock::system_time());
        let budget = ScopePauses::new(clock.clone());
        budget.pause_scope(app("1"), minutes(60));
        clock.advance_by(TimeDelta::hours(2));
        assert!(budget.longest_pause([&app("1")]).is_none());
    }

    #[test]
    fn no_pause_is_longer_than_a_day() {
        let budget = ScopePauses::new(Clock::System);
        budget.pause_scope(app("1"), Duration::MAX);
        assert!(
            budget
                .longest_pause([&app("1")])
                .is_some_and(|it| it <= minutes(24 * 60))
        );
    }
}
