//! Lenient deserializers: Graph writes the same value in more than one form.
//!
//! The rule: a value in an unknown form is absent, never an error of the whole response; only a list that is the response
//! itself must be one. A date that cannot be stored is absent, too.

mod texts;

use chrono::{DateTime, SubsecRound};
use regrant_domain::Timestamp;
use serde::{Deserialize, Deserializer};

pub(crate) use texts::{Texts, parse_secret_text};

/// A value that Graph writes as text in one response and as a number in another.
#[derive(Deserialize)]
#[serde(untagged)]
enum LooseValue {
    Integer(i64),
    Fraction(f64),
    Text(String),
    Other(serde::de::IgnoredAny),
}

impl LooseValue {
    /// Whether it is 0 in any form, which Graph writes for "never" and for "none".
    fn is_zero(&self) -> bool {
        match self {
            Self::Integer(number) => *number == 0,
            Self::Fraction(number) => *number == 0.0,
            Self::Text(text) => text.parse::<i64>().is_ok_and(|number| number == 0),
            Self::Other(_) => false,
        }
    }

    fn into_integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number),
            Self::Fraction(number) => format!("{number:.0}").parse().ok(),
            Self::Text(text) => text.parse().ok(),
            Self::Other(_) => None,
        }
    }

    fn into_flag(self) -> Option<bool> {
        if let Self::Text(text) = &self
            && let Ok(flag) = text.to_ascii_lowercase().parse::<bool>()
        {
            return Some(flag);
        }
        match self.into_integer() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }
    }

    /// The time of Unix seconds or of ISO text.
    fn into_moment(self) -> Option<Timestamp> {
        if let Self::Text(text) = &self
            && let Some(at) = parse_iso(text)
        {
            return Some(at);
        }
        self.into_integer().and_then(parse_unix_seconds)
    }
}

/// An integer, also as a fraction or as text; anything else is absent.
pub(crate) fn parse_integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(Option::<LooseValue>::deserialize(from)?.and_then(LooseValue::into_integer))
}

/// A number, also as text; anything else is absent.
pub(crate) fn parse_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    Ok(match Option::<LooseValue>::deserialize(from)? {
        Some(LooseValue::Integer(number)) => number.to_string().parse().ok(),
        Some(LooseValue::Fraction(number)) => Some(number),
        Some(LooseValue::Text(text)) => text.parse().ok(),
        Some(LooseValue::Other(_)) | None => None,
    })
}

/// An identifier or a name, also as a number; anything else is absent. Control characters are left out: PostgreSQL does
/// not store U+0000.
pub(crate) fn parse_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<LooseValue>::deserialize(from)? {
        Some(LooseValue::Text(mut text)) => {
            text.retain(|it| !it.is_control());
            Some(text)
        }
        Some(LooseValue::Integer(number)) => Some(number.to_string()),
        Some(LooseValue::Fraction(_) | LooseValue::Other(_)) | None => None,
    })
}

/// The `id` of an inner object; anything else is absent.
pub(crate) fn parse_id_of_object<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Inner {
        Object {
            #[serde(default, deserialize_with = "parse_text")]
            id: Option<String>,
        },
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Inner>::deserialize(from)? {
        Some(Inner::Object { id }) => id,
        Some(Inner::Other(_)) | None => None,
    })
}

/// A truth value, also as text or as 0 and 1; anything else is absent.
pub(crate) fn parse_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Plain(bool),
        Loose(LooseValue),
    }
    Ok(match Option::<Flag>::deserialize(from)? {
        Some(Flag::Plain(flag)) => Some(flag),
        Some(Flag::Loose(value)) => value.into_flag(),
        None => None,
    })
}

/// A value of the expected form, or of any other.
#[derive(Deserialize)]
#[serde(untagged)]
enum Maybe<T> {
    Known(T),
    Other(serde::de::IgnoredAny),
}

impl<T> Maybe<T> {
    fn into_known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

/// A value of the expected form; anything else is absent.
pub(crate) fn parse_known<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    Ok(Option::<Maybe<T>>::deserialize(from)?.and_then(Maybe::into_known))
}

/// A list; items of another form are left out, and anything else is an empty list.
pub(crate) fn parse_items<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let list: Option<Vec<Maybe<T>>> = parse_known(from)?;
    let list = list.unwrap_or_default();
    Ok(list.into_iter().filter_map(Maybe::into_known).collect())
}

/// A list, where anything else is an error; items of another form are left out.
pub(crate) fn parse_whole_list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    let list = Vec::<Maybe<T>>::deserialize(from)?;
    Ok(list.into_iter().filter_map(Maybe::into_known).collect())
}

/// What a response says of the date on which something ends. Graph writes 0 for "never"; absent is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Unsaid,
    Never,
    At(Timestamp),
}

impl End {
    /// The date, `known` where the response says nothing; `None` is never.
    pub(crate) fn or_known(self, known: Option<Timestamp>) -> Option<Timestamp> {
        match self {
            Self::Unsaid => known,
            Self::Never => None,
            Self::At(at) => Some(at),
        }
    }
}

