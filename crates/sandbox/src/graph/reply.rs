//! What comes back.

use serde_json::Value;

/// A Graph answer before it becomes HTTP or a batch item.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    pub is_json: bool,
}

/// What becomes of a call.
pub(crate) enum Outcome {
    Reply(Reply),
    /// A batch item that was not completed.
    Null,
    /// The connection breaks.
    Drop,
}

/// An outcome and how long it takes.
pub(crate) struct Answer {
    pub outcome: Outcome,
    pub delay_ms: u64,
    /// Calls answered: the items of a batch, or one.
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

    pub fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }
}
