//! Errors of Graph that Regrant does not know, with their redacted texts and counts.

use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{AppId, AssetKind, errors::UnknownError};
use regrant_vault::Vault;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    cursor::{Page, PageQuery},
    json::Query,
    problem::Problem,
    schema,
};

/// A kind of errors that Regrant does not know; its family decided what they meant for tokens and assets.
#[derive(Serialize, ToSchema)]
#[schema(as = GraphError)]
pub(super) struct GraphErrorOut {
    /// App whose calls it answered.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// `code` of the error.
    code: Option<i64>,
    /// `error_subcode` of the error.
    subcode: Option<i64>,
    /// `type` of the error.
    #[serde(rename = "type")]
    kind: String,
    /// HTTP status of the response or of the item in a batch.
    http_status: u16,
    /// Kind of asset that the call was about; null if it was about none.
    #[schema(schema_with = schema::asset_kind_or_null)]
    asset_kind: Option<AssetKind>,
    /// Text of the error, redacted, with `#` for long numbers; at most 300 characters.
    message: String,
    /// How often it came.
    count: u64,
    /// When it came first.
    first_at: DateTime<Utc>,
    /// When it came last.
    last_at: DateTime<Utc>,
}

/// List the errors of Graph that Regrant does not know, newest first: the latest 1,000 kinds of 90 days.
#[utoipa::path(
    tag = "graph-errors",
    params(PageQuery),
    responses((status = 200, description = "One page of errors.", body = Page<GraphErrorOut>)),
)]
#[get("/graph-errors")]
pub(super) async fn list_graph_errors(
    vault: Data<Vault>,
    _: OperatorCaller,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_unknown_errors(after, limit).await?;
    let data = list.data.into_iter().map(GraphErrorOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

impl From<UnknownError> for GraphErrorOut {
    fn from(it: UnknownError) -> Self {
        Self {
            app_id: it.app,
            code: it.code,
            subcode: it.subcode,
            kind: it.kind,
            http_status: it.http_status,
            asset_kind: it.object,
            message: it.text,
            count: it.count,
            first_at: it.first_at,
            last_at: it.last_at,
        }
    }
}
