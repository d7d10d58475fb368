//! Whether the process is alive, and whether it can serve.

use actix_web::{HttpResponse, get, http::header, web::Data};
use regrant_vault::{Error, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem, ProblemOut};

/// The state of the process.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Check whether the process is alive.
#[utoipa::path(tag = "health", responses((status = 200, description = "The process is alive.", body = Health)))]
#[get("/livez")]
pub(crate) async fn get_liveness() -> HttpResponse {
    health_response()
}

/// Check whether the process can serve: whether its database responds.
#[utoipa::path(tag = "health", responses(
    (status = 200, description = "The process can serve.", body = Health),
    (status = 503, description = "The process cannot serve.", body = ProblemOut<'static>, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub(crate) async fn get_readiness(vault: Data<Vault>) -> Result<HttpResponse, Problem> {
    let ready = vault.check_ready().await;
    ready
        .map(|()| health_response())
        .map_err(|error| not_ready_problem(&error))
}

/// The response of a healthy process.
pub(crate) fn health_response() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok" })
}

/// The problem of a process that cannot serve.
pub(crate) fn not_ready_problem(error: &Error) -> Problem {
    let detail = match error {
        Error::Unavailable(outage, _) => format!("The database cannot be used: {outage}."),
        _ => "The database does not respond.".to_owned(),
    };
    Problem::new(Code::NotReady, detail).with_header(header::RETRY_AFTER, 10)
}
