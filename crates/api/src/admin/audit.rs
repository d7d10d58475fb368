//! The audit, for operators: a tenant's chain or the installation's own.

use actix_web::{HttpResponse, get, web::Data};
use regrant_domain::TenantId;
use regrant_vault::{AuditQuery, Vault};
use serde::Deserialize;
use utoipa::IntoParams;

use super::caller::Operator;
use crate::{
    cursor::{AuditSeq, Cursor, Limit, Page},
    json::{Moment, Query},
    problem::Problem,
    routes::{AuditEventOut, CheckpointOut, Word},
};

/// Which audit events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Whose; the installation's own where no tenant is named.
    #[param(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
    /// Only of this action, such as `operator.logged_in`.
    #[param(value_type = Option<String>)]
    action: Option<Word>,
    /// Only about this subject, such as a client's id.
    #[param(value_type = Option<String>)]
    subject: Option<Word>,
    /// Only written at or after this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Moment>,
    /// Only written before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    to: Option<Moment>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AuditSeq>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// Whose checkpoint.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct CheckpointOf {
    /// Whose; the installation's own where no tenant is named.
    #[param(value_type = Option<String>)]
    tenant_id: Option<TenantId>,
}

/// List the audit of a tenant or of the installation, the newest event first.
#[utoipa::path(
    tag = "audit",
    params(AuditFilter),
    responses(
        (status = 200, description = "One page of events.", body = Page<AuditEventOut>),
        (status = 404, description = "`not_found`: there is no such tenant.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/audit-events")]
pub(super) async fn list_audit_events(
    vault: Data<Vault>,
    _: Operator,
    Query(filter): Query<AuditFilter>,
) -> Result<HttpResponse, Problem> {
    let (tenant, limit) = (filter.tenant_id.unwrap_or(TenantId::SYSTEM), filter.limit.0);
    let list = vault.audit_events_of(tenant, filter.into(), limit).await?;
    let next = list.next.map(AuditSeq);
    let data = list.data.into_iter().map(AuditEventOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, next.as_ref())))
}

/// Read the newest signed checkpoint of an audit; it is signed now if the audit has grown since the last one.
#[utoipa::path(
    tag = "audit",
    params(CheckpointOf),
    responses(
        (status = 200, description = "The checkpoint.", body = CheckpointOut),
        (status = 404, description = "`not_found`: there is no such tenant, or nothing was written for it yet.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/audit-events/checkpoint")]
pub(super) async fn get_audit_checkpoint(
    vault: Data<Vault>,
    _: Operator,
    Query(of): Query<CheckpointOf>,
) -> Result<HttpResponse, Problem> {
    let checkpoint = vault
        .sign_checkpoint(of.tenant_id.unwrap_or(TenantId::SYSTEM))
        .await?;
    Ok(HttpResponse::Ok().json(CheckpointOut::from(checkpoint)))
}

impl From<AuditFilter> for AuditQuery {
    fn from(it: AuditFilter) -> Self {
        Self {
            action: it.action.map(|it| it.0),
            subject: it.subject.map(|it| it.0),
            from: it.from.map(|it| it.0),
            to: it.to.map(|it| it.0),
            beyond: it.cursor.map(|it| it.0.0),
        }
    }
}
