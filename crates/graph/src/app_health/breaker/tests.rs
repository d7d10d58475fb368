use super::*;

fn app() -> AppId {
    "1".parse().unwrap()
}

fn breaker(clock: &Clock) -> Breaker {
    Breaker::new(clock.clone(), 5, Duration::from_mins(1))
}

fn stopped_clock() -> Clock {
    Clock::fixed(Clock::wall())
}

fn observe(
    breaker: &Breaker,
    persons: std::ops::Range<u32>,
    observation: Word,
) -> Option<RestCause> {
    let persons: Vec<PersonId> = persons.map(|it| it.to_string().parse().unwrap()).collect();
    breaker.hear(&app(), persons.iter().map(|it| (it, observation)))
}

#[test]
fn five_persons_in_a_minute_trip() {
    let breaker = breaker(&stopped_clock());
    assert_eq!(observe(&breaker, 0..4, Word::Dead), None);
    assert_eq!(observe(&breaker, 0..4, Word::Dead), None);
    assert_eq!(breaker.tripped(&app()), None);
    assert_eq!(observe(&breaker, 4..5, Word::Dead), Some(RestCause::Deaths));
    assert_eq!(breaker.tripped(&app()), Some(RestCause::Deaths));
    assert_eq!(breaker.tripped(&"2".parse().unwrap()), None);
}

#[test]
fn deaths_among_more_living_do_not_trip() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 100..110, Word::Alive);
    assert_eq!(observe(&breaker, 0..10, Word::Dead), None);
    assert_eq!(
        observe(&breaker, 10..11, Word::Dead),
        Some(RestCause::Deaths)
    );
}

#[test]
fn a_person_counts_by_the_last_observation() {
    let breaker = breaker(&stopped_clock());
    observe(&breaker, 0..8, Word::Alive);
    assert_eq!(observe(&breaker, 0..4, Word::Dead), None);
    assert_eq!(observe(&breaker, 4..5, Word::Dead), Some(RestCause::Deaths));
}

#[test]
fn deaths_far_apart_in_time_do_not_add_up() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    for person in 0..20 {
        assert_eq!(observe(&breaker, person..person + 1, Word::Dead), None);
        clock.advance(TimeDelta::minutes(5));
    }
}

#[test]
fn the_cool_down_ends_but_the_suspicion_stays() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    let since = clock.now();
    observe(&breaker, 0..5, Word::Dead);
    clock.advance(TimeDelta::minutes(2));
    assert_eq!(breaker.tripped(&app()), None);
    assert_eq!(
        observe(&breaker, 9..10, Word::Dead),
        Some(RestCause::Deaths),
        "no death is reported yet"
    );
    assert_eq!(
        breaker.suspects(),
        [AppAtRest {
            app: app(),
            cause: RestCause::Deaths,
            since
        }]
    );
}

#[test]
fn one_working_token_after_the_cool_down_ends_the_suspicion() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    observe(&breaker, 0..5, Word::Dead);
    assert_eq!(
        observe(&breaker, 7..8, Word::Alive),
        Some(RestCause::Deaths),
        "sent before the trip"
    );
    clock.advance(TimeDelta::minutes(2));
    assert_eq!(observe(&breaker, 7..8, Word::Alive), None);
    assert_eq!(breaker.suspects(), []);
    assert_eq!(observe(&breaker, 0..1, Word::Dead), None);
}

#[test]
fn deaths_that_are_confirmed_do_not_trip_again_at_once() {
    let clock = stopped_clock();
    let breaker = breaker(&clock);
    observe(&breaker, 0..5, Word::Dead);
    breaker.believe(&app());
    assert_eq!(observe(&breaker, 0..20, Word::Dead), None);
    clock.advance(TimeDelta::minutes(11));
    assert_eq!(
        observe(&breaker, 0..20, Word::Dead),
        Some(RestCause::Deaths)
    );
}

#[test]
fn checks_of_an_app_are_rare() {
    let breaker = breaker(&Clock::System);
    assert!(breaker.doubt(&app()));
    assert!(!breaker.doubt(&app()));
}

#[derive(Clone, Default)]
struct Log(std::sync::Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_trip_alarms_once_and_its_end_is_logged() {
    let (clock, log) = (stopped_clock(), Log::default());
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let breaker = breaker(&clock);
        observe(&breaker, 0..5, Word::Dead);
        for _ in 0..12 {
            clock.advance(TimeDelta::minutes(5));
            observe(&breaker, 0..8, Word::Dead);
            breaker.trip(&app(), RestCause::Deaths);
        }
        breaker.close(&app());
        breaker.close(&app());
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