impl<'de> Deserialize<'de> for End {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Option::<LooseValue>::deserialize(from)? {
            Some(value) if value.is_zero() => Self::Never,
            Some(value) => value.into_moment().map_or(Self::Unsaid, Self::At),
            None => Self::Unsaid,
        })
    }
}

/// A time as ISO text with `+0000`, `+00:00` or `Z`, or as Unix seconds in any form of a number; 0 and other forms are
/// absent.
pub(crate) fn parse_moment<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<LooseValue>::deserialize(from)?.and_then(LooseValue::into_moment))
}

/// Unix seconds; Graph writes 0 for "none".
fn parse_unix_seconds(seconds: i64) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds, 0)
        .filter(is_storable)
        .filter(|_| seconds != 0)
}

/// From 1970 to the year 9999: microseconds fit into 64 bits, and so do sums with them.
pub(crate) fn is_storable(at: &Timestamp) -> bool {
    (0..253_402_300_800).contains(&at.timestamp())
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|it| it.to_utc().trunc_subsecs(6))
        .filter(is_storable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_notations_of_one_time_are_equal() {
        let at = parse_iso("2023-06-23T12:00:00+00:00");
        assert!(at.is_some());
        for text in [
            "2023-06-23T12:00:00+0000",
            "2023-06-23T12:00:00Z",
            "2023-06-23T14:00:00+0200",
        ] {
            assert_eq!(parse_iso(text), at, "{text}");
        }
    }

    #[test]
    fn zero_and_nonsense_are_no_time() {
        assert_eq!(parse_unix_seconds(0), None);
        assert_eq!(parse_unix_seconds(i64::MAX), None);
        assert_eq!(parse_iso("soon"), None);
    }

    #[test]
    fn a_date_that_cannot_be_stored_is_absent() {
        for seconds in [-8_334_601_000_000, -1, 253_402_300_800] {
            assert_eq!(parse_unix_seconds(seconds), None, "{seconds}");
        }
        for text in [
            "-9999-01-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "+12000-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_iso(text), None, "{text}");
        }
        assert!(parse_unix_seconds(253_402_300_799).is_some());
        let far: End = serde_json::from_str("-8334601000000").unwrap();
        assert_eq!(far, End::Unsaid);
    }

    #[test]
    fn an_end_is_a_number_in_any_form_and_zero_in_any_form_is_never() {
        let at = parse_unix_seconds(1_790_000_000).map_or(End::Unsaid, End::At);
        for (json, end) in [
            ("1790000000", at),
            ("1790000000.0", at),
            (r#""1790000000""#, at),
            (r#""2026-09-21T14:13:20+0000""#, at),
            ("0", End::Never),
            ("0.0", End::Never),
            (r#""0""#, End::Never),
            ("0.4", End::Unsaid),
            (r#""soon""#, End::Unsaid),
            ("true", End::Unsaid),
            ("null", End::Unsaid),
        ] {
            assert_eq!(serde_json::from_str::<End>(json).unwrap(), end, "{json}");
        }
    }

    #[test]
    fn a_flag_is_a_truth_value_a_text_or_a_digit() {
        #[derive(Deserialize)]
        struct Flagged(#[serde(deserialize_with = "parse_flag")] Option<bool>);
        for (json, flag) in [
            ("true", Some(true)),
            ("1", Some(true)),
            (r#""True""#, Some(true)),
            (r#""0""#, Some(false)),
            ("0", Some(false)),
            (r#""false""#, Some(false)),
            ("2", None),
            (r#""yes""#, None),
            ("{}", None),
            ("null", None),
        ] {
            let read: Flagged = serde_json::from_str(json).unwrap();
            assert_eq!(read.0, flag, "{json}");
        }
    }

    #[derive(Deserialize)]
    struct Loosely {
        #[serde(default, deserialize_with = "parse_integer")]
        integer: Option<i64>,
        #[serde(default, deserialize_with = "parse_text")]
        text: Option<String>,
    }

    #[test]
    fn control_characters_of_a_text_are_left_out() {
        let json = r#"{"text":"A\u0000d\na\u009f Ł"}"#;
        let read: Loosely = serde_json::from_str(json).unwrap();
        assert_eq!(read.text.as_deref(), Some("Ada Ł"));
    }

    #[test]
    fn numbers_are_read_from_text_and_texts_from_numbers() {
        let read = |json: &str| serde_json::from_str::<Loosely>(json).unwrap();
        assert_eq!(read(r#"{"integer":"190"}"#).integer, Some(190));
        assert_eq!(read(r#"{"integer":190.0}"#).integer, Some(190));
        assert_eq!(read(r#"{"integer":{}}"#).integer, None);
        assert_eq!(
            read(r#"{"text":17841400000000001}"#).text.as_deref(),
            Some("17841400000000001")
        );
        assert_eq!(read(r#"{"text":null}"#).text, None);
    }
}
