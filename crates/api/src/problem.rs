//! Errors on the wire: RFC 9457 `application/problem+json`.
//!
//! The rule: `problem/from_error.rs` turns every error of the use cases into a [`Code`] in ONE exhaustive match; the
//! table in `problem/code.rs` holds status, title and texts. An internal error is logged there once, with its causes;
//! the caller sees only the request id. The response about another tenant's resource equals that about a missing one,
//! byte for byte.

mod challenge;
mod code;
mod from_conflict;
mod from_error;
mod oauth_error;

use std::{borrow::Cow, fmt};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use regrant_domain::Reason;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use challenge::{REALM, proof_algorithms, unauthenticated_problem};
pub use code::{Code, ProblemCode, problem_codes};
pub(crate) use from_error::preview_interrupted;
pub(crate) use oauth_error::OauthErrorOut;

use crate::reason::ReasonOut;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// The largest number of faulty fields in one response.
pub(crate) const MAX_FAULTS: usize = 20;

/// A faulty field of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// Path of the field, as in `asset_ids[3]`.
    #[schema(example = "asset_ids[3]")]
    pub(crate) field: String,
    /// What the field must contain.
    pub(crate) detail: String,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self::invalid_fields(vec![fault])
    }
}

/// A refusal or a failure, as a response.
#[derive(Debug)]
pub(crate) struct Problem {
    code: Code,
    detail: Cow<'static, str>,
    errors: Vec<Fault>,
    reason: Option<Box<Reason>>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A problem (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemOut<'a> {
    /// Path of the page that explains this kind of problem: `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid_request")]
    kind: String,
    /// Title of this kind of problem.
    title: &'a str,
    /// HTTP status.
    status: u16,
    /// What happened in this call.
    detail: &'a str,
    /// Id of the request; quote it when you ask for help.
    request_id: Option<&'a str>,
    /// Faulty fields, at most 20.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(value_type = Vec<Fault>, required = false)]
    errors: &'a [Fault],
    /// Only with `no_token`: why there is no token, and who must act.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonOut>,
}

impl Problem {
    /// A problem with this code and detail.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            reason: None,
            headers: Vec::new(),
        }
    }

    /// The code and the detail, for a response that shows a problem beside other things.
    pub(crate) fn into_code_and_detail(self) -> (&'static str, Cow<'static, str>) {
        (self.code.entry().code, self.detail)
    }

    /// The request has these faulty fields.
    pub(crate) fn invalid_fields(errors: Vec<Fault>) -> Self {
        Self {
            errors,
            ..Self::new(
                Code::InvalidRequest,
                "The request is not valid; `errors` lists the faulty fields.",
            )
        }
    }

    /// One field of the request is faulty.
    pub(crate) fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid_fields(vec![Fault {
            field: field.into(),
            detail: detail.into(),
        }])
    }

    /// The request must give exactly one of two fields, and gives both or neither.
    pub(crate) fn not_exactly_one(one: &str, other: &str, gives_both: bool) -> Self {
        let fault = |field: &str, other: &str| Fault {
            field: field.to_owned(),
            detail: if gives_both {
                format!("cannot be combined with `{other}`")
            } else {
                format!("is required unless `{other}` is given")
            },
        };
        Self::invalid_fields(vec![fault(one, other), fault(other, one)])
    }

    /// The resource does not exist for this tenant.
    pub(crate) fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// Adds a header to the response.
    pub(crate) fn with_header(
        mut self,
        name: HeaderName,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        self.headers
            .extend(value.try_into().ok().map(|value| (name, value)));
        self
    }

    /// The response, with the request id if it is known.
    pub(crate) fn render_response(&self, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        for header in &self.headers {
            response.append_header(header.clone());
        }
        let body = serde_json::to_vec(&self.describe(request_id)).unwrap_or_default();
        response.content_type(MEDIA_TYPE).body(body)
    }

    fn describe<'a>(&'a self, request_id: Option<&'a str>) -> ProblemOut<'a> {
        let entry = self.code.entry();
        ProblemOut {
            kind: format!("/problems/{}", entry.code),
            title: entry.title,
            status: entry.status,
            detail: &self.detail,
            request_id,
            errors: &self.errors,
            reason: self.reason.as_deref().cloned().map(ReasonOut::from),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.entry().code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.render_response(None)
    }
}

#[cfg(test)]
mod tests;
