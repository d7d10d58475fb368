//! Reads a tree of JSON into a request, and says what is wrong with it field by field.
//!
//! The rule: a fault names the field and what it must hold, never what it held; that may be a token.
//! Lists of [`All`] report the faults of all their elements together.

use std::{fmt, marker::PhantomData, mem};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, Expected, IntoDeserializer, MapAccess,
        SeqAccess, Unexpected, Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::tree::Node;
use crate::problem::Fault;

/// How many faults an answer lists.
pub(crate) const MOST_FAULTS: usize = 20;
/// How long a name may be to be repeated; a longer one may be a token in the wrong place.
const LONGEST_NAME: usize = 40;

/// Reads a request.
pub(crate) fn read<T: DeserializeOwned>(node: Node) -> Result<T, Vec<Fault>> {
    T::deserialize(node).map_err(|flaws| flaws.0)
}

/// A list that is read to its end, so that every faulty element is named.
#[derive(Debug)]
pub(crate) struct All<T>(pub(crate) Vec<T>);

impl<T> Default for All<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for All<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(AllVisitor(PhantomData))
    }
}

struct AllVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AllVisitor<T> {
    type Value = All<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<All<T>, A::Error> {
        let mut list = Vec::new();
        loop {
            match seq.next_element() {
                Ok(Some(it)) => list.push(it),
                Ok(None) => return Ok(All(list)),
                // `Elements` keeps the faults and returns them all with, or behind, its last element.
                Err(flaws) if matches!(seq.size_hint(), None | Some(0)) => return Err(flaws),
                Err(_) => {}
            }
        }
    }
}

/// What is wrong with a request.
#[derive(Debug, Default)]
pub(crate) struct Flaws(Vec<Fault>);

impl Flaws {
    fn at(field: &str, detail: impl Into<String>) -> Self {
        Self(vec![Fault {
            field: field.to_owned(),
            detail: detail.into(),
        }])
    }

    fn under(mut self, parent: &str) -> Self {
        for fault in &mut self.0 {
            fault.field = match fault.field.as_str() {
                "" => parent.to_owned(),
                inner if inner.starts_with('[') => format!("{parent}{inner}"),
                inner => format!("{parent}.{inner}"),
            };
        }
        self
    }

    fn add(&mut self, more: Self) {
        let room = MOST_FAULTS.saturating_sub(self.0.len());
        self.0.extend(more.0.into_iter().take(room));
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request is not valid")
    }
}

impl std::error::Error for Flaws {}

impl serde::de::Error for Flaws {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::at("", message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at("", expectation(expected))
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::at("", expectation(expected))
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Self::at("", expectation(expected))
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        Self::at("", format!("expected one of: {}", expected.join(", ")))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::at(
            shown(field),
            format!("unknown field; expected one of: {}", expected.join(", ")),
        )
    }

    fn missing_field(field: &'static str) -> Self {
        Self::at(field, "is required")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::at(field, "is given twice")
    }
}

fn expectation(expected: &dyn Expected) -> String {
    match expected.to_string().as_str() {
        "u64" => "expected a whole number".to_owned(),
        other => format!("expected {other}"),
    }
}

