use super::*;
use std::cell::RefCell;

fn app() -> AppId {
    "1".parse().unwrap()
}

fn breaker(clock: &Clock) -> Breaker {
    Breaker::new(clock.clone(), 5, Duration::from_mins(1))
}

fn stopped_clock() -> Clock {
    Clock::fixed_at(Clock::system_time())
}

fn observe(
    breaker: &Breaker,
    persons: std::ops::Range<u32>,
    observation: TokenObservation,
) -> Option<TripCause> {
    let persons: Vec<PersonId> = persons.map(|it| it.to_string().parse().unwrap()).collect();
    breaker.record_observations(&app(), persons.iter().map(|it| (it, observation)))
}

#[test]
fn five_persons_in_a_minute_trip() {
    let breaker = breaker(&stopped_clock());
    assert_eq!(observe(&breaker, 0..4, TokenObservation::Dead), None);
    assert_eq!(observe(&breaker, 0..4, TokenObservation::Dead), None);
    assert_eq!(breaker.active_trip(&app()), None);
    assert_eq!(
        observe(&breaker, 4..5, TokenObservation::Dead),
        Some(TripCause::Deaths)
    );
    assert_eq!(breaker.active_trip(&app()), Some(TripCause::Deaths));
    assert_eq!(breaker.active_trip(&"2".parse().unwrap()), None);
}

#[test]
fn deaths_among_more_living_do_not_trip() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 100..110, TokenObservation::Alive);
    assert_eq!(observe(&breaker, 0..10, TokenObservation::Dead), None);
    assert_eq!(
        observe(&breaker, 10..11, TokenObservation::Dead),
        Some(TripCause::Deaths)
    );
}

#[test]
fn a_person_counts_by_the_last_observation() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 0..8, TokenObservation::Alive);
    assert_eq!(observe(&breaker, 0..4, TokenObservation::Dead), None);
    assert_eq!(
        observe(&breaker, 4..5, TokenObservation::Dead),
        Some(TripCause::Deaths)
    );
}

#[test]
fn deaths_far_apart_in_time_do_not_add_up() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    for person in 0..20 {
        assert_eq!(
            observe(&breaker, person..person + 1, TokenObservation::Dead),
            None
        );
        clock.advance_by(TimeDelta::minutes(5));
    }
}

#[test]
fn the_cool_down_ends_but_the_suspicion_stays() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    let since = clock.now();
    observe(&breaker, 0..5, TokenObservation::Dead);
    clock.advance_by(TimeDelta::minutes(2));
    assert_eq!(breaker.active_trip(&app()), None);
    assert_eq!(
        observe(&breaker, 9..10, TokenObservation::Dead),
        Some(TripCause::Deaths),
        "no death is reported yet"
    );
    assert_eq!(
        breaker.suspected_apps(),
        [SuspectedApp {
            app: app(),
            cause: TripCause::Deaths,
            since
        }]
    );
}

#[test]
fn one_working_token_after_the_cool_down_ends_the_suspicion() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    observe(&breaker, 0..5, TokenObservation::Dead);
    assert_eq!(
        observe(&breaker, 7..8, TokenObservation::Alive),
        Some(TripCause::Deaths),
        "sent before the trip"
    );
    clock.advance_by(TimeDelta::minutes(2));
    assert_eq!(observe(&breaker, 7..8, TokenObservation::Alive), None);
    assert_eq!(breaker.suspected_apps(), []);
    assert_eq!(observe(&breaker, 0..1, TokenObservation::Dead), None);
}

#[test]
fn deaths_that_are_confirmed_do_not_trip_again_at_once() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    observe(&breaker, 0..5, TokenObservation::Dead);
    breaker.accept_deaths(&app());
    assert_eq!(observe(&breaker, 0..20, TokenObservation::Dead), None);
    clock.advance_by(TimeDelta::minutes(11));
    assert_eq!(
        observe(&breaker, 0..20, TokenObservation::Dead),
        Some(TripCause::Deaths)
    );
}

#[test]
fn checks_of_an_app_are_rare() {
    let breaker = breaker(&Clock::System);
    assert!(breaker.claim_check(&app()));
    assert!(!breaker.claim_check(&app()));
}

thread_local! {
    /// What this thread logged.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the thread that logs.
struct ThreadLog;

impl std::io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOG.with_borrow_mut(|it| it.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One subscriber for all threads: with one for each test, a test beside it could register a log line while there was
/// none, and the line would be lost.
fn log_to_threads() {
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_ansi(false);
        subscriber.with_writer(|| ThreadLog).init();
    });
}

#[test]
fn a_trip_alarms_once_and_its_end_is_logged() {
    log_to_threads();
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    observe(&breaker, 0..5, TokenObservation::Dead);
    for _ in 0..12 {
        clock.advance_by(TimeDelta::minutes(5));
        observe(&breaker, 0..8, TokenObservation::Dead);
        breaker.trip_app(&app(), TripCause::Deaths);
    }
    breaker.clear_suspicion(&app());
    breaker.clear_suspicion(&app());
    let text = String::from_utf8(LOG.take()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    let [alarm, end] = lines.as_slice() else {
        panic!("{text}")
    };
    assert!(
        alarm.contains("ERROR") && alarm.contains("alarm=\"app_fault\""),
        "{alarm}"
    );
    assert!(end.contains("INFO") && end.contains("resume"), "{end}");
}
