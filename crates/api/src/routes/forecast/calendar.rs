//! The forecast as iCalendar: one entry per day and cause.
//!
//! The rule: the uid of an entry holds tenant, day, cause and filter, so that a calendar that is loaded again updates its
//! entries instead of duplicating them.

use std::{collections::BTreeMap, fmt::Write};

use chrono::NaiveDate;
use regrant_domain::{
    Confidence, Who,
    forecast::{Cover, EndingTally},
    state::EndingCause,
};
use regrant_vault::{ForecastAgenda, ForecastLine, ForecastQuery};

use super::ical::DayEvent;

/// Name of a calendar to which the tenant gave none.
pub(crate) const NAME: &str = "Regrant: what ends";
/// Days between the reminder and the ending.
const REMIND_DAYS: u32 = 7;

/// The filter of a calendar, as the last part of its uids.
pub(crate) fn filter_suffix(query: &ForecastQuery) -> String {
    let mut suffix = String::new();
    let mut part = |letter: char, it: Option<&str>| {
        if let Some(it) = it {
            // Writing to a String cannot fail.
            let _ = write!(suffix, "-{letter}{it}");
        }
    };
    part(
        'b',
        query
            .business_id
            .as_ref()
            .map(regrant_domain::AssetId::as_str),
    );
    let kinds = query.kinds.iter().map(|it| it.as_str());
    let kinds = kinds.collect::<Vec<_>>().join("-");
    part('k', Some(kinds.as_str()).filter(|it| !it.is_empty()));
    part(
        'p',
        query
            .person_id
            .as_ref()
            .map(regrant_domain::PersonId::as_str),
    );
    part(
        'l',
        query
            .what_if_person_leaves
            .as_ref()
            .map(regrant_domain::PersonId::as_str),
    );
    part('a', query.every_ending.then_some("ll"));
    suffix
}

/// The endings of one day and cause.
#[derive(Default)]
struct DayGroup<'a> {
    /// How many of them a standby or a refresh covers: the assets continue.
    covered: u64,
    /// How many others there are, by confidence.
    open: BTreeMap<Confidence, u64>,
    lines: Vec<&'a ForecastLine>,
    /// Whether the day is over.
    is_past: bool,
}

/// The entries of a calendar; `suffix` comes from [`filter_suffix`].
pub(crate) fn build_events(agenda: &ForecastAgenda, suffix: &str) -> Vec<DayEvent> {
    let groups = group_by_day(agenda);
    let learned: BTreeMap<_, _> = agenda
        .learned
        .iter()
        .map(|it| ((it.date, it.cause), it.learned_at))
        .collect();
    // What was covered on a day that is over did not end.
    let shown = groups
        .into_iter()
        .filter(|(_, it)| it.count_open() > 0 || !it.is_past);
    let event = |((date, cause), group): ((NaiveDate, EndingCause), DayGroup<'_>)| DayEvent {
        uid: format!("{}-{date}-{cause}{suffix}@regrant", agenda.tenant),
        stamp: learned
            .get(&(date, cause))
            .copied()
            .unwrap_or(agenda.generated_at),
        date,
        summary: group.write_summary(cause),
        description: group.write_description(cause),
        remind_days: (group.count_open() > 0 && !group.is_past).then_some(REMIND_DAYS),
    };
    shown.map(event).collect()
}

fn group_by_day(agenda: &ForecastAgenda) -> BTreeMap<(NaiveDate, EndingCause), DayGroup<'_>> {
    let mut groups: BTreeMap<(NaiveDate, EndingCause), DayGroup<'_>> = BTreeMap::new();
    for EndingTally {
        date,
        cause,
        confidence,
        cover,
        count,
    } in &agenda.tallies
    {
        let group = groups.entry((*date, *cause)).or_default();
        group.is_past = *date < agenda.generated_at.date_naive();
        if cover.is_some_and(Cover::is_seamless) {
            group.covered += count;
        } else {
            *group.open.entry(*confidence).or_default() += count;
        }
    }
    for line in &agenda.lines {
        if let Some(group) = groups.get_mut(&(line.position.at.date_naive(), line.position.cause)) {
            group.lines.push(line);
        }
    }
    groups
}

