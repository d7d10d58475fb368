//! Request bodies and query strings: read completely, strictly, and without repeating their values.
//!
//! The rule: the buffer of a body is zeroed, because it may hold a token. (The server owns the chunks it hands over and
//! does not zero them.) Compressed bodies are refused, so that no small body can become a large one.
//! Start at [`Json`]; `tree.rs` parses, `reader.rs` turns the tree into a request, `faults.rs` collects faulty fields.

mod faults;
mod moment;
mod nullable;
mod reader;
mod tree;
mod values;
mod wait_seconds;

use std::{future::Future, pin::Pin};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, http::header, web};
use futures_util::{
    StreamExt,
    future::{Ready, ready},
};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

pub(crate) use faults::UNKNOWN_FIELD;
pub(crate) use moment::Moment;
pub(crate) use nullable::deserialize_nullable;
pub(crate) use reader::{ListIn, read_request};
pub(crate) use tree::Node;
pub(crate) use values::Values;
pub(crate) use wait_seconds::WaitSeconds;

use crate::{
    bodies::announced_length,
    problem::{Code, Problem},
};

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

/// A JSON body, and its canonical bytes, which identify a repeated call.
pub(crate) struct CanonicalJson<T> {
    pub(crate) value: T,
    pub(crate) canonical: Zeroizing<Vec<u8>>,
}

/// A JSON body that may be absent: then the value is the default, and the canonical bytes are empty.
pub(crate) struct OptionalJson<T>(pub(crate) CanonicalJson<T>);

/// A query string.
pub(crate) struct Query<T>(pub(crate) T);

/// A body that is being read.
type BoxedRead<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = BoxedRead<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::take_from(request, payload);
        Box::pin(async move { read_typed(body.read_node().await?).map(Self) })
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for CanonicalJson<T> {
    type Error = Problem;
    type Future = BoxedRead<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::take_from(request, payload);
        Box::pin(async move { Self::parse(&body.read_bytes("application/json").await?) })
    }
}

impl<T: DeserializeOwned> CanonicalJson<T> {
    fn parse(bytes: &[u8]) -> Result<Self, Problem> {
        let node = parse_json(bytes)?;
        // The body may hold a token: a buffer that grows would leave copies of it in freed memory.
        let mut canonical = Zeroizing::new(Vec::with_capacity(2 * bytes.len() + 1024));
        node.write_canonical(&mut canonical)
            .map_err(|_| Problem::new(Code::Internal, "not canonical"))?;
        Ok(Self {
            value: read_typed(node)?,
            canonical,
        })
    }
}

impl<T: DeserializeOwned + Default + 'static> FromRequest for OptionalJson<T> {
    type Error = Problem;
    type Future = BoxedRead<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = Body::take_from(request, payload);
        Box::pin(async move {
            let bytes = body.read_optional_bytes("application/json").await?;
            if bytes.is_empty() {
                let (value, canonical) = (T::default(), Zeroizing::new(Vec::new()));
                return Ok(Self(CanonicalJson { value, canonical }));
            }
            let CanonicalJson { value, canonical } = CanonicalJson::<Option<T>>::parse(&bytes)?;
            let value = value.unwrap_or_default();
            Ok(Self(CanonicalJson { value, canonical }))
        })
    }
}

fn parse_json(bytes: &[u8]) -> Result<Node, Problem> {
    Node::parse_document(bytes).map_err(|broken| {
        let code = if broken.is_too_large() {
            Code::TooMany
        } else {
            Code::MalformedJson
        };
        Problem::new(code, format!("{broken}."))
    })
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            parse_query(request.query_string())
                .and_then(read_typed)
                .map(Self),
        )
    }
}

/// The fields of a form or a query string, as an object of texts.
pub(crate) fn parse_pairs(text: &str) -> Result<Node, Problem> {
    split_pairs(text).map(Node::from_pairs)
}

/// The fields of a query string. A filter may be repeated.
pub(crate) fn parse_query(text: &str) -> Result<Node, Problem> {
    split_pairs(text)
        .map(values::join_filters)
        .map(Node::from_pairs)
}

fn split_pairs(text: &str) -> Result<Vec<(String, String)>, Problem> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text);
    pairs.map(web::Query::into_inner).map_err(|_| {
        Problem::new(
            Code::InvalidRequest,
            "The form or query string is not URL-encoded.",
        )
    })
}

fn read_typed<T: DeserializeOwned>(node: Node) -> Result<T, Problem> {
    read_request(node).map_err(Problem::invalid_fields)
}

/// A body before it is read. `crate::bodies` limits its size and its time, and answers for a body that it refuses.
pub(crate) struct Body {
    payload: Payload,
    length: Option<usize>,
    media_type: String,
    encoded: bool,
}

impl Body {
    /// Takes the body out of the request.
    pub(crate) fn take_from(request: &HttpRequest, payload: &mut Payload) -> Self {
        let headers = request.headers();
        Self {
            payload: payload.take(),
            length: announced_length(headers),
            media_type: request.content_type().to_ascii_lowercase(),
            encoded: headers
                .get(header::CONTENT_ENCODING)
                .is_some_and(|it| it != "identity"),
        }
    }

    async fn read_node(self) -> Result<Node, Problem> {
        parse_json(&self.read_bytes("application/json").await?)
    }

    /// Reads the body if it has this media type and is not compressed.
    pub(crate) async fn read_bytes(
        mut self,
        media_type: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        if self.media_type != media_type || self.encoded {
            return Err(unsupported_media_type(media_type));
        }
        self.gather_chunks().await
    }

    /// The same; no bytes where the request has no body.
    async fn read_optional_bytes(
        mut self,
        media_type: &str,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        if !self.media_type.is_empty() {
            return self.read_bytes(media_type).await;
        }
        let bytes = self.gather_chunks().await?;
        if bytes.is_empty() {
            Ok(bytes)
        } else {
            Err(unsupported_media_type(media_type))
        }
    }

    /// Reads a body of any media type.
    pub(crate) async fn read_raw(mut self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        self.gather_chunks().await
    }

    async fn gather_chunks(&mut self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let mut bytes = Zeroizing::new(Vec::new());
        while let Some(chunk) = self.payload.next().await {
            let chunk =
                chunk.map_err(|_| Problem::new(Code::MalformedJson, "The body ends early."))?;
            if bytes.capacity() == 0 {
                // The announced size is checked by now. A buffer of that size never moves, so it leaves no copy of a
                // token behind.
                bytes.reserve_exact(self.length.unwrap_or(8192).max(chunk.len()));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

fn unsupported_media_type(wanted: &str) -> Problem {
    let detail = format!("Send `Content-Type: {wanted}` and no Content-Encoding.");
    Problem::new(Code::UnsupportedMediaType, detail)
}
