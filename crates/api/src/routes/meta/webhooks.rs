//! Webhooks from Meta: the verification of the address, and notices about persons.
//!
//! The rule: the signature covers the raw bytes, so the body is passed on unparsed. Every refusal looks the same: a
//! caller learns neither which apps exist nor which check failed.

use crate::{
    extract::AppCallback,
    json::{parse_pairs, read_request},
    problem::{Code, Problem, ProblemOut},
};
use actix_web::{
    HttpRequest, HttpResponse, get,
    http::header::{self, ContentType},
    post,
    web::{Data, Path},
};
use regrant_domain::VerifyToken;
use regrant_vault::Vault;

/// The header with Meta's signature.
const SIGNATURE_HEADER: &str = "X-Hub-Signature-256";

/// The longest challenge that is repeated.
const MAX_CHALLENGE_LENGTH: usize = 256;

/// The query with which Meta verifies the webhook address of an app.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Handshake {
    /// `subscribe`.
    #[serde(rename = "hub.mode")]
    #[param(rename = "hub.mode")]
    mode: String,
    /// Text to repeat in the response.
    #[serde(rename = "hub.challenge")]
    #[param(rename = "hub.challenge")]
    challenge: String,
    /// Verify token of the app.
    #[serde(rename = "hub.verify_token")]
    #[param(rename = "hub.verify_token", value_type = String)]
    verify_token: VerifyToken,
}

/// Verify the webhook address of an app for Meta.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(("app" = String, Path, description = "The app's id at Meta."), Handshake),
    responses(
        (status = 200, description = "The challenge.", body = String, content_type = "text/plain"),
        (status = 403, description = "`not_signed`: wrong verify token.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[get("/meta/webhooks/{app}")]
pub(crate) async fn verify_webhook(
    vault: Data<Vault>,
    app: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let handshake = parse_pairs(request.query_string())
        .ok()
        .and_then(|it| read_request::<Handshake>(it).ok());
    let handshake = handshake.filter(|it| it.mode == "subscribe" && is_harmless(&it.challenge));
    let handshake = handshake.ok_or_else(not_signed)?;
    vault
        .check_verify_token(app.parse().ok().as_ref(), &handshake.verify_token)
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(handshake.challenge))
}

/// Receive notices from Meta.
///
/// Unknown and repeated notices are acknowledged and ignored.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(
        ("app" = String, Path, description = "The app's id at Meta."),
        ("X-Hub-Signature-256" = Option<String>, Header,
            description = "`sha256=` and the HMAC of the raw body under the app's secret."),
    ),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses(
        (status = 200, description = "The notices are stored."),
        (status = 403, description = "`not_signed`: the signature is missing or wrong.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[post("/meta/webhooks/{app}")]
pub(crate) async fn receive_webhook(
    vault: Data<Vault>,
    request: HttpRequest,
    callback: AppCallback,
) -> Result<HttpResponse, Problem> {
    let mut signatures = request.headers().get_all(SIGNATURE_HEADER);
    let signature = signatures
        .next()
        .and_then(|it| it.to_str().ok())
        .filter(|_| signatures.next().is_none());
    vault
        .receive_webhook(callback.app, &callback.raw, signature)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

/// The refusal of every message that does not verify.
pub(crate) fn not_signed() -> Problem {
    Problem::new(
        Code::NotSigned,
        "The message is not signed by this app, or it is too old.",
    )
}

/// Whether the challenge is safe to repeat. Meta's challenges are numbers; nothing that could form a page is repeated.
fn is_harmless(challenge: &str) -> bool {
    (1..=MAX_CHALLENGE_LENGTH).contains(&challenge.len())
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}
