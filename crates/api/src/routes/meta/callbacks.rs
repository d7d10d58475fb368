//! Meta's callbacks about a person: the app was removed, or their data must be deleted. And the page that shows a person
//! the progress of the deletion.
//!
//! The rule: the signed request is passed on unparsed, and every refusal looks the same. The page shows only times; an
//! unknown code and an unknown app look the same.

use actix_web::{
    HttpRequest, HttpResponse, get,
    http::{StatusCode, header},
    post,
    web::{Data, Path},
};
use regrant_domain::Timestamp;
use regrant_vault::{DeletionStatus, Error, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{super::pages::render_page, webhooks::not_signed};
use crate::{
    extract::{AppCallback, public_address},
    json::{parse_pairs, read_request},
    problem::{Problem, ProblemOut},
};

/// The longest confirmation code that is looked up.
const MAX_CODE_LENGTH: usize = 64;

/// The form that Meta posts about a person.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SignedRequest {
    /// Signature and payload, each in base64url, separated by a dot.
    signed_request: String,
}

/// The page on which the person reads the progress of the deletion.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeletionReceipt {
    /// Address of the page.
    url: String,
    /// Confirmation code, which the address contains.
    confirmation_code: String,
}

/// Receive the notice that a person removed the app.
///
/// Their credentials are revoked in every tenant of the app.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(("app" = String, Path, description = "The app's id at Meta.")),
    request_body(content = SignedRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The notice is stored."),
        (status = 403, description = "`not_signed`: not signed by this app, or too old.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/meta/deauthorize/{app}")]
pub(crate) async fn deauthorize(
    vault: Data<Vault>,
    callback: AppCallback,
) -> Result<HttpResponse, Problem> {
    let request = read_signed_request(&callback)?;
    vault
        .receive_deauthorization(callback.app, &request)
        .await?;
    Ok(HttpResponse::Ok().finish())
}

/// Receive the request of a person to delete their data.
///
/// Their credentials and personal data are deleted in every tenant of the app.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(("app" = String, Path, description = "The app's id at Meta.")),
    request_body(content = SignedRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The notice is stored.", body = DeletionReceipt),
        (status = 403, description = "`not_signed`: not signed by this app, or too old.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/meta/data-deletion/{app}")]
pub(crate) async fn delete_person_data(
    vault: Data<Vault>,
    app: Path<String>,
    call: HttpRequest,
    callback: AppCallback,
) -> Result<HttpResponse, Problem> {
    let request = read_signed_request(&callback)?;
    let code = vault
        .receive_deletion_request(callback.app, &request)
        .await?
        .code;
    Ok(HttpResponse::Ok().json(DeletionReceipt {
        url: deletion_url(&call, &app, &code),
        confirmation_code: code,
    }))
}

/// Address of the page on which a person reads the progress of a deletion.
pub(crate) fn deletion_url(call: &HttpRequest, app: &str, code: &str) -> String {
    let base = public_address(call);
    format!(
        "{}/meta/data-deletion/{app}/{code}",
        base.trim_end_matches('/')
    )
}

/// Show a person the progress of the deletion of their data.
#[utoipa::path(
    tag = "meta",
    security(()),
    params(
        ("app" = String, Path, description = "The app's id at Meta."),
        ("code" = String, Path, description = "The confirmation code."),
    ),
    responses(
        (status = 200, description = "The page.", body = String, content_type = "text/html"),
        (status = 404, description = "A page that says that the request does not exist.", body = String,
            content_type = "text/html"),
    ),
)]
#[get("/meta/data-deletion/{app}/{code}")]
pub(crate) async fn get_deletion(
    vault: Data<Vault>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (app, code) = path.into_inner();
    let status = match app.parse() {
        Ok(app) if code.len() <= MAX_CODE_LENGTH => {
            vault.find_deletion_status(&app, &code).await.map(Some)
        }
        _ => Ok(None),
    };
    let mut response = match status {
        Ok(Some(status)) => render_page("Deletion of your data", &deletion_text(&status)),
        Ok(None) | Err(Error::NotFound(_)) => unknown_request_page(),
        Err(error) => return Err(error.into()),
    };
    let headers = response.headers_mut();
    let no_index = header::HeaderValue::from_static("noindex, nofollow");
    headers.insert(header::HeaderName::from_static("x-robots-tag"), no_index);
    Ok(response)
}

fn read_signed_request(callback: &AppCallback) -> Result<String, Problem> {
    let form = std::str::from_utf8(&callback.raw)
        .ok()
        .and_then(|it| parse_pairs(it).ok());
    let form = form.and_then(|it| read_request::<SignedRequest>(it).ok());
    form.map(|it| it.signed_request).ok_or_else(not_signed)
}

fn unknown_request_page() -> HttpResponse {
    let mut response = render_page(
        "No such request",
        "<p>No request has this code. Check the address.</p>",
    );
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

fn deletion_text(status: &DeletionStatus) -> String {
    let (state, sentence) = describe_progress(status);
    let row = |name: &str, at: Option<Timestamp>| {
        let at = at.map_or_else(
            || "–".to_owned(),
            |it| it.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        );
        format!("<tr><th>{name}</th><td>{at}</td></tr>")
    };
    format!(
        "<p><strong>{state}</strong></p><p>{sentence}</p><p>{}</p><table>{}{}{}{}</table>",
        describe_copies(status),
        row("Received", Some(status.received_at)),
        row("Begun", status.started_at),
        row("Completed", status.completed_at),
        row("Effective", status.effective_at),
    )
}

/// What can be done with copies of the person's tokens after a deletion.
const fn describe_copies(status: &DeletionStatus) -> &'static str {
    match (status.completed_at, status.effective_at) {
        (Some(_), None) => {
            "Encrypted copies of your tokens may stay in the database's log and in backups. They can be opened until the \
             keys that encrypt them are replaced and destroyed; this page then shows when that was."
        }
        (Some(_), Some(_)) => {
            "No copy of your tokens can be opened any more: the keys that encrypted them are destroyed."
        }
        (None, _) => "",
    }
}

/// The state of a deletion, and what it means.
const fn describe_progress(status: &DeletionStatus) -> (&'static str, &'static str) {
    match (status.started_at, status.completed_at) {
        (_, Some(_)) => (
            "Completed",
            "Your access tokens, your name and the dates stored about you are deleted. Your id at Meta stays in records \
             of what was done.",
        ),
        (_, None) if status.awaits_erasure => (
            "In progress",
            "Your data is deleted. Remains of it are being overwritten in the database's file.",
        ),
        (Some(_), None) if status.waits_for_owners => (
            "In progress",
            "What is known to be yours is deleted. Some tokens are being attributed: Meta is asked whose they are, and \
             yours among them are deleted then.",
        ),
        (Some(_), None) => ("In progress", "Your data is being deleted."),
        (None, None) => (
            "Received",
            "Your request has arrived and will be processed shortly.",
        ),
    }
}
