//! Refusals of many persons at once: an incident at Meta, not a loss of access.
//!
//! The rule: while at least [`PERSONS_TO_HOLD`] persons are refused, and more than have worked since the first of them
//! was refused, refusals of that app and kind of object are held at `suspect`. So an incident holds them as long as it
//! lasts, and a real loss of a few persons is believed as soon as as many others work. Each tenant is judged by all of its
//! own persons and by at most [`PERSONS_OF_ANOTHER_TENANT`] of every other one, so that no tenant alone holds or releases
//! another's refusals.
//! Start at [`RefusalWindow::observe`].

use std::collections::{HashMap, HashSet};

use chrono::Duration;

use crate::{AppId, AssetKind, Certainty, NextStep, Reason, ReasonCode, TenantId, Timestamp, Who};

/// How many persons must be refused within the window.
pub const PERSONS_TO_HOLD: usize = 5;
/// How many persons of another tenant count.
pub const PERSONS_OF_ANOTHER_TENANT: usize = 2;
/// How long a refusal counts after it was observed.
pub const WINDOW: Duration = Duration::minutes(15);
/// From this many persons of one kind on, old observations are removed.
const CROWDED: usize = 10_000;
/// After this time an observation is old.
const OLD: Duration = Duration::days(2);

/// A refusal as it counts while refusals of its kind are held: it can make the asset suspect, no more.
///
/// What [`RefusalKind::is_mass_suspect`](crate::RefusalKind::is_mass_suspect) counts is held, but for a refusal that a
/// known cut-off explains.
#[must_use]
pub fn hold_refusal(reason: Reason, certainty: Certainty) -> (Reason, Certainty) {
    let is_held = match certainty {
        Certainty::Spaced => true,
        Certainty::Definitive => is_unconfirmed_of_person(reason.code),
        Certainty::Doubtful | Certainty::Silent => false,
    };
    if !is_held {
        return (reason, certainty);
    }
    let detail = format!(
        "Tokens of many persons were refused at once, so an incident at Meta is likely. Graph said: {}",
        reason.detail
    );
    let held = Reason::new(
        ReasonCode::MassRefusal,
        Who::Provider,
        detail,
        NextStep::WatchMeta,
    );
    (held, Certainty::Doubtful)
}

/// Whether a definitive refusal with this code asks the person to act at Meta: `debug_token` confirms none of them.
const fn is_unconfirmed_of_person(code: ReasonCode) -> bool {
    matches!(
        code,
        ReasonCode::Checkpoint
            | ReasonCode::Unconfirmed
            | ReasonCode::ConsentRequired
            | ReasonCode::DataAccessExpired
    )
}

/// The latest probe result of each person, by app and kind of object.
#[derive(Debug, Default)]
pub struct RefusalWindow {
    kinds: HashMap<(AppId, AssetKind), KindWindow>,
}

#[derive(Debug, Default)]
struct KindWindow {
    latest: HashMap<(TenantId, String), Observation>,
    /// The tenants whose refusals are held.
    held: HashSet<TenantId>,
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
    /// Adds the results of one pass of a tenant: each person, and whether it was refused. Says whether the tenant's
    /// refusals are held now.
    pub fn observe<'a>(
        &mut self,
        app: &AppId,
        tenant: TenantId,
        kind: AssetKind,
        results: impl IntoIterator<Item = (&'a str, bool)>,
        now: Timestamp,
    ) -> Hold {
        let window = self.kinds.entry((app.clone(), kind)).or_default();
        for (person, is_refused) in results {
            window.add((tenant, person.to_owned()), is_refused, now);
        }
        window.judge(tenant, now)
    }
}

impl KindWindow {
    fn add(&mut self, person: (TenantId, String), is_refused: bool, now: Timestamp) {
        let known = self.latest.get(&person).and_then(|it| it.refused_since);
        let refused_since = is_refused.then(|| known.unwrap_or(now));
        let latest = Observation {
            at: now,
            refused_since,
        };
        self.latest.insert(person, latest);
        if self.latest.len() >= CROWDED {
            self.latest.retain(|_, it| now - it.at < OLD);
        }
    }

    fn judge(&mut self, tenant: TenantId, now: Timestamp) -> Hold {
        let is_recent = |it: &Observation| (now - it.at).abs() < WINDOW;
        let refused_since = |it: &Observation| it.refused_since.filter(|_| is_recent(it));
        let began = self.latest.values().filter_map(refused_since).min();
        let began = began.unwrap_or(now);
        let is_refuted = |it: &Observation| it.refused_since.is_none() && it.at >= began;
        let refused = self.count_persons(tenant, |it| refused_since(it).is_some());
        let working = self.count_persons(tenant, is_refuted);
        if refused < PERSONS_TO_HOLD || refused <= working {
            self.held.remove(&tenant);
            return Hold::Open;
        }
        let is_first = self.held.is_empty();
        self.held.insert(tenant);
        if is_first { Hold::Begins } else { Hold::Holds }
    }

