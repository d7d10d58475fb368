use super::*;

fn app() -> AppId {
    "1".parse().unwrap()
}

fn breaker(clock: &Clock) -> Breaker {
    Breaker::new(clock.clone(), 5, Duration::from_mins(1))
}

fn still() -> Clock {
    Clock::fixed(Clock::wall())
}

fn hear(breaker: &Breaker, persons: std::ops::Range<u32>, word: Word) -> Option<RestCause> {
    let persons: Vec<PersonId> = persons.map(|it| it.to_string().parse().unwrap()).collect();
    breaker.hear(&app(), persons.iter().map(|it| (it, word)))
}

#[test]
fn five_persons_in_a_minute_trip() {
    let breaker = breaker(&still());
    assert_eq!(hear(&breaker, 0..4, Word::Dead), None);
    assert_eq!(hear(&breaker, 0..4, Word::Dead), None);
    assert_eq!(breaker.tripped(&app()), None);
    assert_eq!(hear(&breaker, 4..5, Word::Dead), Some(RestCause::Deaths));
    assert_eq!(breaker.tripped(&app()), Some(RestCause::Deaths));
    assert_eq!(breaker.tripped(&"2".parse().unwrap()), None);
}

#[test]
fn deaths_among_more_living_do_not_trip() {
    let breaker = breaker(&still());
    hear(&breaker, 100..110, Word::Alive);
    assert_eq!(hear(&breaker, 0..10, Word::Dead), None);
    assert_eq!(hear(&breaker, 10..11, Word::Dead), Some(RestCause::Deaths));
}

#[test]
fn a_person_counts_by_the_last_word() {
    let breaker = breaker(&still());
    hear(&breaker, 0..8, Word::Alive);
    assert_eq!(hear(&breaker, 0..4, Word::Dead), None);
    assert_eq!(hear(&breaker, 4..5, Word::Dead), Some(RestCause::Deaths));
}

#[test]
fn deaths_that_a_leap_parts_do_not_add_up() {
    let clock = still();
    let breaker = breaker(&clock);
    for person in 0..20 {
        assert_eq!(hear(&breaker, person..person + 1, Word::Dead), None);
        clock.advance(TimeDelta::minutes(5));
    }
}

#[test]
fn a_leap_ends_the_rest_but_not_the_suspicion() {
    let clock = still();
    let breaker = breaker(&clock);
    let since = clock.now();
    hear(&breaker, 0..5, Word::Dead);
    clock.advance(TimeDelta::minutes(2));
    assert_eq!(breaker.tripped(&app()), None);
    assert_eq!(
        hear(&breaker, 9..10, Word::Dead),
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
fn one_life_after_the_rest_ends_the_suspicion() {
    let clock = still();
    let breaker = breaker(&clock);
    hear(&breaker, 0..5, Word::Dead);
    assert_eq!(
        hear(&breaker, 7..8, Word::Alive),
        Some(RestCause::Deaths),
        "it was on its way already"
    );
    clock.advance(TimeDelta::minutes(2));
    assert_eq!(hear(&breaker, 7..8, Word::Alive), None);
    assert_eq!(breaker.suspects(), []);
    assert_eq!(hear(&breaker, 0..1, Word::Dead), None);
}

#[test]
fn deaths_that_are_confirmed_do_not_trip_again_at_once() {
    let clock = still();
    let breaker = breaker(&clock);
    hear(&breaker, 0..5, Word::Dead);
    breaker.believe(&app());
    assert_eq!(hear(&breaker, 0..20, Word::Dead), None);
    clock.advance(TimeDelta::minutes(11));
    assert_eq!(hear(&breaker, 0..20, Word::Dead), Some(RestCause::Deaths));
}

#[test]
fn doubt_is_rare() {
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
fn a_trip_alarms_once_and_its_end_is_told() {
    let (clock, log) = (still(), Log::default());
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        let breaker = breaker(&clock);
        hear(&breaker, 0..5, Word::Dead);
        for _ in 0..12 {
            clock.advance(TimeDelta::minutes(5));
            hear(&breaker, 0..8, Word::Dead);
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
    assert!(end.contains("INFO") && end.contains("go on"), "{end}");
}
