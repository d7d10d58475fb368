//! Responses, before `http.rs` or a batch writes them.

pub(crate) mod headers;

use std::borrow::Cow;

use serde_json::Value;

/// Name and value.
pub(crate) type Header = (Cow<'static, str>, String);

/// A response with status, headers and body.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<Header>,
    pub body: String,
    pub is_json: bool,
}

/// The outcome of a call.
pub(crate) enum Outcome {
    Reply(Reply),
    /// A batch item that was not completed.
    Null,
    /// The connection is dropped.
    Drop,
}

/// The outcome of a call, and its delay.
pub(crate) struct CallResponse {
    pub outcome: Outcome,
    pub delay_ms: u64,
    /// Number of calls: the items of a batch, or 1.
    pub items: usize,
}

impl Reply {
    pub fn json(body: &Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: body.to_string(),
            is_json: true,
        }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
            is_json: body.starts_with(['{', '[']),
        }
    }

    pub fn with_headers(mut self, headers: Vec<Header>) -> Self {
        self.headers.extend(headers);
        self
    }

    /// Sets one header; it replaces a header of the same name.
    pub fn set_header(mut self, name: String, value: String) -> Self {
        self.headers
            .retain(|(have, _)| !have.eq_ignore_ascii_case(&name));
        self.headers.push((name.into(), value));
        self
    }
}
