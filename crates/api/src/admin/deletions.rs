//! Deletions of persons' data that an operator orders.
//!
//! The rule: for each person it gives what Meta's callback would give, so that the operator can pass it on.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use regrant_domain::{AppId, KekRef, PersonId, TenantId};
use regrant_vault::Vault;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    access_at_meta::{AccessAtMetaOut, access_at_meta},
    caller::OperatorCaller,
    receipts::ReceiptOut,
};
use crate::{
    extract::{IdempotencyHeader, PathId},
    json::{CanonicalJson, ListIn},
    problem::{Problem, ProblemOut},
    routes::deletion_url,
    schema,
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
    /// Whether the app's access for the persons ends at Meta, too, before their tokens are deleted; at most 50 persons
    /// then.
    #[serde(default)]
    revoke_at_meta: bool,
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

/// The progress of the deletion of a person's data.
#[derive(Serialize, ToSchema)]
#[schema(as = Deletion)]
pub(super) struct DeletionOut {
    /// When the request was received.
    received_at: DateTime<Utc>,
    /// When the first tenant's data began to be deleted.
    started_at: Option<DateTime<Utc>>,
    /// When it was completed in every tenant, and on SQLite also rewritten out of the file.
    completed_at: Option<DateTime<Utc>>,
    /// From when on no copy of the person's tokens can be opened, wherever it is kept. Null while that waits.
    effective_at: Option<DateTime<Utc>>,
    /// The versions of the key-encryption key that wrapped data keys under which the person's tokens were sealed, and that
    /// are not destroyed, `<id>/<version>`. Replace and retire them. Empty with a time.
    waits_for: Vec<String>,
    /// The tenants whose data key from before the deletion is still in use. Rotate it first: it would be wrapped by the
    /// next version, too.
    data_keys_to_rotate: Vec<String>,
    /// What became of the app's access for the person at Meta. Null if the order did not ask to end it.
    access_at_meta: Option<AccessAtMetaOut>,
    /// Signed receipt; null until the deletion is completed. It says what holds now.
    receipt: Option<ReceiptOut>,
}

/// Delete the data of persons in every tenant of an app.
///
/// For ids that did not arrive by Meta's callback, for example in an email from Meta. An order covers what was issued until
/// then, also while an earlier deletion of the person is open, and has a confirmation code of its own.
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
    caller: OperatorCaller,
    call: HttpRequest,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<DeletionOrder>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/deletions", &body.canonical);
    let DeletionOrder {
        app_id,
        person_ids,
        revoke_at_meta,
    } = body.value;
    let (by, access) = (caller.0.as_actor(), access_at_meta(revoke_at_meta));
    let ordered = vault
        .order_deletions(by, &app_id, person_ids.0, access, repeatable)
        .await?;
    let data = ordered.into_iter().map(|it| OrderedDeletionOut {
        url: deletion_url(&call, app_id.as_str(), &it.code),
        person_id: it.person_id,
        confirmation_code: it.code,
    });
    Ok(HttpResponse::Ok().json(DeletionListOut {
        data: data.collect(),
    }))
}

/// Read the progress of the deletion of a person's data, with a signed receipt once it is completed.
#[utoipa::path(
    tag = "deletions",
    params(
        ("id" = String, Path, description = "The app's id at Meta."),
        ("code" = String, Path, description = "The confirmation code."),
    ),
    responses((status = 200, description = "The progress.", body = DeletionOut)),
)]
#[get("/apps/{id}/deletions/{code}")]
pub(super) async fn get_deletion(
    vault: Data<Vault>,
    _: OperatorCaller,
    id: PathId<AppId>,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (_, code) = path.into_inner();
    let status = vault.find_deletion_status(&id.0, &code).await?;
    let receipt = match status.completed_at {
        Some(_) => Some(vault.sign_person_receipt(&id.0, &code).await?.into()),
        None => None,
    };
    Ok(HttpResponse::Ok().json(DeletionOut {
        received_at: status.received_at,
        started_at: status.started_at,
        completed_at: status.completed_at,
        effective_at: status.effective_at,
        waits_for: status.waits_for.iter().map(KekRef::to_string).collect(),
        data_keys_to_rotate: status
            .data_keys_to_rotate
            .iter()
            .map(TenantId::to_string)
            .collect(),
        access_at_meta: status.revocation.map(AccessAtMetaOut::from),
        receipt,
    }))
}
