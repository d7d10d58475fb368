//! Errors on the wire: RFC 9457 `application/problem+json`.
//!
//! The rule: ONE exhaustive match turns the use cases' error into a [`Code`]; the table of codes says the
//! rest. A fault of ours is logged here, once, with its causes; the caller learns the request id alone.
//! An answer about another tenant's thing is that about a missing one, byte for byte.

mod code;

use std::{borrow::Cow, fmt};

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use regrant_domain::Reason;
use regrant_vault::{Conflict, Error, TokenRefusal};
use serde::Serialize;
use utoipa::ToSchema;

pub use code::{Code, ProblemCode, problem_codes};

use crate::routes::ReasonOut;

/// The media type of a problem.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// How many faulty fields an answer names.
const MOST_FAULTS: usize = 20;

/// One field of the request and what it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Fault {
    /// The field's path, as in `asset_ids[3]`.
    #[schema(example = "asset_ids[3]")]
    pub(crate) field: String,
    /// What it must hold.
    pub(crate) detail: String,
}

/// An answer that is not what was asked for.
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
    /// Where this kind of problem is explained: `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid_request")]
    kind: String,
    /// The kind of problem in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// What happened this time.
    detail: &'a str,
    /// To quote when asking for help.
    request_id: Option<&'a str>,
    /// The faulty fields, at most 20.
    #[serde(skip_serializing_if = "<[Fault]>::is_empty")]
    #[schema(value_type = Vec<Fault>, required = false)]
    errors: &'a [Fault],
    /// Why there is no token, and who must act; `no_token` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<ReasonOut>,
}

impl Problem {
    /// A problem of this kind.
    pub(crate) fn new(code: Code, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            detail: detail.into(),
            errors: Vec::new(),
            reason: None,
            headers: Vec::new(),
        }
    }

    /// The request has faulty fields.
    pub(crate) fn invalid(errors: Vec<Fault>) -> Self {
        Self {
            errors,
            ..Self::new(
                Code::InvalidRequest,
                "The request is not valid; `errors` names the fields.",
            )
        }
    }

    /// One field of the request is faulty.
    pub(crate) fn invalid_field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::invalid(vec![Fault {
            field: field.into(),
            detail: detail.into(),
        }])
    }

    /// Nothing is there, or nothing of this tenant's.
    pub(crate) fn not_found(what: impl fmt::Display) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// The same problem with a header.
    pub(crate) fn with_header(
        mut self,
        name: HeaderName,
        value: impl TryInto<HeaderValue>,
    ) -> Self {
        self.headers
            .extend(value.try_into().ok().map(|value| (name, value)));
        self
    }

    /// The answer; it names the request where its id is known.
    pub(crate) fn render(&self, request_id: Option<&str>) -> HttpResponse {
        let entry = self.code.entry();
        let mut response = HttpResponseBuilder::new(self.status_code());
        for header in &self.headers {
            response.append_header(header.clone());
        }
        let body = ProblemOut {
            kind: format!("/problems/{}", entry.code),
            title: entry.title,
            status: entry.status,
            detail: &self.detail,
            request_id,
            errors: &self.errors,
            reason: self.reason.as_deref().cloned().map(ReasonOut::from),
        };
        response
            .content_type(MEDIA_TYPE)
            .body(serde_json::to_vec(&body).unwrap_or_default())
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
        self.render(None)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound(resource) => Self::not_found(resource),
            Error::Invalid { field, reason } => Self::invalid_field(field, reason),
            Error::TooMany { field, limit } => {
                let errors = vec![Fault {
                    field: field.to_owned(),
                    detail: format!("at most {limit} in one call"),
                }];
                Self {
                    errors,
                    ..Self::new(
                        Code::TooMany,
                        format!("One call may name at most {limit} assets."),
                    )
                }
            }
            Error::UnknownAssets(places) => {
                let fault = |place| Fault {
                    field: format!("asset_ids[{place}]"),
                    detail: "there is no such asset".to_owned(),
                };
                Self::invalid(places.into_iter().take(MOST_FAULTS).map(fault).collect())
            }
            Error::TooManyRunning(most) => Self::new(
                Code::TooManyReconnects,
                format!("At most {most} reconnects of a tenant run at once; nothing was accepted."),
            )
            .with_header(header::RETRY_AFTER, 5),
            Error::TooManyPreviews => Self::new(
                Code::TooManyPreviews,
                "Too many previews are under way; nothing was asked.",
            )
            .with_header(header::RETRY_AFTER, 5),
            Error::Unauthenticated => {
                unauthenticated("invalid_token", "The access token is not valid.")
            }
            Error::Forbidden(permission) => {
                let (scope, detail) = (
                    permission.as_str(),
                    format!("The scope `{}` is needed.", permission.as_str()),
                );
                let challenge = format!(
                    r#"Bearer realm="regrant", error="insufficient_scope", scope="{scope}""#
                );
                Self::new(Code::MissingScope, detail)
                    .with_header(header::WWW_AUTHENTICATE, challenge)
            }
            Error::NotSigned => Self::new(
                Code::NotSigned,
                "The message is not signed by this app, or is not fresh.",
            ),
            Error::Restricted => Self::new(
                Code::Restricted,
                "The credential is confined to some of the tenant's assets or calls; this is beyond them.",
            ),
            Error::AddressNotAllowed => Self::new(
                Code::AddressNotAllowed,
                "The client may not call from this address.",
            ),
            Error::ProofRefused => unproved(),
            Error::WrongCredentials => {
                Self::new(Code::WrongCredentials, "The name or the password is wrong.")
                    .with_header(header::WWW_AUTHENTICATE, r#"Bearer realm="regrant""#)
            }
            Error::LockedOut { retry_after } => Self::new(
                Code::LockedOut,
                "Too many log-ins with this name failed in a row.",
            )
            .with_header(header::RETRY_AFTER, retry_after.as_secs().saturating_add(1)),
            Error::Busy => Self::new(
                Code::TooManyLogins,
                "Too many log-ins wait; try again in a moment.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::ReadOnly => Self::new(Code::ReadOnly, "Your role lets you look and not change."),
            Error::Raced => Self::new(
                Code::CallUnderWay,
                "A call with the same Idempotency-Key is under way; ask again in a moment.",
            )
            .with_header(header::RETRY_AFTER, 1),
            Error::ScopeNotHeld => Self::new(
                Code::ScopeNotHeld,
                "The client does not hold a scope that was asked for.",
            ),
            Error::ReasonRequired => Self::new(
                Code::ReasonRequired,
                "This tenant demands a reason for reading a token: send it as `X-Regrant-Reason`.",
            ),
            Error::Conflict(conflict) => conflict.into(),
            Error::TokenRefused(refusal) => refusal.into(),
            Error::Upstream { retry_after } => {
                let seconds = retry_after.map_or(5, |it| it.as_secs().max(1));
                Self::new(
                    Code::GraphUnavailable,
                    "The Graph API does not answer; nothing was changed.",
                )
                .with_header(header::RETRY_AFTER, seconds)
            }
            Error::Stale => internal(&Error::Stale),
            Error::Internal(cause) => internal(&*cause),
        }
    }
}

