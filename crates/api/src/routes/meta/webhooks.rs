//! Webhooks from Meta: the handshake, and what is told about persons.
//!
//! The rule: the signature is over the raw bytes, so the body is read whole and handed on unread. Whatever is
//! wrong is the same refusal: who asks learns neither which apps there are nor what did not fit.

use crate::{
    extract::Raw,
    json::{pairs, read},
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

/// The header Meta signs webhooks in.
const SIGNATURE: &str = "X-Hub-Signature-256";

const LONGEST_CHALLENGE: usize = 256;

/// What Meta asks with to find out whether an address is the app's.
#[derive(serde::Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Handshake {
    /// `subscribe`.
    #[serde(rename = "hub.mode")]
    #[param(rename = "hub.mode")]
    mode: String,
    /// Repeated in the answer.
    #[serde(rename = "hub.challenge")]
    #[param(rename = "hub.challenge")]
    challenge: String,
    /// The word agreed on with the app.
    #[serde(rename = "hub.verify_token")]
    #[param(rename = "hub.verify_token", value_type = String)]
    verify_token: VerifyToken,
}

/// Answer Meta's question whether this address is the app's.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(("app" = String, Path, description = "The app's id at Meta."), Handshake),
    responses(
        (status = 200, description = "The challenge.", body = String, content_type = "text/plain"),
        (status = 403, description = "`not_signed`: not the word agreed on.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[get("/meta/webhooks/{app}")]
pub(crate) async fn verify_webhook(
    vault: Data<Vault>,
    app: Path<String>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let asked = pairs(request.query_string())
        .ok()
        .and_then(|it| read::<Handshake>(it).ok());
    let asked = asked.filter(|it| it.mode == "subscribe" && is_harmless(&it.challenge));
    let asked = asked.ok_or_else(not_signed)?;
    vault
        .verify_webhook(app.parse().ok().as_ref(), &asked.verify_token)
        .await?;
    Ok(HttpResponse::Ok()
        .content_type(ContentType::plaintext())
        .body(asked.challenge))
}

/// Take in what Meta tells about persons.
///
/// What is not known is acknowledged and ignored, and so is what was told before.
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
        (status = 200, description = "Kept."),
        (status = 403, description = "`not_signed`: the signature does not fit.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
        (status = 413, description = "`body_too_large`.", body = ProblemOut<'static>,
            content_type = "application/problem+json"),
    ),
)]
#[post("/meta/webhooks/{app}")]
pub(crate) async fn receive_webhook(
    vault: Data<Vault>,
    app: Path<String>,
    request: HttpRequest,
    body: Raw,
) -> Result<HttpResponse, Problem> {
    let mut signatures = request.headers().get_all(SIGNATURE);
    let signature = signatures
        .next()
        .and_then(|it| it.to_str().ok())
        .filter(|_| signatures.next().is_none());
    vault
        .receive_webhook(app.parse().ok().as_ref(), &body.0, signature)
        .await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish())
}

pub(crate) fn not_signed() -> Problem {
    Problem::new(
        Code::NotSigned,
        "The message is not signed by this app, or is not fresh.",
    )
}

/// Meta's challenges are numbers; nothing that a page could be made of is repeated.
fn is_harmless(challenge: &str) -> bool {
    (1..=LONGEST_CHALLENGE).contains(&challenge.len())
        && challenge
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'))
}
