//! Deserializes a tree of JSON into a request.
//!
//! The rule: a fault names the field and what it must contain, never its value, which may be a token. A list of type
//! [`ListIn`] reports the faults of all its elements together.

use std::{fmt, marker::PhantomData, mem};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, DeserializeSeed, Error as _, IntoDeserializer, MapAccess, SeqAccess,
        Visitor, value::StrDeserializer,
    },
    forward_to_deserialize_any,
};

use super::{
    faults::{Faults, displayable_name},
    tree::Node,
};
use crate::problem::Fault;

/// Deserializes a request, or returns its faulty fields.
pub(crate) fn read_request<T: DeserializeOwned>(node: Node) -> Result<T, Vec<Fault>> {
    T::deserialize(node).map_err(|flaws| flaws.0)
}

/// A list that is read to its end, so that every faulty element is reported.
#[derive(Debug)]
pub(crate) struct ListIn<T>(pub(crate) Vec<T>);

impl<T> Default for ListIn<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for ListIn<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = ListIn<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<ListIn<T>, A::Error> {
        let mut list = Vec::new();
        loop {
            match seq.next_element() {
                Ok(Some(it)) => list.push(it),
                Ok(None) => return Ok(ListIn(list)),
                // `Elements` collects the faults and returns all of them with or after its last element.
                Err(flaws) if matches!(seq.size_hint(), None | Some(0)) => return Err(flaws),
                Err(_) => {}
            }
        }
    }
}

impl<'de> Deserializer<'de> for Node {
    type Error = Faults;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(it) => visitor.visit_bool(it),
            Self::Number(it) => visit_number(&it, visitor),
            // The text is moved, not copied: it may be a token.
            Self::Text(mut it) => visitor.visit_string(mem::take(&mut *it)),
            Self::List(list) => visitor.visit_seq(Elements {
                rest: list.into_iter(),
                index: 0,
                flaws: Faults::default(),
            }),
            Self::Object(fields) => visitor.visit_map(Fields {
                rest: fields.into_iter(),
                current: None,
            }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Faults> {
        match self {
            Self::Null => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    /// Accepts only an object; serde's derived structs would accept a list, too.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Faults> {
        match self {
            Self::Object(_) => self.deserialize_any(visitor),
            _ => Err(Faults::custom("expected an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Faults> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Faults> {
        match self {
            Self::Text(it) => visitor.visit_enum(name_deserializer(&it)),
            _ => Err(Faults::custom("expected a string")),
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
) -> Result<V::Value, Faults> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(it), _, _) => visitor.visit_u64(it),
        (None, Some(it), _) => visitor.visit_i64(it),
        (None, None, Some(it)) => visitor.visit_f64(it),
        (None, None, None) => Err(Faults::custom("expected another number")),
    }
}

fn name_deserializer(text: &str) -> StrDeserializer<'_, Faults> {
    text.into_deserializer()
}

/// The elements of a list. Collects faults up to the end of the list.
struct Elements {
    rest: std::vec::IntoIter<Node>,
    index: usize,
    flaws: Faults,
}

impl<'de> SeqAccess<'de> for Elements {
    type Error = Faults;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Faults> {
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
                self.flaws
                    .add_faults(flaws.under_parent(&format!("[{index}]")));
                Err(if self.rest.len() == 0 {
                    mem::take(&mut self.flaws)
                } else {
                    Faults::default()
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
    type Error = Faults;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Faults> {
        self.current = self.rest.next();
        match &self.current {
            Some((field, _)) => seed.deserialize(name_deserializer(field)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Faults> {
        let (field, node) = self
            .current
            .take()
            .ok_or_else(|| Faults::custom("expected a value"))?;
        seed.deserialize(node)
            .map_err(|flaws| flaws.under_parent(displayable_name(&field)))
    }
}

#[cfg(test)]
mod tests;
