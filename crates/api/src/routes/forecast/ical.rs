//! iCalendar (RFC 5545), as far as a calendar of all-day events needs it.
//!
//! The rule: a line has at most 75 octets and is folded between characters, never within one; text is escaped; lines end
//! with CRLF.

use std::fmt::Write;

use chrono::{DateTime, NaiveDate, Utc};

/// The longest line in octets, without its CRLF.
const MAX_LINE_OCTETS: usize = 75;

/// Media type of a calendar.
pub(crate) const CALENDAR_MEDIA_TYPE: &str = "text/calendar; charset=utf-8";

/// An all-day event.
pub(crate) struct DayEvent {
    /// Id of the event, which must stay the same between downloads.
    pub(crate) uid: String,
    /// Day of the event.
    pub(crate) date: NaiveDate,
    /// Title, one line.
    pub(crate) summary: String,
    /// Text of several lines.
    pub(crate) description: String,
    /// Days between the reminder and the event; `None` for no reminder.
    pub(crate) remind_days: Option<u32>,
}

/// Writes a calendar. Its events are stamped with the hour of `revised_at`: within the hour an unchanged calendar is the
/// same text, and a changed event never has an older stamp than before.
pub(crate) fn write_calendar(name: &str, revised_at: DateTime<Utc>, events: &[DayEvent]) -> String {
    let stamp = revised_at.format("%Y%m%dT%H0000Z").to_string();
    let mut text = CalendarText(String::new());
    text.write_line("BEGIN", "VCALENDAR");
    text.write_line("VERSION", "2.0");
    text.write_line("PRODID", "-//Regrant//Disconnect calendar//EN");
    text.write_line("CALSCALE", "GREGORIAN");
    text.write_line("X-WR-CALNAME", &escape_text(name));
    text.write_line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    text.write_line("X-PUBLISHED-TTL", "PT1H");
    for event in events {
        text.write_event(event, &stamp);
    }
    text.write_line("END", "VCALENDAR");
    text.0
}

struct CalendarText(String);

impl CalendarText {
    fn write_event(&mut self, it: &DayEvent, stamp: &str) {
        self.write_line("BEGIN", "VEVENT");
        self.write_line("UID", &escape_text(&it.uid));
        self.write_line("DTSTAMP", stamp);
        self.write_line("DTSTART;VALUE=DATE", &format_day(it.date));
        self.write_line(
            "DTEND;VALUE=DATE",
            &format_day(it.date.succ_opt().unwrap_or(it.date)),
        );
        self.write_line("SUMMARY", &escape_text(&it.summary));
        self.write_line("DESCRIPTION", &escape_text(&it.description));
        self.write_line("TRANSP", "TRANSPARENT");
        if let Some(days) = it.remind_days {
            self.write_line("BEGIN", "VALARM");
            self.write_line("ACTION", "DISPLAY");
            self.write_line("DESCRIPTION", &escape_text(&it.summary));
            self.write_line("TRIGGER", &format!("-P{days}D"));
            self.write_line("END", "VALARM");
        }
        self.write_line("END", "VEVENT");
    }

