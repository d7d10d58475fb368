//! Lenient deserializers: Graph writes the same value in more than one form.
//!
//! The rule: a value in an unknown form is absent, never an error of the whole response.

use chrono::{DateTime, SubsecRound};
use regrant_domain::Timestamp;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

/// A value that Graph writes as text in one response and as a number in another.
#[derive(Deserialize)]
#[serde(untagged)]
enum LooseValue {
    Integer(i64),
    Fraction(f64),
    Text(String),
    Other(serde::de::IgnoredAny),
}

/// An integer, also as a fraction or as text; anything else is absent.
pub(crate) fn parse_integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(match Option::<LooseValue>::deserialize(from)? {
        Some(LooseValue::Integer(number)) => Some(number),
        Some(LooseValue::Fraction(number)) => format!("{number:.0}").parse().ok(),
        Some(LooseValue::Text(text)) => text.parse().ok(),
        Some(LooseValue::Other(_)) | None => None,
    })
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

/// An identifier or a name, also as a number; anything else is absent.
pub(crate) fn parse_text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<LooseValue>::deserialize(from)? {
        Some(LooseValue::Text(text)) => Some(text),
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

/// A list of texts.
pub(crate) fn parse_texts<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<String>>, D::Error> {
    #[derive(Deserialize)]
    struct Text(#[serde(deserialize_with = "parse_text")] Option<String>);
    let list = Option::<Vec<Text>>::deserialize(from)?;
    Ok(list.map(|it| it.into_iter().filter_map(|text| text.0).collect()))
}

/// A truth value, also as text; anything else is absent.
pub(crate) fn parse_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Plain(bool),
        Text(String),
        Other(serde::de::IgnoredAny),
    }
    Ok(match Option::<Flag>::deserialize(from)? {
        Some(Flag::Plain(flag)) => Some(flag),
        Some(Flag::Text(text)) => text.parse().ok(),
        Some(Flag::Other(_)) | None => None,
    })
}

/// A list; items of another form are left out, and anything else is an empty list.
pub(crate) fn parse_items<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Vec<T>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Maybe<T> {
        Known(T),
        Other(serde::de::IgnoredAny),
    }
    let list = match Option::<Maybe<Vec<Maybe<T>>>>::deserialize(from)? {
        Some(Maybe::Known(list)) => list,
        Some(Maybe::Other(_)) | None => Vec::new(),
    };
    let known = |it| match it {
        Maybe::Known(item) => Some(item),
        Maybe::Other(_) => None,
    };
    Ok(list.into_iter().filter_map(known).collect())
}

/// A text that may hold a token: zeroed when dropped.
pub(crate) fn parse_secret_text<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Zeroizing<String>>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Zeroizing::new))
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
            Some(LooseValue::Integer(0)) => Self::Never,
            Some(LooseValue::Integer(seconds)) => {
                parse_unix_seconds(seconds).map_or(Self::Unsaid, Self::At)
            }
            Some(LooseValue::Text(text)) => parse_iso(&text).map_or(Self::Unsaid, Self::At),
            Some(LooseValue::Fraction(_) | LooseValue::Other(_)) | None => Self::Unsaid,
        })
    }
}

/// A time as ISO text with `+0000`, `+00:00` or `Z`, or as Unix seconds; 0 and other forms are
/// absent.
pub(crate) fn parse_moment<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Option::<LooseValue>::deserialize(from)? {
        Some(LooseValue::Integer(seconds)) => parse_unix_seconds(seconds),
        Some(LooseValue::Text(text)) => parse_iso(&text),
        Some(LooseValue::Fraction(_) | LooseValue::Other(_)) | None => None,
    })
}

/// Unix seconds; Graph writes 0 for "none".
pub(crate) fn parse_unix_seconds(seconds: i64) -> Option<Timestamp> {
    DateTime::from_timestamp(seconds, 0).filter(|_| seconds != 0)
}

fn parse_iso(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|it| it.to_utc().trunc_subsecs(6))
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

    #[derive(Deserialize)]
    struct Loosely {
        #[serde(default, deserialize_with = "parse_integer")]
        integer: Option<i64>,
        #[serde(default, deserialize_with = "parse_text")]
        text: Option<String>,
        #[serde(default, deserialize_with = "parse_texts")]
        texts: Option<Vec<String>>,
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
        assert_eq!(
            read(r#"{"texts":["1",2]}"#).texts,
            Some(vec!["1".to_owned(), "2".to_owned()])
        );
    }
}