fn shown(name: &str) -> &str {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if plain && (1..=LONGEST_NAME).contains(&name.len()) {
        name
    } else {
        "(unknown)"
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Flaws;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaws> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(it) => visitor.visit_bool(it),
            Self::Number(it) => visit_number(&it, visitor),
            // The text moves on without a copy.
            Self::Text(mut it) => visitor.visit_string(mem::take(&mut *it)),
            Self::List(list) => visitor.visit_seq(Elements {
                rest: list.into_iter(),
                index: 0,
                flaws: Flaws::default(),
            }),
            Self::Object(fields) => visitor.visit_map(Fields {
                rest: fields.into_iter(),
                current: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Flaws> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    /// An object and nothing else; serde's own structs would take a list, too.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaws> {
        match self {
            Self::Object(_) => self.deserialize_any(visitor),
            _ => Err(Flaws::custom("expected an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Flaws> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Flaws> {
        match self {
            Self::Text(it) => visitor.visit_enum(name(&it)),
            _ => Err(Flaws::custom("expected a string")),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

fn visit_number<'de, V: Visitor<'de>>(
    number: &serde_json::Number,
    visitor: V,
) -> Result<V::Value, Flaws> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(it), _, _) => visitor.visit_u64(it),
        (None, Some(it), _) => visitor.visit_i64(it),
        (None, None, Some(it)) => visitor.visit_f64(it),
        (None, None, None) => Err(Flaws::custom("expected another number")),
    }
}

fn name(text: &str) -> StrDeserializer<'_, Flaws> {
    text.into_deserializer()
}

/// The elements of a list. Keeps faults until the list is at its end.
struct Elements {
    rest: std::vec::IntoIter<Node>,
    index: usize,
    flaws: Flaws,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Flaws;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Flaws> {
        let Some(node) = self.rest.next() else {
            return if self.flaws.0.is_empty() {
                Ok(None)
            } else {
                Err(mem::take(&mut self.flaws))
            };
        };
        let index = self.index;
        self.index = index.saturating_add(1);
        match seed.deserialize(node) {
            Ok(it) => Ok(Some(it)),
            Err(flaws) => {
                self.flaws.add(flaws.under(&format!("[{index}]")));
                Err(if self.rest.len() == 0 {
                    mem::take(&mut self.flaws)
                } else {
                    Flaws::default()
                })
            }
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The fields of an object.
struct Fields {
    rest: std::vec::IntoIter<(String, Node)>,
    current: Option<(String, Node)>,
}

impl<'de> MapAccess<'de> for Fields {
    type Error = Flaws;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Flaws> {
        self.current = self.rest.next();
        match &self.current {
            Some((field, _)) => seed.deserialize(name(field)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Flaws> {
        let (field, node) = self
            .current
            .take()
            .ok_or_else(|| Flaws::custom("expected a value"))?;
        seed.deserialize(node)
            .map_err(|flaws| flaws.under(shown(&field)))
    }
}

#[cfg(test)]
mod tests {
    use regrant_domain::{AccessToken, AssetId, AssetKind};

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Request {
        access_token: AccessToken,
        asset_ids: All<AssetId>,
        kind: Option<AssetKind>,
        wait: Option<u64>,
        parts: Option<All<Request>>,
    }

    fn faults(text: &str) -> Vec<(String, String)> {
        let faults = read::<Request>(Node::parse(text.as_bytes()).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| (it.field, it.detail)).collect()
    }

    #[test]
    fn a_good_request_is_read() {
        assert_eq!(
            faults(r#"{"access_token":"EAAB","asset_ids":["1","act_2"],"kind":"page","wait":3}"#),
            []
        );
    }

    #[test]
    fn every_faulty_element_of_a_list_is_named() {
        let found = faults(r#"{"access_token":"EAAB","asset_ids":["1","x/../me",3,"4",null]}"#);
        let fields: Vec<_> = found.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["asset_ids[1]", "asset_ids[2]", "asset_ids[4]"]);
        assert!(found.iter().all(|(_, detail)| !detail.contains("me\"")));
        assert_eq!(found.get(1).unwrap().1, "expected a string");
    }

    #[test]
    fn a_fault_in_a_nested_list_has_its_whole_path() {
        let found = faults(
            r#"{"access_token":"E","asset_ids":[],"parts":[{"access_token":"E","asset_ids":["1","?"]}]}"#,
        );
        assert_eq!(found.first().unwrap().0, "parts[0].asset_ids[1]");
    }

    #[test]
    fn at_most_twenty_faults_are_listed() {
        let ids = vec!["\"?\""; 300].join(",");
        assert_eq!(
            faults(&format!(r#"{{"access_token":"E","asset_ids":[{ids}]}}"#)).len(),
            MOST_FAULTS
        );
    }

    #[test]
    fn no_value_is_ever_repeated() {
        for text in [
            r#"{"access_token":"EAAB canary","asset_ids":[]}"#,
            r#"{"access_token":["EAAB-canary"],"asset_ids":[]}"#,
            r#"{"access_token":"E","asset_ids":"EAAB-canary"}"#,
            r#"{"access_token":"E","asset_ids":[],"kind":"EAAB-canary"}"#,
            r#"{"access_token":"E","asset_ids":[],"wait":"EAAB-canary"}"#,
            r#"{"access_token":"E","asset_ids":[],"EAAB-canary":1}"#,
            r#"{"access_token":"E","asset_ids":[],"token":"EAAB-canary"}"#,
            r#""EAAB-canary""#,
        ] {
            let found = faults(text);
            assert!(
                !found.is_empty() && !format!("{found:?}").contains("canary"),
                "{text}: {found:?}"
            );
        }
    }

    #[test]
    fn unknown_missing_and_repeated_fields_are_named() {
        assert_eq!(
            faults(r#"{"asset_ids":[]}"#),
            [("access_token".to_owned(), "is required".to_owned())]
        );
        assert_eq!(faults(r#"{"plan_id":1}"#).first().unwrap().0, "plan_id");
        let twice = r#"{"access_token":"a","access_token":"b","asset_ids":[]}"#;
        assert_eq!(
            faults(twice),
            [("access_token".to_owned(), "is given twice".to_owned())]
        );
        assert_eq!(
            faults("[]"),
            [(String::new(), "expected an object".to_owned())]
        );
    }
}
