//! Whether the process lives and whether it can serve.

use actix_web::{HttpResponse, get, http::header, web::Data};
use regrant_vault::Vault;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Code, Problem, ProblemOut};

/// A state of the process.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    status: &'static str,
}

/// Tell whether the process lives.
#[utoipa::path(tag = "health", responses((status = 200, description = "It lives.", body = Health)))]
#[get("/livez")]
pub(crate) async fn get_liveness() -> HttpResponse {
    ok()
}

/// Tell whether the process can serve: its database answers.
#[utoipa::path(tag = "health", responses(
    (status = 200, description = "It can serve.", body = Health),
    (status = 503, description = "It cannot serve.", body = ProblemOut<'static>, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub(crate) async fn get_readiness(vault: Data<Vault>) -> Result<HttpResponse, Problem> {
    let ready = vault.ready().await.map_err(Problem::from);
    ready
        .map(|()| ok())
        .map_err(|_| Problem::new(Code::NotReady, "The database does not answer."))
}

pub(crate) fn ok() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(Health { status: "ok" })
}
