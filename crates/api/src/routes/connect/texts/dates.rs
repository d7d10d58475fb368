//! Times for people. A server does not know the reader's zone, so the zone is named.

use chrono::{DateTime, Datelike, Utc};
use regrant_domain::Locale;

const ENGLISH_MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN_MONTHS: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// A time in a language, such as `3 March 2027, 14:05 UTC`.
pub(in super::super) fn format_time(at: DateTime<Utc>, locale: Locale) -> String {
    let months = match locale {
        Locale::En => ENGLISH_MONTHS,
        Locale::De => GERMAN_MONTHS,
    };
    let index = usize::try_from(at.month0()).unwrap_or_default();
    let month = months.get(index).copied().unwrap_or_default();
    let (day, year, time) = (at.day(), at.year(), at.format("%H:%M"));
    match locale {
        Locale::En => format!("{day} {month} {year}, {time} UTC"),
        Locale::De => format!("{day}. {month} {year}, {time} UTC"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_names_its_zone() {
        let at = DateTime::from_timestamp(1_804_082_700, 0).unwrap();
        assert_eq!(format_time(at, Locale::En), "3 March 2027, 14:05 UTC");
        assert_eq!(format_time(at, Locale::De), "3. März 2027, 14:05 UTC");
    }
}