    /// How many persons an observation holds for, as they count for this tenant.
    fn count_persons(&self, tenant: TenantId, holds: impl Fn(&Observation) -> bool) -> usize {
        let mut by_tenant = HashMap::<TenantId, usize>::new();
        for ((owner, _), _) in self.latest.iter().filter(|(_, it)| holds(it)) {
            *by_tenant.entry(*owner).or_default() += 1;
        }
        let counted = |(owner, persons): (TenantId, usize)| {
            if owner == tenant {
                persons
            } else {
                persons.min(PERSONS_OF_ANOTHER_TENANT)
            }
        };
        by_tenant.into_iter().map(counted).sum()
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::{RefusalKind, judgement_docs::every_kind};

    fn minute(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::minutes(n)
    }

    fn observe(window: &mut RefusalWindow, persons: &[(&str, bool)], at: i64) -> Hold {
        observe_of(window, 1, persons, at)
    }

    fn observe_of(
        window: &mut RefusalWindow,
        tenant: u128,
        persons: &[(&str, bool)],
        at: i64,
    ) -> Hold {
        let app = "1".parse().unwrap();
        let results = persons.iter().copied();
        window.observe(
            &app,
            tenant_of(tenant),
            AssetKind::Page,
            results,
            minute(at),
        )
    }

    fn tenant_of(n: u128) -> TenantId {
        TenantId::from_uuid(uuid::Uuid::from_u128(n))
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
    fn what_counts_for_an_incident_is_held_at_suspect_and_nothing_else_changes() {
        for kind in every_kind() {
            let (meaning, certainty) = (kind.meaning(), kind.certainty());
            let reason = Reason::new(meaning.code, meaning.who, "message", meaning.serving);
            let (held, counts_as) = hold_refusal(reason.clone(), certainty);
            if kind.is_mass_suspect() {
                let seen = (held.code, held.who, counts_as);
                let expected = (ReasonCode::MassRefusal, Who::Provider, Certainty::Doubtful);
                assert_eq!(seen, expected, "{kind:?}");
                assert!(held.detail.contains("message"), "{kind:?}");
            } else {
                assert_eq!((held, counts_as), (reason, certainty), "{kind:?}");
            }
        }
    }

    #[test]
    fn refusals_of_a_person_that_nothing_confirms_count_and_confirmed_deaths_do_not() {
        use RefusalKind as Kind;
        for (kind, counts) in [
            (Kind::Checkpoint, true),
            (Kind::Unconfirmed, true),
            (Kind::ConsentRequired, true),
            (Kind::DataAccessExpired, true),
            (Kind::TwoFactorRequired, true),
            (Kind::TokenDead, false),
            (Kind::PageMoved(None), false),
            (Kind::Unclassified, false),
            (Kind::Unavailable, false),
        ] {
            assert_eq!(kind.is_mass_suspect(), counts, "{kind:?}");
        }
    }

    #[test]
    fn a_cut_off_that_has_passed_is_no_incident() {
        let next = NextStep::ReplaceWithManaged;
        let reason = Reason::new(ReasonCode::CutOffPassed, Who::Person, "message", next);
        let held = hold_refusal(reason.clone(), Certainty::Definitive);
        assert_eq!(held, (reason, Certainty::Definitive));
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
        let other = window.observe(
            &app,
            tenant_of(1),
            AssetKind::Pixel,
            [("1", true)],
            minute(0),
        );
        assert_eq!(other, Hold::Open);
    }

    #[test]
    fn a_tenant_alone_neither_holds_nor_releases_the_refusals_of_another() {
        let mut window = RefusalWindow::default();
        assert_eq!(observe_of(&mut window, 2, &MANY, 0), Hold::Begins);
        for (n, it) in MANY.iter().enumerate().take(2) {
            assert_eq!(observe(&mut window, &[*it], 1), Hold::Open, "{n}");
        }
        assert_eq!(
            observe(&mut window, &MANY, 2),
            Hold::Holds,
            "its own persons"
        );
        let works: Vec<_> = ["6", "7", "8", "9", "10", "11", "12"]
            .map(|it| (it, false))
            .into();
        assert_eq!(observe_of(&mut window, 3, &works, 3), Hold::Open);
        assert_eq!(observe(&mut window, &MANY[..1], 4), Hold::Holds);
    }

    #[test]
    fn an_incident_that_refuses_a_person_of_each_of_many_tenants_is_held() {
        let mut window = RefusalWindow::default();
        for tenant in 1..5 {
            assert_eq!(observe_of(&mut window, tenant, &MANY[..1], 0), Hold::Open);
        }
        assert_eq!(observe_of(&mut window, 5, &MANY[..1], 0), Hold::Begins);
    }
}
