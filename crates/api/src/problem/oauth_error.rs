//! Problems of the calls under `/oauth`, as programs for OAuth expect errors (RFC 6749 §5.2).
//!
//! The rule: every error under `/oauth` has `error` and `error_description`, and the members of a problem beside them,
//! whatever refused the call: a limit, the body, the database or the use case.

use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Problem, ProblemOut};

/// An error of OAuth (RFC 6749 §5.2), with the members of a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = OauthError)]
pub(crate) struct OauthErrorOut<'a> {
    /// `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type`, `invalid_dpop_proof`,
    /// `use_dpop_nonce`, `temporarily_unavailable` or `server_error`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// Description in one sentence.
    error_description: &'a str,
    /// The same error as a problem.
    #[serde(flatten)]
    problem: ProblemOut<'a>,
}

impl Problem {
    /// The response of a call under `/oauth`, with the request id if it is known.
    pub(crate) fn render_oauth_error(&self, request_id: Option<&str>) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        for header in &self.headers {
            response.append_header(header.clone());
        }
        response.json(OauthErrorOut {
            error: error_of(self.code),
            error_description: &self.detail,
            problem: self.describe(request_id),
        })
    }
}

/// The error of OAuth for a code.
const fn error_of(code: Code) -> &'static str {
    match code {
        Code::InvalidClient => "invalid_client",
        Code::UnsupportedGrantType => "unsupported_grant_type",
        Code::InvalidDpopProof => "invalid_dpop_proof",
        Code::UseDpopNonce => "use_dpop_nonce",
        Code::UnknownScope | Code::ScopeNotHeld => "invalid_scope",
        other => match other.entry().status {
            429 | 503 | 507 => "temporarily_unavailable",
            500 => "server_error",
            _ => "invalid_request",
        },
    }
}