impl DayGroup<'_> {
    fn count_open(&self) -> u64 {
        self.open.values().sum()
    }

    fn write_summary(&self, cause: EndingCause) -> String {
        let (open, cause) = (self.count_open(), cause_text(cause));
        if open == 0 {
            let verb = choose_form(self.covered, "asset continues", "assets continue");
            return format!("{verb} without action: {cause}");
        }
        if self.is_past {
            let verb = choose_form(open, "asset has ended", "assets have ended");
            return format!("{verb}: {cause}");
        }
        let verb = choose_form(open, "asset ends", "assets end");
        format!("{verb}: {cause} ({})", self.describe_confidence())
    }

    fn describe_confidence(&self) -> String {
        if let (1, Some((only, _))) = (self.open.len(), self.open.first_key_value()) {
            return only.as_str().to_owned();
        }
        let each = self.open.iter();
        let each = each.map(|(degree, n)| format!("{n} {}", degree.as_str()));
        each.collect::<Vec<_>>().join(", ")
    }

    fn write_description(&self, cause: EndingCause) -> String {
        let mut text = if self.count_open() == 0 {
            "No action is needed: another token takes over, or the token is refreshed.\n".to_owned()
        } else {
            format!(
                "{}\n{}\n",
                next_step(cause),
                party_text(cause.who_must_act())
            )
        };
        if self.covered > 0 && self.count_open() > 0 {
            let verb = choose_form(self.covered, "other asset needs", "other assets need");
            let _ = writeln!(text, "{verb} no action.");
        }
        for it in &self.lines {
            let _ = write!(
                text,
                "\n{} {} {}",
                it.position.at.format("%H:%M UTC"),
                it.kind,
                it.position.asset_id
            );
            if let Some(name) = &it.name {
                let _ = write!(text, " \"{name}\"");
            }
            if let Some(business) = &it.business_id {
                let _ = write!(text, " of business {business}");
            }
        }
        let named = u64::try_from(self.lines.len()).unwrap_or(u64::MAX);
        let more = (self.count_open() + self.covered).saturating_sub(named);
        if more > 0 {
            let _ = write!(text, "\nand {more} more");
        }
        text
    }
}

/// The number with the text that goes with it.
fn choose_form(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

const fn cause_text(cause: EndingCause) -> &'static str {
    match cause {
        EndingCause::TokenExpiry => "token expiry",
        EndingCause::DataAccess => "data access expires",
        EndingCause::SystemUser60Days => "60 days of a system user's token",
        EndingCause::CutOff => "cut-off",
        EndingCause::Revoked => "access revoked",
        EndingCause::PersonLeaves => "the person leaves",
    }
}

const fn next_step(cause: EndingCause) -> &'static str {
    match cause {
        EndingCause::SystemUser60Days => "The worker refreshes these tokens before they expire.",
        EndingCause::CutOff => {
            "Replace the tokens with tokens of the managed account before the cut-off."
        }
        EndingCause::PersonLeaves => {
            "Before the person leaves, replace the token with one of another person or, better, of a system user."
        }
        EndingCause::TokenExpiry | EndingCause::DataAccess | EndingCause::Revoked => {
            "Log in again and replace the token with the new one."
        }
    }
}

