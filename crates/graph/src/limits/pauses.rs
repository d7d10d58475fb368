//! Pauses: which scope must not be called, and until when.
//!
//! The rule: a call to a throttled scope prolongs the throttle, so one throttle pauses every call of
//! its scope, and no other.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::TimeDelta;
use regrant_domain::{Clock, Timestamp};

use crate::limits::{scopes::PauseScope, timer::Timer};

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

    /// Pauses `scope` for at least `length`; a longer pause is kept. The third object of a person that rests at the
    /// same time pauses the whole person.
    pub(crate) fn pause_scope(&self, scope: PauseScope, length: Duration) {
        let length = TimeDelta::from_std(length)
            .unwrap_or(LONGEST_PAUSE)
            .min(LONGEST_PAUSE);
        let pause = Timer::start_now(&self.clock, length);
        let mut pauses = self.lock_pauses();
        if pauses.len() >= CROWDED {
            pauses.retain(|_, it| it.time_left(&self.clock).is_some());
        }
        let whole_person = scope.to_whole_person();
        self.keep_longer(&mut pauses, scope, pause);
        if let Some(person) = whole_person {
            let is_of_person = |it: &PauseScope| it.to_whole_person().as_ref() == Some(&person);
            let objects = pauses.iter().filter(|(scope, timer)| {
                is_of_person(scope) && timer.time_left(&self.clock).is_some()
            });
            if objects.count() >= OBJECTS_TO_PAUSE_PERSON {
                self.keep_longer(&mut pauses, person, pause);
            }
        }
    }

    fn keep_longer(
        &self,
        pauses: &mut HashMap<PauseScope, Timer>,
        scope: PauseScope,
        pause: Timer,
    ) {
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
/// A person is paused as a whole once this many of their objects are.
const OBJECTS_TO_PAUSE_PERSON: usize = 3;
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
                    &PauseScope::Object("1".parse().unwrap(), "1".parse().unwrap())
                ])
                .is_none()
        );
    }

    fn blocked(person: &str, object: &str) -> PauseScope {
        let (app, person) = ("1".parse().unwrap(), person.parse().unwrap());
        PauseScope::PersonOnObject(app, person, object.parse().unwrap())
    }

    #[test]
    fn a_person_rests_as_a_whole_once_three_of_their_objects_do() {
        let clock = Clock::fixed_at(Clock::system_time());
        let budget = ScopePauses::new(clock.clone());
        let whole = |person| blocked(person, "0").to_whole_person().unwrap();
        let rests = |person| budget.longest_pause([&whole(person)]).is_some();
        budget.pause_scope(blocked("7", "1"), minutes(120));
        clock.advance_by(TimeDelta::hours(3));
        budget.pause_scope(blocked("7", "2"), minutes(120));
        budget.pause_scope(blocked("7", "2"), minutes(120));
        budget.pause_scope(blocked("8", "3"), minutes(120));
        budget.pause_scope(blocked("7", "3"), minutes(120));
        assert!(!rests("7"), "the first block is over");
        budget.pause_scope(blocked("7", "4"), minutes(120));
        assert!(rests("7") && !rests("8"));
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
