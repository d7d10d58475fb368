//! Refusals of many persons at once: an incident at Meta, not a loss of access.
//!
//! The rule: while at least [`PERSONS_TO_HOLD`] persons are refused, and more than have worked since the first of them
//! was refused, refusals of that app and kind of object are held at `suspect`. So an incident holds them as long as it
//! lasts, and a real loss of a few persons is believed as soon as as many others work.
//! Start at [`RefusalWindow::observe`].

use std::collections::HashMap;

use chrono::Duration;

use crate::{AppId, AssetKind, Certainty, Reason, ReasonCode, Timestamp, Who};

/// How many persons must be refused within the window.
pub const PERSONS_TO_HOLD: usize = 5;
/// How long a refusal counts after it was observed.
pub const WINDOW: Duration = Duration::minutes(15);
/// From this many persons of one kind on, old observations are removed.
const CROWDED: usize = 10_000;
/// After this time an observation is old.
const OLD: Duration = Duration::days(2);

/// A refusal as it counts while refusals of its kind are held: it can make the asset suspect, no more.
#[must_use]
pub fn hold_refusal(reason: Reason, certainty: Certainty) -> (Reason, Certainty) {
    if certainty != Certainty::Spaced {
        return (reason, certainty);
    }
    let detail = format!(
        "Tokens of many persons were refused at once, so an incident at Meta is likely. Graph said: {}",
        reason.detail
    );
    let next_step = "Regrant asks again by itself; look at Meta's status page.";
    let held = Reason::new(ReasonCode::MassRefusal, Who::Provider, detail, next_step);
    (held, Certainty::Doubtful)
}

/// The latest probe result of each person, by app and kind of object.
#[derive(Debug, Default)]
pub struct RefusalWindow {
    kinds: HashMap<(AppId, AssetKind), KindWindow>,
}

#[derive(Debug, Default)]
struct KindWindow {
    latest: HashMap<String, Observation>,
    is_held: bool,
}

/// The latest result of one person.
#[derive(Debug, Clone, Copy)]
struct Observation {
    at: Timestamp,
    /// Since when the person has been refused in every probe; `None` if the latest one worked.
    refused_since: Option<Timestamp>,
}

/// Whether refusals of one app and kind are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Refusals count as they are.
    Open,
    /// They are held at `suspect` from now on: raise the alarm.
    Begins,
    /// They are held already.
    Holds,
}

impl RefusalWindow {
    /// Adds the results of one pass: each person, and whether it was refused. Says whether refusals are held now.
    pub fn observe<'a>(
        &mut self,
        app: &AppId,
        kind: AssetKind,
        results: impl IntoIterator<Item = (&'a str, bool)>,
        now: Timestamp,
    ) -> Hold {
        let window = self.kinds.entry((app.clone(), kind)).or_default();
        for (person, is_refused) in results {
            window.add(person, is_refused, now);
        }
        window.judge(now)
    }
}

impl KindWindow {
    fn add(&mut self, person: &str, is_refused: bool, now: Timestamp) {
        let known = self.latest.get(person).and_then(|it| it.refused_since);
        let refused_since = is_refused.then(|| known.unwrap_or(now));
        let latest = Observation {
            at: now,
            refused_since,
        };
        self.latest.insert(person.to_owned(), latest);
        if self.latest.len() >= CROWDED {
            self.latest.retain(|_, it| now - it.at < OLD);
        }
    }

    fn judge(&mut self, now: Timestamp) -> Hold {
        let is_recent = |it: &&Observation| (now - it.at).abs() < WINDOW;
        let refused = || {
            self.latest
                .values()
                .filter(is_recent)
                .filter_map(|it| it.refused_since)
        };
        let began = refused().min().unwrap_or(now);
        let is_refuted = |it: &&Observation| it.refused_since.is_none() && it.at >= began;
        let working = self.latest.values().filter(is_refuted).count();
        let is_incident = refused().count() >= PERSONS_TO_HOLD && refused().count() > working;
        let was_held = std::mem::replace(&mut self.is_held, is_incident);
        match (was_held, is_incident) {
            (_, false) => Hold::Open,
            (false, true) => Hold::Begins,
            (true, true) => Hold::Holds,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn minute(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::minutes(n)
    }

    fn observe(window: &mut RefusalWindow, persons: &[(&str, bool)], at: i64) -> Hold {
        let app = "1".parse().unwrap();
        window.observe(&app, AssetKind::Page, persons.iter().copied(), minute(at))
    }

    const MANY: [(&str, bool); 5] = [
        ("1", true),
        ("2", true),
        ("3", true),
        ("4", true),
        ("5", true),
    ];

    #[test]
    fn refusals_of_many_persons_are_held_with_one_alarm_until_others_work_again() {
        let mut window = RefusalWindow::default();
        assert_eq!(observe(&mut window, &MANY[..4], 0), Hold::Open);
        assert_eq!(observe(&mut window, &MANY[4..], 1), Hold::Begins);
        assert_eq!(observe(&mut window, &MANY[..1], 2), Hold::Holds);
        let works = ["6", "7", "8", "9", "10"].map(|it| (it, false));
        assert_eq!(observe(&mut window, &works, 3), Hold::Open);
    }

    #[test]
    fn one_person_with_many_assets_is_one_observation() {
        let mut window = RefusalWindow::default();
        let same: Vec<_> = (0..100).map(|_| ("1", true)).collect();
        assert_eq!(observe(&mut window, &same, 0), Hold::Open);
    }

    #[test]
    fn an_observation_counts_for_a_quarter_of_an_hour() {
        let mut window = RefusalWindow::default();
        observe(&mut window, &MANY[..4], 0);
        assert_eq!(observe(&mut window, &MANY[4..], 15), Hold::Open);
    }

    #[test]
    fn a_real_loss_is_believed_once_as_many_others_have_worked_since() {
        let mut window = RefusalWindow::default();
        assert_eq!(observe(&mut window, &MANY, 0), Hold::Begins);
        for (n, person) in ["6", "7", "8", "9"].into_iter().enumerate() {
            let hour = 60 * i64::try_from(n).unwrap();
            observe(&mut window, &[(person, false)], hour + 5);
            assert_ne!(observe(&mut window, &MANY, hour + 10), Hold::Open);
        }
        observe(&mut window, &[("10", false)], 245);
        assert_eq!(observe(&mut window, &MANY, 250), Hold::Open);
    }

    #[test]
    fn who_worked_before_the_first_refusal_refutes_nothing() {
        let mut window = RefusalWindow::default();
        let works: Vec<_> = ["6", "7", "8", "9", "10", "11"]
            .map(|it| (it, false))
            .into();
        observe(&mut window, &works, 0);
        assert_eq!(observe(&mut window, &MANY, 1), Hold::Begins);
    }

    #[test]
    fn kinds_of_objects_are_counted_apart() {
        let mut window = RefusalWindow::default();
        observe(&mut window, &MANY, 0);
        let app = "1".parse().unwrap();
        let other = window.observe(&app, AssetKind::Pixel, [("1", true)], minute(0));
        assert_eq!(other, Hold::Open);
    }
}
