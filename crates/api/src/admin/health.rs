//! Whether the process can do all its work.

use actix_web::{HttpResponse, get, web::Data};
use regrant_vault::Vault;

use crate::{
    problem::{Code, Problem, ProblemOut},
    routes::{Health, health_response, not_ready_problem},
    server::AliveCheck,
};

/// Check whether the process can work: whether its database responds and its worker, if it has one, runs.
#[utoipa::path(tag = "health", responses(
    (status = 200, description = "The process can work.", body = Health),
    (status = 503, description = "The process cannot work.", body = ProblemOut<'static>, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub(super) async fn get_readiness(
    vault: Data<Vault>,
    alive: Data<AliveCheck>,
) -> Result<HttpResponse, Problem> {
    if !alive() {
        return Err(Problem::new(
            Code::NotReady,
            "The worker of this process has stopped.",
        ));
    }
    let ready = vault.check_ready().await;
    ready
        .map(|()| health_response())
        .map_err(|error| not_ready_problem(&error))
}
