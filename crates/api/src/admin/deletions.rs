//! Deletions of persons' data that an operator orders.
//!
//! The rule: for each person it gives what Meta's callback would give, so that the operator can pass it on.

use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use regrant_domain::{AppId, PersonId};
use regrant_vault::Vault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    extract::IdempotencyHeader,
    json::{CanonicalJson, ListIn},
    problem::{Problem, ProblemOut},
    routes::deletion_url,
    schema,
    settings::Settings,
};

/// Persons whose data is to be deleted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeletionOrder {
    /// Id of the app at Meta.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// Ids of the persons, as this app sees them, at most 1,000.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 1_000)]
    person_ids: ListIn<PersonId>,
}

/// The deletions of a request.
#[derive(Serialize, ToSchema)]
#[schema(as = DeletionList)]
pub(super) struct DeletionListOut {
    /// One for each id of the request, in its order.
    data: Vec<OrderedDeletionOut>,
}

/// The deletion of a person's data.
#[derive(Serialize, ToSchema)]
#[schema(as = OrderedDeletion)]
pub(super) struct OrderedDeletionOut {
    /// Id of the person.
    #[schema(schema_with = schema::graph_id)]
    person_id: PersonId,
    /// Confirmation code, which the address contains.
    confirmation_code: String,
    /// Address of the page on which the person reads the progress of the deletion.
    url: String,
}

/// Delete the data of persons in every tenant of an app.
///
/// For ids that did not arrive by Meta's callback, for example in an email from Meta. A person whose deletion is open keeps
/// the confirmation code of that deletion.
#[utoipa::path(
    tag = "deletions",
    request_body = DeletionOrder,
    responses(
        (status = 200, description = "The deletions; the worker carries them out.", body = DeletionListOut),
        (status = 404, description = "`not_found`: the app is not registered.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 422, description = "`invalid_request` with the path of each field, or `too_many_items`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/deletions")]
pub(super) async fn order_deletions(
    vault: Data<Vault>,
    settings: Data<Settings>,
    caller: OperatorCaller,
    call: HttpRequest,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<DeletionOrder>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/deletions", &body.canonical);
    let DeletionOrder { app_id, person_ids } = body.value;
    let ordered = vault
        .order_deletions(caller.0.as_actor(), &app_id, person_ids.0, repeatable)
        .await?;
    let data = ordered.into_iter().map(|it| OrderedDeletionOut {
        url: deletion_url(&settings, &call, app_id.as_str(), &it.code),
        person_id: it.person_id,
        confirmation_code: it.code,
    });
    Ok(HttpResponse::Ok().json(DeletionListOut {
        data: data.collect(),
    }))
}
