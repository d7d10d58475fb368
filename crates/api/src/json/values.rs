//! The values of a filter: one or several.
//!
//! The rule: in a query string a filter is repeated, or its values are separated by commas; in a body it is a text or a list.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IntoDeserializer, SeqAccess, Visitor},
};

/// The filters of query strings that may have several values. Their values contain no comma.
const FILTERS: [&str; 4] = ["action", "kind", "state", "status"];

/// The values that a filter accepts; none accepts everything.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Values<T>(pub(crate) Vec<T>);

impl<T> Default for Values<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Values<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor(PhantomData))
    }
}

struct ValuesVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ValuesVisitor<T> {
    type Value = Values<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or a list of values")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Values<T>, E> {
        Ok(Values::default())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Values<T>, E> {
        let values = text
            .split(',')
            .map(|it| T::deserialize(it.into_deserializer()));
        values.collect::<Result<_, _>>().map(Values)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Values<T>, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}

/// Joins the values of each filter that is repeated.
pub(super) fn join_filters(pairs: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::with_capacity(pairs.len());
    for (name, value) in pairs {
        let is_filter = FILTERS.contains(&name.as_str());
        match joined.iter_mut().find(|it| is_filter && it.0 == name) {
            Some((_, values)) => {
                values.push(',');
                values.push_str(&value);
            }
            None => joined.push((name, value)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use regrant_domain::AssetKind;

    use super::*;
    use crate::json::{Node, parse_query, read_request};

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Filter {
        #[serde(default)]
        kind: Values<AssetKind>,
    }

    fn in_query(text: &str) -> Option<Vec<AssetKind>> {
        read_request::<Filter>(parse_query(text).ok()?)
            .ok()
            .map(|it| it.kind.0)
    }

    fn in_body(text: &str) -> Option<Vec<AssetKind>> {
        read_request::<Filter>(Node::parse_document(text.as_bytes()).ok()?)
            .ok()
            .map(|it| it.kind.0)
    }

    #[test]
    fn a_filter_has_one_value_or_several() {
        let both = Some(vec![AssetKind::Page, AssetKind::AdAccount]);
        assert_eq!(in_query(""), Some(Vec::new()));
        assert_eq!(in_query("kind=page"), Some(vec![AssetKind::Page]));
        assert_eq!(in_query("kind=page&kind=ad_account"), both);
        assert_eq!(in_query("kind=page,ad_account"), both);
        assert_eq!(in_query("kind=page%2Cad_account"), both);
        assert_eq!(in_body(r#"{"kind":"page"}"#), Some(vec![AssetKind::Page]));
        assert_eq!(in_body(r#"{"kind":["page","ad_account"]}"#), both);
        assert_eq!(in_body(r#"{"kind":null}"#), Some(Vec::new()));
    }

    #[test]
    fn one_value_that_is_not_valid_refuses_the_filter() {
        for text in [
            "kind=",
            "kind=page,",
            "kind=page&kind=x",
            "kind=page&other=1",
        ] {
            assert_eq!(in_query(text), None, "{text}");
        }
        for text in [r#"{"kind":1}"#, r#"{"kind":["x"]}"#, r#"{"kind":{}}"#] {
            assert_eq!(in_body(text), None, "{text}");
        }
    }
}
