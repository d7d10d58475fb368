//! A JSON document as a tree, before it becomes a request.
//!
//! The rule: a document is parsed once, so what is checked is what is used. Texts may be tokens: they are zeroed when
//! dropped and appear in no message.

use std::{cell::Cell, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor},
};
use zeroize::Zeroizing;

/// The largest nesting depth of a document.
const MAX_DEPTH: usize = 32;

/// The largest number of values in a document. A value of two bytes becomes a node of many, so the size of the body alone
/// does not bound the tree.
const MAX_VALUES: usize = 100_000;

const TOO_MANY_VALUES: &str = "The body has more than 100,000 values";

/// A JSON value. Names keep their order and may repeat; the reader refuses repeated ones.
pub(crate) enum Node {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(Zeroizing<String>),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

/// Where and why a document is not valid. Repeats nothing of the document.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why} at line {line}, column {column}")]
pub(crate) struct ParseError {
    why: &'static str,
    line: usize,
    column: usize,
}

impl ParseError {
    /// Whether the document is well formed and has too many values.
    pub(crate) fn is_too_large(&self) -> bool {
        self.why == TOO_MANY_VALUES
    }
}

impl Node {
    /// Parses one whole document.
    pub(crate) fn parse_document(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut parser = serde_json::Deserializer::from_slice(bytes);
        let left = Cell::new(MAX_VALUES);
        let seed = NodeSeed {
            depth: 0,
            left: &left,
        };
        let node = seed.deserialize(&mut parser)?;
        parser.end()?;
        Ok(node)
    }

    /// A flat object of texts, from a form or a query string.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self::Object(
            pairs
                .into_iter()
                .map(|(name, text)| (name, Self::Text(text.into())))
                .collect(),
        )
    }

    /// Splits an object into the fields whose names `belongs` accepts, and the others.
    pub(crate) fn split_fields(self, belongs: impl Fn(&str) -> bool) -> (Self, Self) {
        let fields = match self {
            Self::Object(fields) => fields,
            _ => Vec::new(),
        };
        let (first, second) = fields.into_iter().partition(|(name, _)| belongs(name));
        (Self::Object(first), Self::Object(second))
    }

    /// Writes the document with sorted names and no white space, so that equal documents give equal bytes.
    pub(crate) fn write_canonical(
        &self,
        out: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), serde_json::Error> {
        match self {
            Self::Null => out.extend_from_slice(b"null"),
            Self::Bool(it) => out.extend_from_slice(it.to_string().as_bytes()),
            Self::Number(it) => out.extend_from_slice(it.to_string().as_bytes()),
            Self::Text(it) => serde_json::to_writer(&mut **out, it.as_str())?,
            Self::List(list) => {
                out.push(b'[');
                for it in list {
                    it.write_canonical(out)?;
                    out.push(b',');
                }
                out.push(b']');
            }
            Self::Object(fields) => {
                let mut sorted: Vec<_> = fields.iter().collect();
                sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                out.push(b'{');
                for (name, it) in sorted {
                    serde_json::to_writer(&mut **out, name)?;
                    out.push(b':');
                    it.write_canonical(out)?;
                    out.push(b',');
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

impl From<serde_json::Error> for ParseError {
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let why = match error.classify() {
            Category::Eof => "The body ends early",
            Category::Data if error.to_string().starts_with(TOO_MANY_VALUES) => TOO_MANY_VALUES,
            Category::Data => "The body nests too deeply",
            Category::Syntax | Category::Io => "The body is not JSON",
        };
        Self {
            why,
            line: error.line(),
            column: error.column(),
        }
    }
}

/// Builds a node at this nesting depth; `left` is how many values the document may still have.
#[derive(Clone, Copy)]
struct NodeSeed<'a> {
    depth: usize,
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for NodeSeed<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        let left = self.left.get().checked_sub(1);
        self.left
            .set(left.ok_or_else(|| D::Error::custom(TOO_MANY_VALUES))?);
        deserializer.deserialize_any(self)
    }
}

impl NodeSeed<'_> {
    /// Builds the nodes inside of this one.
    fn descend<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth < MAX_DEPTH {
            let depth = self.depth + 1;
            Ok(Self { depth, ..self })
        } else {
            Err(E::custom("too deep"))
        }
    }
}

impl<'de> Visitor<'de> for NodeSeed<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Node, E> {
        Ok(Node::Bool(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Node, E> {
        Ok(Node::Number(it.into()))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Node, E> {
        Ok(Node::Number(it.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, it: f64) -> Result<Node, E> {
        serde_json::Number::from_f64(it)
            .map(Node::Number)
            .ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, it: &str) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(it.to_owned())))
    }

    fn visit_string<E>(self, it: String) -> Result<Node, E> {
        Ok(Node::Text(Zeroizing::new(it)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let inner = self.descend()?;
        let mut list = Vec::new();
        while let Some(node) = seq.next_element_seed(inner)? {
            list.push(node);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let inner = self.descend()?;
        let mut fields = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let node = map.next_value_seed(inner)?;
            fields.push((name, node));
        }
        Ok(Node::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(text: &str) -> String {
        let mut out = Zeroizing::new(Vec::new());
        Node::parse_document(text.as_bytes())
            .unwrap()
            .write_canonical(&mut out)
            .unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn equal_documents_have_equal_canonical_bytes() {
        assert_eq!(
            canonical(r#"{"b":[1,"x"],"a":null}"#),
            canonical("{ \"a\" : null,\n\"b\":[ 1, \"\\u0078\" ] }")
        );
        assert_ne!(
            canonical(r#"{"a":["1","2"]}"#),
            canonical(r#"{"a":["1,2"]}"#)
        );
    }

    #[test]
    fn a_broken_document_is_located_and_not_repeated() {
        let broken = Node::parse_document(b"{\"access_token\": \"EAAB-canary\"\n oops}")
            .err()
            .unwrap()
            .to_string();
        assert_eq!(broken, "The body is not JSON at line 2, column 2");
        let broken = Node::parse_document(b"{\"access_token\": \"EAAB-can")
            .err()
            .unwrap()
            .to_string();
        assert!(
            broken.starts_with("The body ends early") && !broken.contains("EAAB"),
            "{broken}"
        );
        assert!(Node::parse_document(b"{} {}").is_err(), "one document");
    }

    #[test]
    fn a_document_has_at_most_100_000_values() {
        let listed = |n: usize| format!("[{}1]", "1,".repeat(n - 1));
        assert!(Node::parse_document(listed(99_999).as_bytes()).is_ok());
        let broken = Node::parse_document(listed(100_000).as_bytes())
            .err()
            .unwrap();
        assert!(broken.is_too_large(), "{broken}");
    }

    #[test]
    fn thirty_two_levels_are_the_deepest() {
        let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(Node::parse_document(nested(32).as_bytes()).is_ok());
        let broken = Node::parse_document(nested(33).as_bytes())
            .err()
            .unwrap()
            .to_string();
        assert!(broken.starts_with("The body nests too deeply"), "{broken}");
    }
}
