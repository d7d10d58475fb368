//! Every transition: each state, with each of its causes, after each observation at each distance in time, compared
//! with a table that is written here from the rules and not from the code.
//!
//! `cases.rs` describes the starts and the observations in the words of the table; no row reads the facts.

use chrono::Duration;

use super::cases::{DISTANCES, Known, STARTS, Seen, every_observation, start};
use crate::{
    FactName,
    state::{AssetState, Status},
};

const NOTICE: Duration = Duration::days(30);

/// One transition in the words of the table.
#[derive(Debug, Clone, Copy)]
struct Case {
    known: Known,
    seen: Seen,
    distance: Duration,
}

impl Case {
    fn is_known(self, any: &[Known]) -> bool {
        any.contains(&self.known)
    }

    fn is_seen(self, any: &[Seen]) -> bool {
        any.contains(&self.seen)
    }

    fn is_spaced(self) -> bool {
        self.distance >= Duration::minutes(10)
    }

    /// Whether the dates that lie ahead at the start have arrived.
    fn is_late(self) -> bool {
        self.distance >= Duration::days(10)
    }

    /// The name of the date that is known at the start.
    fn date(self) -> FactName {
        match self.known {
            Known::DateAhead(name) => name,
            _ => FactName::TokenExpiry,
        }
    }

    fn has_date_ahead(self) -> bool {
        matches!(self.known, Known::DateAhead(_)) && !self.is_late()
    }

    fn has_date_arrived(self) -> bool {
        self.known == Known::DateArrived
            || (matches!(self.known, Known::DateAhead(_)) && self.is_late())
    }

    fn has_cut_off_ahead(self) -> bool {
        self.is_known(&[Known::CutOffRead, Known::CutOffAnnounced]) && !self.is_late()
    }

    fn has_cut_off_arrived(self) -> bool {
        self.is_known(&[Known::ReadCutOffArrived, Known::AnnouncedCutOffArrived])
            || (self.is_known(&[Known::CutOffRead, Known::CutOffAnnounced]) && self.is_late())
    }

    fn has_read_cut_off_arrived(self) -> bool {
        self.has_cut_off_arrived() && self.is_known(&[Known::CutOffRead, Known::ReadCutOffArrived])
    }

    /// Whether the proof of the start is at least as late as a date that lies this long before the observation.
    fn is_proved_after(self, ago: Duration) -> bool {
        self.is_known(&[Known::Proof, Known::CutOffDisproved]) && self.distance <= ago
    }
}

/// A condition, the status that follows, and the fact that explains it. The first row that holds counts.
type Row = (fn(Case) -> bool, Status, fn(Case) -> FactName);

const WORKS: [Seen; 3] = [Seen::Works, Seen::WorksUntil, Seen::WorksThough];
const OF_CLASS: [Seen; 2] = [Seen::NotReached, Seen::OfClass];
const HELD: [Seen; 2] = [Seen::NotReachedHeld, Seen::OfClassHeld];
const READ: [Seen; 4] = [
    Seen::DatesMoved,
    Seen::DatesSame,
    Seen::DatesPassed,
    Seen::DatesNone,
];
const DATES_GONE: [Seen; 2] = [Seen::DatesMoved, Seen::DatesNone];
const ANNOUNCED: [Seen; 2] = [Seen::Announced, Seen::AnnouncedLate];

