//! The audit for operators: the chain of a tenant, or of the installation.

use actix_web::{HttpResponse, get, web::Data};
use regrant_domain::TenantId;
use regrant_vault::{AuditQuery, Vault};
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::OperatorCaller;
use crate::{
    cursor::{AuditSeq, Cursor, Limit, Page},
    json::{Moment, Query, Values},
    problem::Problem,
    routes::{AuditEventOut, CheckpointOut, FilterText},
};

/// Filter and page of a list of audit events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AdminAuditFilter {
    /// Tenant of the audit; by default the audit of the installation.
    #[param(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// Only events of one of these actions, such as `operator.logged_in`: repeated, or separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false)]
    action: Values<FilterText>,
    /// Only events about this subject, such as the id of a client.
    #[param(value_type = Option<String>)]
    subject: Option<FilterText>,
    /// Only events at or after this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Moment>,
    /// Only events before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    to: Option<Moment>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AuditSeq>>,
    /// Number of entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// The audit whose checkpoint to read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckpointQuery {
    /// Tenant of the audit; by default the audit of the installation.
    #[param(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
}

/// List the audit events of a tenant or of the installation, newest first.
#[utoipa::path(
    tag = "audit",
    params(AdminAuditFilter),
    responses(
        (status = 200, description = "One page of events.", body = Page<AuditEventOut>),
        (status = 404, description = "`not_found`: the tenant does not exist.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/audit-events")]
pub(super) async fn list_audit_events(
    vault: Data<Vault>,
    _: OperatorCaller,
    Query(filter): Query<AdminAuditFilter>,
) -> Result<HttpResponse, Problem> {
    let (tenant, limit) = (filter.tenant_id.unwrap_or(TenantId::SYSTEM), filter.limit.0);
    let list = vault
        .list_audit_events_of(tenant, filter.into(), limit)
        .await?;
    let next = list.next.map(AuditSeq);
    let data = list.data.into_iter().map(AuditEventOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, next.as_ref())))
}

/// Read the newest signed checkpoint of an audit. If the audit has grown since the last one, a new one is signed.
#[utoipa::path(
    tag = "audit",
    params(CheckpointQuery),
    responses(
        (status = 200, description = "The checkpoint.", body = CheckpointOut),
        (status = 404, description = "`not_found`: the tenant does not exist, or its audit is empty.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/audit-events/checkpoint")]
pub(super) async fn get_audit_checkpoint(
    vault: Data<Vault>,
    _: OperatorCaller,
    Query(query): Query<CheckpointQuery>,
) -> Result<HttpResponse, Problem> {
    let checkpoint = vault
        .sign_checkpoint_of(query.tenant_id.unwrap_or(TenantId::SYSTEM))
        .await?;
    Ok(HttpResponse::Ok().json(CheckpointOut::from(checkpoint)))
}

impl From<AdminAuditFilter> for AuditQuery {
    fn from(it: AdminAuditFilter) -> Self {
        Self {
            actions: it.action.0.into_iter().map(|it| it.0).collect(),
            subject: it.subject.map(|it| it.0),
            from: it.from.map(|it| it.0),
            to: it.to.map(|it| it.0),
            after_seq: it.cursor.map(|it| it.0.0),
        }
    }
}
