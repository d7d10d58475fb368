//! Lists of texts, and texts that may hold a token.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use zeroize::Zeroizing;

use super::{Maybe, parse_text};

/// A list of texts. What no list has said must not pass for an empty one.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Texts {
    #[default]
    Absent,
    /// Another form, or a list of values that are no texts.
    Unreadable,
    Listed(Vec<String>),
}

impl Texts {
    /// The texts; none where there is no list of texts.
    pub(crate) fn listed(&self) -> &[String] {
        match self {
            Self::Listed(texts) => texts,
            Self::Absent | Self::Unreadable => &[],
        }
    }

    /// The texts of a list of texts.
    pub(crate) fn into_listed(self) -> Option<Vec<String>> {
        match self {
            Self::Listed(texts) => Some(texts),
            Self::Absent | Self::Unreadable => None,
        }
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Text(#[serde(deserialize_with = "parse_text")] Option<String>);
        Ok(match Option::<Maybe<Vec<Text>>>::deserialize(from)? {
            None => Self::Absent,
            Some(Maybe::Other(_)) => Self::Unreadable,
            Some(Maybe::Known(list)) => {
                let is_empty = list.is_empty();
                let texts: Vec<_> = list.into_iter().filter_map(|it| it.0).collect();
                if texts.is_empty() && !is_empty {
                    Self::Unreadable
                } else {
                    Self::Listed(texts)
                }
            }
        })
    }
}

/// A text that may hold a token: zeroed when dropped. A value of another form is an empty text. It is read without
/// [`Maybe`], which would leave a copy of the text in freed memory.
pub(crate) fn parse_secret_text<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Zeroizing<String>>, D::Error> {
    from.deserialize_any(SecretText)
}

struct SecretText;

impl<'de> Visitor<'de> for SecretText {
    type Value = Option<Zeroizing<String>>;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("any value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::new(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::new(text)))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::default()))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::default()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::default()))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(Zeroizing::default()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Some(Zeroizing::default()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Some(Zeroizing::default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_another_form_is_not_an_empty_one() {
        let listed = |texts: &[&str]| Texts::Listed(texts.iter().map(|&it| it.into()).collect());
        for (json, expected) in [
            ("null", Texts::Absent),
            ("[]", listed(&[])),
            (r#"["1",2,{}]"#, listed(&["1", "2"])),
            (r#"["\u0000"]"#, listed(&[""])),
            ("{}", Texts::Unreadable),
            (r#"{"0":"MANAGE"}"#, Texts::Unreadable),
            (r#""MANAGE""#, Texts::Unreadable),
            ("false", Texts::Unreadable),
            ("[{}]", Texts::Unreadable),
        ] {
            let read: Texts = serde_json::from_str(json).unwrap();
            assert_eq!(read, expected, "{json}");
        }
    }

    #[test]
    fn a_secret_in_another_form_is_an_empty_text() {
        #[derive(Deserialize)]
        struct Secret(#[serde(deserialize_with = "parse_secret_text")] Option<Zeroizing<String>>);
        for (json, expected) in [
            ("null", None),
            (r#""a\n""#, Some("a\n")),
            (r#""""#, Some("")),
            ("false", Some("")),
            ("-7", Some("")),
            ("7", Some("")),
            ("7.5", Some("")),
            (r#"[{"a":[]}]"#, Some("")),
            (r#"{"a":{}}"#, Some("")),
        ] {
            let read: Secret = serde_json::from_str(json).unwrap();
            assert_eq!(read.0.as_ref().map(|it| it.as_str()), expected, "{json}");
        }
    }
}
