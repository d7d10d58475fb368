//! The audit: a list, an export, and the newest signed checkpoint.
//!
//! The rule: an export leaves page by page, each read when the one before has left; one that breaks off ends the
//! connection, so that it never looks complete.

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
    json::{Moment, Query},
    problem::Problem,
};

/// Which audit events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditEventFilter {
    /// Only of this action, such as `token.read`.
    #[param(value_type = Option<String>)]
    action: Option<Word>,
    /// Only about this subject, such as an asset's id.
    #[param(value_type = Option<String>)]
    subject: Option<Word>,
    /// Only written at or after this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    from: Option<Moment>,
    /// Only written before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    to: Option<Moment>,
    /// The `next_cursor` of the page before; not with `format`.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AuditSeq>>,
    /// How many, 1 to 200; not with `format`.
    #[param(value_type = Option<u32>, minimum = 1, maximum = 200)]
    limit: Option<Limit>,
    /// Export all of them instead, the oldest first.
    #[param(inline)]
    format: Option<Format>,
}

/// How an export is written.
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// One JSON object a line.
    Jsonl,
    /// CSV (RFC 4180); a cell that a spreadsheet would take for a formula is led by an apostrophe.
    Csv,
}

/// A word of the audit.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Word(pub(crate) String);

/// One audit event.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub(crate) struct AuditEventOut {
    /// Its number in the tenant's chain, without gaps.
    seq: i64,
    /// Its id.
    id: String,
    /// When it was written.
    at: DateTime<Utc>,
    /// Who did it.
    actor: String,
    /// What was done.
    action: String,
    /// What it was done to.
    subject: String,
    /// What else is known.
    #[schema(value_type = Object)]
    detail: serde_json::Value,
    /// Whether it is past retention: it keeps its place in the chain; actor, subject and detail are gone.
    pruned: bool,
}

/// A signed statement of where the tenant's chain ended. Keep it elsewhere: `regrant audit verify` finds with it
/// whether the chain was cut or rewritten since.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditCheckpoint)]
pub(crate) struct CheckpointOut {
    /// The tenant.
    tenant_id: String,
    /// The number of the last event.
    seq: i64,
    /// When it was signed.
    signed_at: DateTime<Utc>,
    /// The statement: a JWS that the keys of `/.well-known/jwks.json` verify.
    statement: String,
}

/// List the audit, the newest event first; or export it, the oldest first.
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
        return export(vault, caller.principal, filter.exported()?, format.into()).await;
    }
    let limit = filter.limit.unwrap_or_default().0;
    let list = vault
        .audit_events(&caller.principal, filter.into(), limit)
        .await?;
    let next = list.next.map(AuditSeq);
    let data = list.data.into_iter().map(AuditEventOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, next.as_ref())))
}

/// Read the newest signed checkpoint of the audit; it is signed now if the audit has grown since the last one.
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
    let checkpoint = vault.audit_checkpoint(&caller.principal).await?;
    Ok(HttpResponse::Ok().json(CheckpointOut::from(checkpoint)))
}

/// The first page is read before the answer begins, so that a fault can still be told.
async fn export(
    vault: Data<Vault>,
    caller: Principal,
    query: AuditQuery,
    format: AuditFormat,
) -> Result<HttpResponse, Problem> {
    let first = vault.export_audit(&caller, query.clone()).await?;
    let header = Some(Bytes::from_static(format.header().as_bytes())).filter(|it| !it.is_empty());
    let pages = stream::try_unfold(Some(first), move |page| {
        let (vault, caller, query) = (vault.clone(), caller.clone(), query.clone());
        async move {
            let Some(page) = page else {
                return Ok::<_, Error>(None);
            };
            let lines: String = page.data.iter().map(|row| format.line(row)).collect();
            let after = match page.next {
                Some(next) => Some(
                    vault
                        .export_audit(
                            &caller,
                            AuditQuery {
                                beyond: Some(next),
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
    fn exported(self) -> Result<AuditQuery, Problem> {
        let paged = [
            ("cursor", self.cursor.is_some()),
            ("limit", self.limit.is_some()),
        ];
        match paged.into_iter().find(|(_, given)| *given) {
            Some((field, _)) => Err(Problem::invalid_field(field, "not together with `format`")),
            None => Ok(self.into()),
        }
    }
}

impl From<AuditEventFilter> for AuditQuery {
    fn from(it: AuditEventFilter) -> Self {
        Self {
            action: it.action.map(|it| it.0),
            subject: it.subject.map(|it| it.0),
            from: it.from.map(|it| it.0),
            to: it.to.map(|it| it.0),
            beyond: it.cursor.map(|it| it.0.0),
        }
    }
}

impl From<Format> for AuditFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Jsonl => Self::Jsonl,
            Format::Csv => Self::Csv,
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

impl TryFrom<String> for Word {
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