/// A fault of ours: the cause is logged and not shown.
fn internal(cause: &(dyn std::error::Error + 'static)) -> Problem {
    log(cause);
    Problem::new(
        Code::Internal,
        "Something went wrong here. Quote the request id when asking for help.",
    )
}

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::NoToken { reason, .. } => {
                let detail = reason.detail.clone();
                Self {
                    reason: Some(Box::new(reason)),
                    ..Self::new(Code::NoToken, detail)
                }
            }
            Conflict::OtherBody => Self::new(
                Code::IdempotencyKeyReused,
                "This Idempotency-Key was used with another body.",
            ),
            Conflict::Ended => Self::new(Code::ReconnectEnded, "The reconnect has ended."),
            Conflict::EndpointLimit(most) => Self::new(
                Code::TooManyWebhookEndpoints,
                format!("A tenant may have at most {most} webhook endpoints."),
            ),
            Conflict::EndpointDisabled => Self::new(
                Code::WebhookEndpointDisabled,
                "The webhook endpoint is disabled.",
            ),
            Conflict::ClientLimit(most) => Self::new(
                Code::TooManyClients,
                format!("A tenant may have at most {most} clients."),
            ),
            Conflict::NoProofKey => Self::new(
                Code::ProofKeyMissing,
                "The client's secret is from before calls could be proved: give it another one first.",
            ),
            Conflict::TenantGone => Self::new(
                Code::TenantGone,
                "The tenant was deleted or shredded, or is to be deleted.",
            ),
            Conflict::TenantNotSuspended => Self::new(
                Code::TenantNotSuspended,
                "The tenant is still served: suspend it first.",
            ),
            Conflict::LastOwner => Self::new(
                Code::LastOwner,
                "This is the last owner who can log in; nothing was changed.",
            ),
            Conflict::SessionLimit(most) => Self::new(
                Code::TooManySessions,
                format!("A tenant may have at most {most} open sessions."),
            ),
            Conflict::SessionUsedUp => Self::new(
                Code::SessionUsedUp,
                "The session has started as many reconnects, or looked at as many previews, as it may.",
            ),
            Conflict::PlanOutdated => Self::new(
                Code::PlanOutdated,
                "What the preview found is not so any more; nothing was changed.",
            ),
            Conflict::AssetLimit(most) => Self::new(
                Code::TooManyAssets,
                format!(
                    "A tenant may have at most {most} assets; none of this call was registered."
                ),
            ),
            Conflict::Exists(resource) => Self::new(
                Code::AlreadyExists,
                format!("This {resource} exists already."),
            ),
        }
    }
}

