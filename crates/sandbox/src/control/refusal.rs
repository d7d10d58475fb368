//! The error of a control.

use std::fmt;

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::Error;

/// Why a control was refused; nothing has changed.
#[derive(Debug)]
pub(super) struct ControlRefusal {
    status: StatusCode,
    field: String,
    message: String,
}

impl ControlRefusal {
    /// Invalid input in a field: 400.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            field: field.into(),
            message: message.into(),
        }
    }

    /// The item in the path does not exist: 404.
    pub fn not_found(message: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            field: "path".to_owned(),
            message: message.to_owned(),
        }
    }
}

/// Parses a JSON body; serde's message has the field between backticks.
pub(super) fn parse_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlRefusal> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|fault| {
        let message = fault.to_string();
        let field = message.split('`').nth(1).unwrap_or("body").to_owned();
        ControlRefusal::invalid_field(field, message)
    })
}

impl From<Error> for ControlRefusal {
    fn from(error: Error) -> Self {
        match error {
            Error::World { field, reason } => Self::invalid_field(field, reason),
            other => Self::invalid_field("world", other.to_string()),
        }
    }
}

impl fmt::Display for ControlRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

impl ResponseError for ControlRefusal {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status)
            .json(json!({"error": {"field": self.field, "message": self.message}}))
    }
}
