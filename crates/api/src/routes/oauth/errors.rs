//! The errors that every call under `/oauth` may have.

use crate::problem::OauthErrorOut;

/// The responses of a call under `/oauth` that fails.
#[derive(utoipa::IntoResponses)]
#[expect(dead_code, reason = "describes what `envelope.rs` renders")]
pub(super) enum OauthErrors {
    /// The form is not valid, or the proof of a key is not: `use_dpop_nonce` if it needs the nonce of `DPoP-Nonce`.
    #[response(
        status = 400,
        headers(("DPoP-Nonce" = String, description = "The nonce for the next proof of a key, if the call sent one."))
    )]
    BadRequest(#[to_schema] OauthErrorOut<'static>),
    /// The client is unknown, or its secret is wrong. `WWW-Authenticate` is there if the call had an Authorization header.
    #[response(status = 401)]
    Unauthorized(#[to_schema] OauthErrorOut<'static>),
    /// The form did not arrive in time.
    #[response(status = 408)]
    Timeout(#[to_schema] OauthErrorOut<'static>),
    /// The form is too large.
    #[response(status = 413)]
    TooLarge(#[to_schema] OauthErrorOut<'static>),
    /// The body is not a URL-encoded form.
    #[response(status = 415)]
    MediaType(#[to_schema] OauthErrorOut<'static>),
    /// Too many calls, or too many failed log-ins; `Retry-After` says when to try again.
    #[response(status = 429)]
    TooMany(#[to_schema] OauthErrorOut<'static>),
    /// This installation has a fault.
    #[response(status = 500)]
    Internal(#[to_schema] OauthErrorOut<'static>),
    /// The database cannot be used at the moment.
    #[response(status = 503)]
    Unavailable(#[to_schema] OauthErrorOut<'static>),
}
