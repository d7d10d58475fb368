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
) -> AppStanding {
    let persons: Vec<PersonId> = persons.map(|it| it.to_string().parse().unwrap()).collect();
    breaker.record_observations(&app(), persons.iter().map(|it| (it, observation)))
}

/// Lets the tokens of persons die that Graph then calls valid.
fn trip_by_deaths(breaker: &Breaker, persons: std::ops::Range<u32>) -> AppStanding {
    let standing = observe(breaker, persons, TokenObservation::Dead);
    if standing == AppStanding::Doubted {
        breaker.trip_app(&app(), TripCause::Deaths);
    }
    standing
}

const SUSPECTED: AppStanding = AppStanding::Suspected(TripCause::Deaths);

#[test]
fn five_persons_in_a_minute_are_doubted_and_trip_once_graph_calls_a_token_valid() {
    let breaker = breaker(&stopped_clock());
    assert_eq!(
        observe(&breaker, 0..4, TokenObservation::Dead),
        AppStanding::Trusted
    );
    assert_eq!(
        observe(&breaker, 0..4, TokenObservation::Dead),
        AppStanding::Trusted
    );
    assert_eq!(breaker.active_trip(&app()), None);
    assert_eq!(
        observe(&breaker, 4..5, TokenObservation::Dead),
        AppStanding::Doubted
    );
    assert_eq!(breaker.active_trip(&app()), None, "deaths alone");
    breaker.trip_app(&app(), TripCause::Deaths);
    assert_eq!(breaker.active_trip(&app()), Some(TripCause::Deaths));
    assert_eq!(breaker.active_trip(&"2".parse().unwrap()), None);
}

#[test]
fn deaths_among_more_living_do_not_trip() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 100..110, TokenObservation::Alive);
    assert_eq!(
        observe(&breaker, 0..10, TokenObservation::Dead),
        AppStanding::Trusted
    );
    assert_eq!(
        observe(&breaker, 10..11, TokenObservation::Dead),
        AppStanding::Doubted
    );
}

#[test]
fn a_person_counts_by_the_last_observation() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 0..8, TokenObservation::Alive);
    assert_eq!(
        observe(&breaker, 0..4, TokenObservation::Dead),
        AppStanding::Trusted
    );
    assert_eq!(
        observe(&breaker, 4..5, TokenObservation::Dead),
        AppStanding::Doubted
    );
}

#[test]
fn deaths_far_apart_in_time_do_not_add_up() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    for person in 0..20 {
        assert_eq!(
            observe(&breaker, person..person + 1, TokenObservation::Dead),
            AppStanding::Trusted
        );
        clock.advance_by(TimeDelta::minutes(5));
    }
}

#[test]
fn the_cool_down_ends_but_the_suspicion_stays() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    let since = clock.now();
    trip_by_deaths(&breaker, 0..5);
    clock.advance_by(TimeDelta::minutes(2));
    assert_eq!(breaker.active_trip(&app()), None);
    assert_eq!(
        observe(&breaker, 9..10, TokenObservation::Dead),
        SUSPECTED,
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
    trip_by_deaths(&breaker, 0..5);
    assert_eq!(
        observe(&breaker, 7..8, TokenObservation::Alive),
        SUSPECTED,
        "sent before the trip"
    );
    clock.advance_by(TimeDelta::minutes(2));
    assert_eq!(
        observe(&breaker, 7..8, TokenObservation::Alive),
        AppStanding::Trusted
    );
    assert_eq!(breaker.suspected_apps(), []);
    assert_eq!(
        observe(&breaker, 0..1, TokenObservation::Dead),
        AppStanding::Trusted
    );
}

#[test]
fn deaths_that_are_confirmed_do_not_trip_again_at_once() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    trip_by_deaths(&breaker, 0..5);
    breaker.accept_deaths(&app());
    assert_eq!(
        observe(&breaker, 0..20, TokenObservation::Dead),
        AppStanding::Trusted
    );
    clock.advance_by(TimeDelta::minutes(11));
    assert_eq!(
        observe(&breaker, 0..20, TokenObservation::Dead),
        AppStanding::Doubted
    );
}

#[test]
fn a_real_death_does_not_count_and_the_next_one_is_doubted_again() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 0..4, TokenObservation::Dead);
    for person in 4..20 {
        let dead = person..person + 1;
        assert_eq!(
            observe(&breaker, dead, TokenObservation::Dead),
            AppStanding::Doubted
        );
        breaker.forget_person(&app(), &person.to_string().parse().unwrap());
    }
    assert_eq!(breaker.active_trip(&app()), None);
    assert_eq!(breaker.suspected_apps(), []);
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
    trip_by_deaths(&breaker, 0..5);
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
