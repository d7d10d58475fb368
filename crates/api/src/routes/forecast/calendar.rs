//! The forecast as iCalendar: one entry per day and cause.
//!
//! The rule: the uid of an entry holds tenant, day, cause and filter, so that a calendar that is loaded again updates its
//! entries instead of duplicating them.

use std::{collections::BTreeMap, fmt::Write};

use chrono::NaiveDate;
use regrant_domain::{
    Confidence, Locale, NextStep, Who,
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
    /// For how many of the others a token is parked.
    parked: u64,
    /// Of how many of the others the asset does not work.
    gone: u64,
    lines: Vec<&'a ForecastLine>,
    /// Whether the day is over.
    is_past: bool,
}

/// The entries of a calendar; `suffix` comes from [`filter_suffix`].
pub(crate) fn build_events(agenda: &ForecastAgenda, suffix: &str) -> Vec<DayEvent> {
    let groups = group_by_day(agenda);
    // What was covered on a day that is over did not end.
    let shown = groups
        .into_iter()
        .filter(|(_, it)| it.count_open() > 0 || !it.is_past);
    let event = |((date, cause), group): ((NaiveDate, EndingCause), DayGroup<'_>)| DayEvent {
        uid: format!("{}-{date}-{cause}{suffix}@regrant", agenda.tenant),
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
        gone,
    } in &agenda.tallies
    {
        let group = groups.entry((*date, *cause)).or_default();
        group.is_past = *date < agenda.generated_at.date_naive();
        if cover.is_some_and(Cover::is_seamless) {
            group.covered += count;
        } else {
            *group.open.entry(*confidence).or_default() += count;
            group.parked += if cover.is_some() { *count } else { 0 };
            group.gone += gone;
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
            return format!("{}: {cause}", self.describe_past());
        }
        let verb = choose_form(open, "asset ends", "assets end");
        format!("{verb}: {cause} ({})", self.describe_confidence())
    }

    /// How many assets have ended. While Graph is down none has: the date alone ends nothing.
    fn describe_past(&self) -> String {
        let doubtful = self.count_open().saturating_sub(self.gone);
        let ended = choose_form(self.gone, "asset has ended", "assets have ended");
        let may = if doubtful == 1 {
            "asset may"
        } else {
            "assets may"
        };
        let doubted = format!("{doubtful} {may} have ended, not confirmed");
        match (self.gone, doubtful) {
            (_, 0) => ended,
            (0, _) => doubted,
            _ => format!("{ended}, {doubted}"),
        }
    }

    fn describe_confidence(&self) -> String {
        if let (1, Some((only, _))) = (self.open.len(), self.open.first_key_value()) {
            return only.as_str().to_owned();
        }
        let each = self.open.iter();
        let each = each.map(|(degree, n)| format!("{n} {}", degree.as_str()));
        each.collect::<Vec<_>>().join(", ")
    }

    /// What is to be done about the endings that nothing covers, and by whom.
    fn advise(&self, cause: EndingCause) -> (&'static str, Who) {
        let sentence = |step: NextStep| step.sentence(Locale::En);
        if self.parked == self.count_open() {
            let step = sentence(NextStep::ParkedUntilMigration);
            return (step, Who::BusinessAdmin);
        }
        match (cause, self.is_past) {
            (EndingCause::SystemUser60Days, _) => {
                (sentence(NextStep::GenerateToken), Who::BusinessAdmin)
            }
            (EndingCause::CutOff, true) => (sentence(NextStep::ReplaceWithManaged), Who::Person),
            (EndingCause::CutOff, false) => (
                "Replace the tokens with tokens of the managed account before the cut-off.",
                Who::Person,
            ),
            (EndingCause::PersonLeaves, true) => (
                "Replace the token with one of another person or, better, of a system user.",
                Who::BusinessAdmin,
            ),
            (EndingCause::PersonLeaves, false) => (
                "Before the person leaves, replace the token with one of another person or, better, of a system user.",
                Who::BusinessAdmin,
            ),
            (EndingCause::TokenExpiry | EndingCause::DataAccess | EndingCause::Revoked, _) => (
                "Log in again and replace the token with the new one.",
                Who::Person,
            ),
        }
    }

    fn write_description(&self, cause: EndingCause) -> String {
        let mut text = if self.count_open() == 0 {
            "No action is needed: another token takes over, or the token is refreshed.\n".to_owned()
        } else {
            let (step, who) = self.advise(cause);
            format!("{step}\n{}\n", party_text(who))
        };
        if self.parked > 0 && self.parked < self.count_open() {
            let _ = writeln!(text, "For {} of them a new token is parked.", self.parked);
        }
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

const fn party_text(who: Who) -> &'static str {
    match who {
        Who::Person => "Who must act: the person who granted the token.",
        Who::BusinessAdmin => "Who must act: an administrator of the business.",
        Who::Provider => "Who must act: the provider of the app.",
        Who::NoOne => "No action is needed.",
    }
}

#[cfg(test)]
mod tests;