const TABLE: [Row; 27] = [
    // Without a credential nothing can be observed.
    (
        |it| it.known == Known::Registration,
        Status::Disconnected,
        |_| FactName::Registration,
    ),
    (
        |it| it.known == Known::Deleted,
        Status::Disconnected,
        |_| FactName::Revocation,
    ),
    (
        |it| it.is_seen(&[Seen::Deauthorised, Seen::Deleted]),
        Status::Disconnected,
        |_| FactName::Revocation,
    ),
    // A proof outranks everything that was known before, but for dates that lie ahead.
    (
        |it| it.seen == Seen::WorksUntil,
        Status::Migrating,
        |_| FactName::CutOff,
    ),
    (
        |it| it.seen == Seen::Works && it.has_cut_off_ahead(),
        Status::Migrating,
        |_| FactName::CutOff,
    ),
    (
        |it| it.is_seen(&WORKS) && it.has_date_ahead(),
        Status::Expiring,
        Case::date,
    ),
    (
        |it| it.is_seen(&WORKS),
        Status::Healthy,
        |_| FactName::Proof,
    ),
    // Refusals that are enough.
    (
        |it| it.known == Known::Revoked,
        Status::Disconnected,
        |_| FactName::Revocation,
    ),
    (
        |it| it.known == Known::Lost || it.seen == Seen::Definitive,
        Status::Disconnected,
        |_| FactName::Refusal,
    ),
    (
        |it| it.is_seen(&[Seen::NotReached, Seen::NotReachedHeld]) && it.has_cut_off_arrived(),
        Status::Disconnected,
        |_| FactName::Refusal,
    ),
    (
        |it| it.known == Known::OneOfClass && it.is_seen(&OF_CLASS) && it.is_spaced(),
        Status::Disconnected,
        |_| FactName::Refusal,
    ),
    // Dates that Graph has confirmed since they arrived.
    (
        |it| it.seen == Seen::DatesPassed && !it.is_proved_after(Duration::minutes(1)),
        Status::Disconnected,
        |_| FactName::TokenExpiry,
    ),
    (
        |it| it.known == Known::DatePassed && !it.is_seen(&DATES_GONE),
        Status::Disconnected,
        Case::date,
    ),
    (
        |it| it.has_date_arrived() && it.seen == Seen::DatesSame,
        Status::Disconnected,
        Case::date,
    ),
    // Refusals that are not enough.
    (
        |it| it.is_known(&[Known::TwoDoubtful, Known::OneOfClass]),
        Status::Suspect,
        |_| FactName::Refusal,
    ),
    (
        |it| it.is_seen(&OF_CLASS),
        Status::Suspect,
        |_| FactName::Refusal,
    ),
    (
        |it| {
            it.is_known(&[Known::OneDoubtful, Known::ImportDoubted])
                && (it.is_seen(&HELD) || it.seen == Seen::Doubtful)
                && it.is_spaced()
        },
        Status::Suspect,
        |_| FactName::Refusal,
    ),
    // Dates that Graph has not confirmed.
    (
        |it| it.has_date_arrived() && !it.is_seen(&READ),
        Status::Suspect,
        Case::date,
    ),
    (
        |it| it.has_read_cut_off_arrived() && !it.is_seen(&ANNOUNCED),
        Status::Suspect,
        |_| FactName::CutOff,
    ),
    // The credential serves.
    (
        |it| it.is_known(&[Known::Import, Known::ImportDoubted]),
        Status::Unproven,
        |_| FactName::Registration,
    ),
    (
        |it| it.seen == Seen::Announced,
        Status::Migrating,
        |_| FactName::CutOff,
    ),
    (
        |it| it.seen == Seen::AnnouncedLate && !it.is_proved_after(Duration::hours(1)),
        Status::Migrating,
        |_| FactName::CutOff,
    ),
    (Case::has_cut_off_ahead, Status::Migrating, |_| {
        FactName::CutOff
    }),
    (Case::has_cut_off_arrived, Status::Migrating, |_| {
        FactName::CutOff
    }),
    (
        |it| it.has_date_ahead() && !it.is_seen(&DATES_GONE),
        Status::Expiring,
        Case::date,
    ),
    (
        |it| it.known == Known::CutOffDisproved,
        Status::Healthy,
        |_| FactName::Proof,
    ),
    (|_| true, Status::Healthy, |_| FactName::Proof),
];

#[test]
fn every_state_after_every_observation_at_every_distance_is_that_of_the_table() {
    let observations = every_observation();
    let mut seen = 0;
    let mut unused: Vec<_> = (0..TABLE.len()).collect();
    for known in STARTS {
        for (name, seen_as, observe) in &observations {
            for distance in DISTANCES {
                let case = Case {
                    known,
                    seen: *seen_as,
                    distance,
                };
                let row = TABLE
                    .iter()
                    .position(|(holds, ..)| holds(case))
                    .expect("the last row holds");
                unused.retain(|it| *it != row);
                let (_, status, fact) = TABLE[row];
                let now = start() + distance;
                let state = AssetState::from_facts(&observe(known.facts(), now), now, NOTICE);
                let is = (state.status, state.is_serving(), state.fact.name);
                let expected = (status, status != Status::Disconnected, fact(case));
                assert_eq!(
                    is, expected,
                    "{known:?}, {name}, after {distance}, row {row}"
                );
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 19 * (12 + 20 * 2) * 5);
    assert!(unused.is_empty(), "rows that no case reaches: {unused:?}");
}

#[test]
fn the_starts_have_every_status() {
    let at_start = |it: Known| AssetState::from_facts(&it.facts(), start(), NOTICE).status;
    for status in Status::ALL {
        assert!(
            STARTS.into_iter().any(|it| at_start(it) == status),
            "{status}"
        );
    }
}
