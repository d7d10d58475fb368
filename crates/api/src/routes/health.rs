//! Whether the process is alive, and whether it can serve.

use actix_web::{HttpResponse, get, http::header, web::Data};
use regrant_vault::Vault;
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
    let ready = vault.check_ready().await.map_err(Problem::from);
    ready
        .map(|()| health_response())
        .map_err(|_| Problem::new(Code::NotReady, "The database does not respond."))
}

/// The response of a healthy process.
pub(crate) fn health_response() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok" })
}
