//! Graph's error object, and the error of a call of this crate.
//!
//! The rule: a [`GraphError`] exists only redacted; its message may be stored and shown.

use regrant_domain::{Refusal, RefusalKind};
use serde::Deserialize;

use crate::{call::wire, errors::redact::Redactor};

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Graph refused the call or could not be reached; the kind says what to do.
    #[error("{}", .0.message)]
    Refused(Refusal),
}

impl CallError {
    /// The refusal.
    #[must_use]
    pub const fn refusal(&self) -> &Refusal {
        let Self::Refused(refusal) = self;
        refusal
    }
}

impl From<CallError> for Refusal {
    fn from(CallError::Refused(refusal): CallError) -> Self {
        refusal
    }
}

impl From<Refusal> for CallError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A refusal with a message of ours, without a trace id of Graph.
pub(crate) fn build_refusal(kind: RefusalKind, message: impl Into<String>) -> Refusal {
    Refusal {
        kind,
        message: message.into(),
        fbtrace_id: None,
    }
}

/// The error object of Graph, redacted.
#[derive(Debug, Clone, Default)]
pub(crate) struct GraphError {
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) code: Option<i64>,
    pub(crate) subcode: Option<i64>,
    pub(crate) is_transient: bool,
    pub(crate) fbtrace_id: Option<String>,
}

impl GraphError {
    /// The error in a response body, if there is one.
    pub(crate) fn parse_body(body: &[u8], redactor: &Redactor) -> Option<Self> {
        let envelope: ErrorEnvelope = serde_json::from_slice(body).ok()?;
        envelope.error.map(|it| it.into_graph_error(redactor))
    }

    /// Graph's message with code and subcode.
    pub(crate) fn to_sentence(&self) -> String {
        let code = self
            .code
            .map_or_else(|| "no code".to_owned(), |it| format!("code {it}"));
        let subcode = self
            .subcode
            .map(|it| format!(", subcode {it}"))
            .unwrap_or_default();
        format!("{} ({code}{subcode})", self.message)
    }
}

#[derive(Deserialize)]
struct ErrorEnvelope {
    error: Option<WireError>,
}

/// The error object as it travels. `debug_token` writes `subcode` where others write `error_subcode`, and some write both;
/// `error_data` comes as an object or as text and is not read. No member of an unknown form hides the others.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum WireError {
    /// The documented form.
    Object {
        #[serde(default, rename = "type", deserialize_with = "wire::parse_text")]
        kind: Option<String>,
        #[serde(default, deserialize_with = "wire::parse_text")]
        message: Option<String>,
        #[serde(default, deserialize_with = "wire::parse_integer")]
        code: Option<i64>,
        #[serde(default, deserialize_with = "wire::parse_integer")]
        error_subcode: Option<i64>,
        #[serde(default, deserialize_with = "wire::parse_integer")]
        subcode: Option<i64>,
        #[serde(default, deserialize_with = "wire::parse_flag")]
        is_transient: Option<bool>,
        #[serde(default, deserialize_with = "wire::parse_text")]
        fbtrace_id: Option<String>,
    },
    /// A bare sentence, as OAuth endpoints write it.
    Text(String),
    /// Any other JSON value: still an error.
    Odd(serde::de::IgnoredAny),
}

impl WireError {
    /// The error with all secrets redacted.
    pub(crate) fn into_graph_error(self, redactor: &Redactor) -> GraphError {
        match self {
            Self::Text(text) => GraphError {
                message: redactor.redact_text(&text),
                ..GraphError::default()
            },
            Self::Odd(_) => GraphError {
                message: "an error of no known form".to_owned(),
                ..GraphError::default()
            },
            Self::Object {
                kind,
                message,
                code,
                error_subcode,
                subcode,
                is_transient,
                fbtrace_id,
            } => GraphError {
                kind: redactor.redact_text(&kind.unwrap_or_default()),
                message: redactor.redact_text(&message.unwrap_or_default()),
                code,
                subcode: [error_subcode, subcode]
                    .into_iter()
                    .flatten()
                    .find(|it| *it != 0),
                is_transient: is_transient.unwrap_or(false),
                fbtrace_id: fbtrace_id
                    .filter(|it| is_trace_id(it))
                    .map(|it| redactor.redact_known(&it)),
            },
        }
    }
}

/// A trace id is short and plain; anything else is not one.
fn is_trace_id(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Option<GraphError> {
        GraphError::parse_body(body.as_bytes(), &Redactor::new(["canary-token"]))
    }

    #[test]
    fn the_documented_form_is_read_and_redacted() {
        let error = read(
            r#"{"error":{"message":"Malformed access token canary-token","type":"OAuthException","code":190,
            "error_subcode":"460","is_transient":false,"error_data":"{\"a\":1}","fbtrace_id":"Abc/9"}}"#,
        )
        .unwrap();
        assert_eq!(
            error.to_sentence(),
            "Malformed access token … (code 190, subcode 460)"
        );
        assert_eq!(error.fbtrace_id.as_deref(), Some("Abc/9"));
    }

    #[test]
    fn error_data_may_be_an_object_and_the_subcode_zero() {
        let error = read(
            r#"{"error":{"message":"m","code":100,"error_subcode":0,"error_data":{"a":[1]}}}"#,
        )
        .unwrap();
        assert_eq!((error.code, error.subcode), (Some(100), None));
    }

    #[test]
    fn a_member_of_another_form_hides_no_code() {
        for (members, subcode, is_transient) in [
            (r#""is_transient":1"#, None, true),
            (r#""is_transient":0"#, None, false),
            (r#""is_transient":"false""#, None, false),
            (r#""is_transient":"yes""#, None, false),
            (r#""error_subcode":460,"subcode":460"#, Some(460), false),
            (r#""error_subcode":0,"subcode":"463""#, Some(463), false),
            (r#""subcode":459"#, Some(459), false),
        ] {
            let error = read(&format!(r#"{{"error":{{"code":190,{members}}}}}"#)).unwrap();
            let found = (error.code, error.subcode, error.is_transient);
            assert_eq!(found, (Some(190), subcode, is_transient), "{members}");
        }
    }

    #[test]
    fn a_body_without_an_error_is_none() {
        for body in [
            "true",
            "",
            "<html>",
            "[]",
            r#"{"id":"1"}"#,
            r#"{"error":null}"#,
        ] {
            assert!(read(body).is_none(), "{body}");
        }
    }

    #[test]
    fn an_error_of_no_known_form_is_an_error() {
        for body in [
            r#"{"error":7}"#,
            r#"{"error":{"is_transient":"yes"}}"#,
            r#"{"error":[]}"#,
        ] {
            assert!(read(body).is_some_and(|it| it.code.is_none()), "{body}");
        }
    }

    #[test]
    fn a_bare_sentence_is_an_error() {
        assert_eq!(
            read(r#"{"error":"invalid canary-token"}"#).unwrap().message,
            "invalid …"
        );
    }
}
