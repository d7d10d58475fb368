//! Whether the process can do all that it is there for.

use actix_web::{HttpResponse, get, web::Data};
use regrant_vault::Vault;

use crate::{
    problem::{Code, Problem, ProblemOut},
    routes::{Health, ok},
    server::Alive,
};

/// Tell whether the process can do its work: its database answers, and its worker, if it has one, works.
#[utoipa::path(tag = "health", responses(
    (status = 200, description = "It can.", body = Health),
    (status = 503, description = "It cannot.", body = ProblemOut<'static>, content_type = "application/problem+json"),
))]
#[get("/readyz")]
pub(super) async fn get_readiness(
    vault: Data<Vault>,
    alive: Data<Alive>,
) -> Result<HttpResponse, Problem> {
    if !alive() {
        return Err(Problem::new(
            Code::NotReady,
            "The worker of this process has broken down.",
        ));
    }
    let ready = vault.ready().await.map_err(Problem::from);
    ready
        .map(|()| ok())
        .map_err(|_| Problem::new(Code::NotReady, "The database does not answer."))
}