impl From<TokenRefusal> for Problem {
    fn from(refusal: TokenRefusal) -> Self {
        let code = match refusal {
            TokenRefusal::Dead(_) => Code::TokenDead,
            TokenRefusal::ForeignApp => Code::TokenOfAnotherApp,
            TokenRefusal::Undecipherable => Code::TokenUndecipherable,
            TokenRefusal::WrongKind => Code::TokenOfWrongKind,
            TokenRefusal::OtherPerson => Code::TokenOfAnotherPerson,
        };
        let field = if code == Code::TokenOfAnotherPerson {
            "expect_person"
        } else {
            "access_token"
        };
        let errors = vec![Fault {
            field: field.to_owned(),
            detail: refusal.to_string(),
        }];
        Self {
            errors,
            ..Self::new(code, format!("Nothing was changed: {refusal}."))
        }
    }
}

/// No credential, or one that is not good.
pub(crate) fn unauthenticated(error: &str, detail: &'static str) -> Problem {
    let challenge = match error {
        "" => r#"Bearer realm="regrant""#.to_owned(),
        error => format!(r#"Bearer realm="regrant", error="{error}""#),
    };
    Problem::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

/// The call carries no proof that counts; which check failed is not told.
fn unproved() -> Problem {
    let detail = "This client's calls need a header `X-Regrant-Proof: <unix seconds>.<nonce>.<hex>`, made with the \
                  client's secret for this access token within the last five minutes, and used once.";
    let challenge = r#"Bearer realm="regrant", error="invalid_request""#;
    Problem::new(Code::ProofRequired, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

fn log(cause: &(dyn std::error::Error + 'static)) {
    let mut chain = cause.to_string();
    let mut next = cause.source();
    while let Some(inner) = next {
        chain.push_str(": ");
        chain.push_str(&inner.to_string());
        next = inner.source();
    }
    tracing::error!(error = %chain, "internal error");
}

#[cfg(test)]
mod tests {
    use regrant_domain::Permission;
    use regrant_vault::Resource;

    use super::*;

    fn answer(error: Error) -> (u16, serde_json::Value) {
        let rendered = Problem::from(error).render(Some("req_1"));
        let status = rendered.status().as_u16();
        let body =
            actix_web::body::MessageBody::try_into_bytes(rendered.into_body()).unwrap_or_default();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn a_problem_has_the_members_of_rfc_9457() {
        let (status, body) = answer(Error::NotFound(Resource::Asset));
        let expected = serde_json::json!({
            "type": "/problems/not_found",
            "title": "Not found",
            "status": 404,
            "detail": "There is no such asset.",
            "request_id": "req_1",
        });
        assert_eq!((status, body), (404, expected));
    }

    #[test]
    fn a_fault_of_ours_says_nothing_of_itself() {
        let (status, body) = answer(Error::Internal("password is hunter2".into()));
        assert_eq!(status, 500);
        assert!(!body.to_string().contains("hunter2"));
    }

    #[test]
    fn a_missing_scope_is_named() {
        let problem = Problem::from(Error::Forbidden(Permission::TokensRead)).render(None);
        let challenge = problem
            .headers()
            .get(header::WWW_AUTHENTICATE)
            .unwrap()
            .to_str()
            .unwrap();
        assert_eq!(
            challenge,
            r#"Bearer realm="regrant", error="insufficient_scope", scope="tokens:read""#
        );
    }

    #[test]
    fn the_field_that_was_refused_is_named() {
        let (status, body) = answer(Error::TokenRefused(TokenRefusal::ForeignApp));
        assert_eq!(
            (status, body["errors"][0]["field"].as_str()),
            (422, Some("access_token"))
        );
    }
}