const fn party_text(who: Who) -> &'static str {
    match who {
        Who::Person => "Who must act: the person who granted the token.",
        Who::BusinessAdmin => "Who must act: an administrator of the business.",
        Who::Provider => "Who must act: the provider of the app.",
        Who::NoOne => "No action is needed.",
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};
    use regrant_domain::{AssetKind, TenantId};
    use regrant_vault::{ForecastPosition, LearnedDay};

    use super::*;

    fn agenda() -> ForecastAgenda {
        let at = DateTime::UNIX_EPOCH + Duration::hours(30);
        let tally = |confidence, cover, count| EndingTally {
            date: at.date_naive(),
            cause: EndingCause::CutOff,
            confidence,
            cover,
            count,
        };
        let line = |id: &str| ForecastLine {
            position: ForecastPosition {
                at,
                asset_id: id.parse().unwrap(),
                cause: EndingCause::CutOff,
            },
            kind: AssetKind::Page,
            name: Some("Bäckerei, klein".to_owned()),
            business_id: Some("5".parse().unwrap()),
        };
        ForecastAgenda {
            tenant: TenantId::mint(),
            generated_at: DateTime::UNIX_EPOCH,
            tallies: vec![
                tally(Confidence::Certain, None, 20),
                tally(Confidence::Announced, Some(Cover::Standby), 10),
            ],
            lines: vec![line("7"), line("8")],
            learned: vec![LearnedDay {
                date: at.date_naive(),
                cause: EndingCause::CutOff,
                learned_at: DateTime::UNIX_EPOCH - Duration::days(3),
            }],
        }
    }

    #[test]
    fn one_entry_per_day_and_cause_says_how_many_and_how_certain() {
        let agenda = agenda();
        let events = build_events(&agenda, "");
        assert_eq!(events.len(), 1);
        assert_eq!(
            events[0].summary, "20 assets end: cut-off (certain)",
            "the covered ones do not end"
        );
        let text = &events[0].description;
        for part in [
            "Who must act: the person who granted the token.",
            "10 other assets need no action.",
            "06:00 UTC page 7 \"Bäckerei, klein\" of business 5",
            "and 28 more",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn degrees_of_confidence_are_counted_apart() {
        let mut agenda = agenda();
        agenda.tallies[1].cover = None;
        assert_eq!(
            build_events(&agenda, "")[0].summary,
            "30 assets end: cut-off (20 certain, 10 announced)"
        );
    }

    #[test]
    fn what_is_covered_is_no_ending_and_needs_no_reminder() {
        let mut agenda = agenda();
        agenda.tallies.remove(0);
        let event = &build_events(&agenda, "")[0];
        assert_eq!(event.summary, "10 assets continue without action: cut-off");
        assert_eq!(event.remind_days, None);
        assert!(event.description.starts_with("No action is needed"));
    }

    #[test]
    fn what_has_ended_stays_and_what_was_covered_does_not() {
        let mut agenda = agenda();
        agenda.generated_at += Duration::days(20);
        let events = build_events(&agenda, "");
        assert_eq!(events[0].summary, "20 assets have ended: cut-off");
        assert_eq!(events[0].remind_days, None);
        agenda.tallies.remove(0);
        assert!(build_events(&agenda, "").is_empty());
    }

    #[test]
    fn an_entry_is_stamped_when_it_was_learned() {
        let mut agenda = agenda();
        let stamp = |agenda: &ForecastAgenda| build_events(agenda, "")[0].stamp;
        let learned = stamp(&agenda);
        assert_eq!(learned, DateTime::UNIX_EPOCH - Duration::days(3));
        agenda.generated_at += Duration::hours(1);
        assert_eq!(stamp(&agenda), learned);
    }

    #[test]
    fn a_uid_is_stable_and_differs_between_filters() {
        let agenda = agenda();
        let uid =
            |query: &ForecastQuery| build_events(&agenda, &filter_suffix(query)).remove(0).uid;
        let whole = ForecastQuery::default();
        let business = ForecastQuery {
            business_id: Some("5".parse().unwrap()),
            ..whole.clone()
        };
        assert_eq!(uid(&whole), uid(&whole));
        assert_ne!(uid(&whole), uid(&business));
        assert!(
            uid(&business).ends_with("-1970-01-02-cut_off-b5@regrant"),
            "{}",
            uid(&business)
        );
    }

    #[test]
    fn one_asset_ends() {
        let mut agenda = agenda();
        agenda.tallies.truncate(1);
        agenda.tallies[0].count = 1;
        assert_eq!(
            build_events(&agenda, "")[0].summary,
            "1 asset ends: cut-off (certain)"
        );
    }
}