    /// Writes one content line, folded.
    fn write_line(&mut self, name: &str, value: &str) {
        let mut room = MAX_LINE_OCTETS;
        for c in name.chars().chain([':']).chain(value.chars()) {
            if c.len_utf8() > room {
                self.0.push_str("\r\n ");
                room = MAX_LINE_OCTETS - 1;
            }
            self.0.push(c);
            room -= c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn format_day(date: NaiveDate) -> String {
    date.format("%Y%m%d").to_string()
}

/// Escapes text (RFC 5545 §3.3.11); omits control characters other than line breaks.
fn escape_text(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | ';' | ',' => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\{c}");
            }
            '\n' => escaped.push_str("\\n"),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    const AT: DateTime<Utc> = DateTime::UNIX_EPOCH;

    /// Parses content lines by the RFC, without any code of the writer.
    fn lines(text: &str) -> Vec<(String, String)> {
        assert!(text.ends_with("\r\n"));
        assert_eq!(
            text.matches('\n').count(),
            text.matches("\r\n").count(),
            "no bare line feed"
        );
        for line in text.split("\r\n") {
            assert!(line.len() <= 75, "{} octets: {line}", line.len());
        }
        let unfolded = text.replace("\r\n ", "").replace("\r\n\t", "");
        let split = |line: &str| {
            let (name, value) = line.split_once(':').expect("a name and a value");
            (name.to_owned(), unescape(value))
        };
        unfolded.split_terminator("\r\n").map(split).collect()
    }

    fn unescape(value: &str) -> String {
        let (mut text, mut chars) = (String::new(), value.chars());
        while let Some(c) = chars.next() {
            match (c, c == '\\') {
                (_, true) => match chars.next() {
                    Some('n' | 'N') => text.push('\n'),
                    Some(c @ ('\\' | ';' | ',')) => text.push(c),
                    other => unreachable!("{other:?} is not escaped"),
                },
                (c, false) => {
                    assert!(!matches!(c, ';' | ','), "bare {c} in {value}");
                    text.push(c);
                }
            }
        }
        text
    }

    fn event(summary: &str, description: &str) -> DayEvent {
        DayEvent {
            uid: "a@regrant".to_owned(),
            date: NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
            summary: summary.to_owned(),
            description: description.to_owned(),
            remind_days: Some(7),
        }
    }

    fn value<'a>(lines: &'a [(String, String)], name: &str) -> &'a str {
        &lines
            .iter()
            .find(|it| it.0 == name)
            .unwrap_or_else(|| unreachable!("{name}"))
            .1
    }

    #[test]
    fn a_written_calendar_is_read_back() {
        let summary = "3 assets end; \"a, b\" \\n is no line break";
        let description = format!(
            "{}\nsecond line, with commas; and more\n\n",
            "Bäckerei 木木木 🥐 ".repeat(40)
        );
        let text = write_calendar("Kalender, klein", AT, &[event(summary, &description)]);
        let lines = lines(&text);
        assert_eq!(value(&lines, "SUMMARY"), summary);
        assert_eq!(value(&lines, "DESCRIPTION"), description);
        assert_eq!(value(&lines, "X-WR-CALNAME"), "Kalender, klein");
        assert_eq!(value(&lines, "DTSTAMP"), "19700101T000000Z");
        assert_eq!(value(&lines, "DTSTART;VALUE=DATE"), "20261231");
        assert_eq!(
            value(&lines, "DTEND;VALUE=DATE"),
            "20270101",
            "an all-day event ends on the next day"
        );
        assert_eq!(value(&lines, "TRIGGER"), "-P7D");
    }

    #[test]
    fn the_stamp_is_the_hour_and_never_goes_back() {
        let write =
            |minutes| write_calendar("x", AT + Duration::minutes(minutes), &[event("a", "b")]);
        assert_eq!(write(0), write(59));
        assert_eq!(value(&lines(&write(60)), "DTSTAMP"), "19700101T010000Z");
    }

    #[test]
    fn no_fold_cuts_a_character_wherever_it_falls() {
        for shift in 0..80 {
            for c in ["é", "木", "🥐"] {
                let summary = format!("{}{}", "a".repeat(shift), c.repeat(60));
                let text = write_calendar("x", AT, &[event(&summary, "")]);
                assert_eq!(value(&lines(&text), "SUMMARY"), summary);
            }
        }
    }

    #[test]
    fn text_cannot_leave_its_line() {
        let evil = "x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:y\u{0}\u{7f}";
        let text = write_calendar(evil, AT, &[event(evil, evil)]);
        let lines = lines(&text);
        assert_eq!(
            lines
                .iter()
                .filter(|it| it.0 == "BEGIN" && it.1 == "VEVENT")
                .count(),
            1
        );
        assert_eq!(
            value(&lines, "SUMMARY"),
            "x\nEND:VEVENT\nBEGIN:VEVENT\nUID:y"
        );
    }

    #[test]
    fn components_are_nested() {
        let text = write_calendar("x", AT, &[event("a", "b"), event("c", "d")]);
        let mut open = Vec::new();
        for (name, value) in lines(&text) {
            match name.as_str() {
                "BEGIN" => open.push(value),
                "END" => assert_eq!(open.pop(), Some(value)),
                _ => assert!(!open.is_empty()),
            }
        }
        assert!(open.is_empty());
    }
}
