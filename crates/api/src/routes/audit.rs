//! The audit of a tenant: a list, an export, and the newest signed checkpoint.
//!
//! The rule: an export is sent page by page, and each page is read after the previous one was sent. A failed export closes
//! the connection, so that it never looks complete.

use actix_web::{
    HttpResponse, get,
    web::{Bytes, Data},
};
use chrono::{DateTime, Utc};
use futures_util::stream;
use regrant_domain::Timestamp;
use regrant_vault::{AuditCheckpoint, AuditFormat, AuditQuery, AuditRow, Error, Principal, Vault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{AuditRead, Caller},
    cursor::{AuditSeq, Cursor, Limit, Page},
    json::{Moment, Query, Values},
    problem::Problem,
};

/// Filter, page and format of a list of audit events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditEventFilter {
    /// Only events of one of these actions, such as `token.read`: repeated, or separated by commas.
    #[serde(default)]
    #[param(value_type = Vec<String>, required = false)]
    action: Values<FilterText>,
    /// Only events about this subject, such as the id of an asset.
    #[param(value_type = Option<String>)]
    subject: Option<FilterText>,
    /// Only events at or after this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Moment>,
    /// Only events before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    to: Option<Moment>,
    /// `next_cursor` of the previous page; not with `format`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AuditSeq>>,
    /// Number of entries, 1 to 200; not with `format`.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Export all matching events in this format, oldest first, instead of listing them.
    #[param(inline)]
    format: Option<ExportFormat>,
}

/// The format of an export.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum ExportFormat {
    /// One JSON object per line.
    Jsonl,
    /// CSV (RFC 4180); a cell that a spreadsheet would read as a formula starts with an apostrophe.
    Csv,
}

/// A text to filter by, 1 to 200 characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FilterText(pub(crate) String);

/// One audit event.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventOut {
    /// Number of the event in the tenant's chain, without gaps.
    seq: i64,
    /// Id of the event.
    id: String,
    /// When the event was written.
    at: DateTime<Utc>,
    /// Who acted.
    actor: String,
    /// Action of the actor.
    action: String,
    /// Subject of the action.
    subject: String,
    /// Further details.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Whether retention removed actor, subject and detail. The event keeps its position in the chain.
    pruned: bool,
}

/// A signed statement about the end of the tenant's chain. Keep it outside of Regrant: with it, `regrant audit verify`
/// detects whether the chain was cut or rewritten later.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
pub(crate) struct CheckpointOut {
    /// Id of the tenant.
    tenant_id: String,
    /// Number of the last event.
    seq: i64,
    /// When the checkpoint was signed.
    signed_at: DateTime<Utc>,
    /// JWS that the keys of `/.well-known/statement-keys.json` verify.
    statement: String,
}

/// List audit events, newest first, or export them, oldest first.
#[utoipa::path(
    tag = "audit",
    security(("oauth2" = ["audit:read"])),
    params(AuditEventFilter),
    responses((status = 200, description = "One page of events, or the export.", content(
        (Page<AuditEventOut> = "application/json"),
        (String = "application/jsonl"),
        (String = "text/csv"),
    ))),
)]
#[get("/audit-events")]
pub(crate) async fn list_audit_events(
    vault: Data<Vault>,
    caller: Caller<AuditRead>,
    Query(filter): Query<AuditEventFilter>,
) -> Result<HttpResponse, Problem> {
    if let Some(format) = filter.format {
        return stream_export(
            vault,
            caller.principal,
            filter.into_export_query()?,
            format.into(),
        )
        .await;
    }
    let limit = filter.limit.unwrap_or_default().0;
    let list = vault
        .list_audit_events(&caller.principal, filter.into(), limit)
        .await?;
    let next = list.next.map(AuditSeq);
    let data = list.data.into_iter().map(AuditEventOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, next.as_ref())))
}

/// Read the newest signed checkpoint of the audit. If the audit has grown since the last one, a new one is signed.
#[utoipa::path(
    tag = "audit",
    security(("oauth2" = ["audit:read"])),
    responses((status = 200, description = "The checkpoint.", body = CheckpointOut)),
)]
#[get("/audit-events/checkpoint")]
pub(crate) async fn get_audit_checkpoint(
    vault: Data<Vault>,
    caller: Caller<AuditRead>,
) -> Result<HttpResponse, Problem> {
    let checkpoint = vault.sign_own_checkpoint(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(CheckpointOut::from(checkpoint)))
}

/// Reads the first page before the response begins, so that an error still gets a problem.
async fn stream_export(
    vault: Data<Vault>,
    caller: Principal,
    query: AuditQuery,
    format: AuditFormat,
) -> Result<HttpResponse, Problem> {
    let first = vault.read_export_step(&caller, query.clone()).await?;
    let header =
        Some(Bytes::from_static(format.header_line().as_bytes())).filter(|it| !it.is_empty());
    let pages = stream::try_unfold(Some(first), move |page| {
        let (vault, caller, query) = (vault.clone(), caller.clone(), query.clone());
        async move {
            let Some(page) = page else {
                return Ok::<_, Error>(None);
            };
            let lines: String = page.data.iter().map(|row| format.format_row(row)).collect();
            let after = match page.next {
                Some(next) => Some(
                    vault
                        .read_export_step(
                            &caller,
                            AuditQuery {
                                after_seq: Some(next),
                                ..query
                            },
                        )
                        .await?,
                ),
                None => None,
            };
            Ok(Some((Bytes::from(lines), after)))
        }
    });
    let body = stream::StreamExt::chain(stream::iter(header.map(Ok)), pages);
    Ok(HttpResponse::Ok()
        .content_type(format.media_type())
        .streaming(body))
}

impl AuditEventFilter {
    fn into_export_query(self) -> Result<AuditQuery, Problem> {
        let paged = [
            ("cursor", self.cursor.is_some()),
            ("limit", self.limit.is_some()),
        ];
        match paged.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Problem::invalid_field(
                field,
                "cannot be combined with `format`",
            )),
            None => Ok(self.into()),
        }
    }
}

impl From<AuditEventFilter> for AuditQuery {
    fn from(it: AuditEventFilter) -> Self {
        Self {
            actions: it.action.0.into_iter().map(|it| it.0).collect(),
            subject: it.subject.map(|it| it.0),
            from: it.from.map(|it| it.0),
            to: it.to.map(|it| it.0),
            after_seq: it.cursor.map(|it| it.0.0),
        }
    }
}

impl From<ExportFormat> for AuditFormat {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Jsonl => Self::Jsonl,
            ExportFormat::Csv => Self::Csv,
        }
    }
}

impl From<AuditRow> for AuditEventOut {
    fn from(it: AuditRow) -> Self {
        Self {
            seq: it.seq,
            id: it.id.to_string(),
            at: Timestamp::from_timestamp_micros(it.at).unwrap_or(DateTime::UNIX_EPOCH),
            actor: it.actor,
            action: it.action,
            subject: it.subject,
            detail: serde_json::from_str(&it.detail).unwrap_or_default(),
            pruned: it.pruned.is_some(),
        }
    }
}

impl From<AuditCheckpoint> for CheckpointOut {
    fn from(it: AuditCheckpoint) -> Self {
        let (tenant_id, signed_at) = (it.tenant.to_string(), it.signed_at);
        Self {
            tenant_id,
            seq: it.seq,
            signed_at,
            statement: it.statement,
        }
    }
}

impl TryFrom<String> for FilterText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err("expected 1 to 200 characters without control characters")
        }
    }
}
