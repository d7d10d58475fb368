//! Due work and paused apps: counts and times, without data of tenants.

use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::AppId;
use regrant_vault::{BacklogView, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{problem::Problem, schema};

/// The backlog of the installation.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(super) struct JobsOut {
    /// Whether a node of a distributed database does not answer: `due` is then empty, and the counts of leases and
    /// reconnects are 0.
    incomplete: bool,
    /// Due work that is not running, by kind.
    due: Vec<DueOut>,
    /// When the oldest of it became due.
    oldest_due: Option<DateTime<Utc>>,
    /// Number of held leases.
    held: u64,
    /// Number of expired leases that are not taken over yet, because their process died.
    stuck: u64,
    /// Number of running reconnects.
    running_reconnects: u64,
    /// Number of tenants by status.
    tenants: TenantCountsOut,
    /// Apps whose Graph calls this process has paused.
    paused_apps: Vec<PausedAppOut>,
}

/// Due work of one kind.
#[derive(Serialize, ToSchema)]
#[schema(as = DueJobs)]
struct DueOut {
    /// Kind of work.
    #[schema(example = "probe")]
    kind: &'static str,
    /// Number of due entries.
    count: u64,
    /// When the oldest of them became due.
    oldest: Option<DateTime<Utc>>,
}

/// Number of tenants by status.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantCounts)]
struct TenantCountsOut {
    /// Tenants that are served.
    active: u64,
    /// Suspended tenants: their clients are refused and their work is paused.
    suspended: u64,
    /// Deleted tenants; their audit is kept.
    deleted: u64,
}

/// An app whose Graph calls are paused.
#[derive(Serialize, ToSchema)]
#[schema(as = PausedApp)]
struct PausedAppOut {
    /// Id of the app at Meta.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// When the pause began.
    since: DateTime<Utc>,
    /// Reason of the pause.
    reason: &'static str,
}

/// Read the backlog of all tenants.
#[utoipa::path(tag = "jobs", responses((status = 200, description = "The backlog.", body = JobsOut)))]
#[get("/jobs")]
pub(super) async fn get_jobs(
    vault: Data<Vault>,
    _: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(JobsOut::from(vault.read_backlog().await?)))
}

impl From<BacklogView> for JobsOut {
    fn from(it: BacklogView) -> Self {
        let oldest_due = it.oldest_due();
        let due = it.due.into_iter();
        let due = due
            .map(|(kind, it)| DueOut {
                kind,
                count: it.count,
                oldest: it.oldest,
            })
            .collect();
        let paused = it.paused_apps.into_iter();
        let paused_apps = paused
            .map(|it| PausedAppOut {
                app_id: it.app,
                since: it.since,
                reason: it.reason,
            })
            .collect();
        let counts = it.tenants;
        Self {
            incomplete: it.is_incomplete,
            due,
            oldest_due,
            held: it.leased,
            stuck: it.expired,
            running_reconnects: it.running_reconnects,
            tenants: TenantCountsOut {
                active: counts.active,
                suspended: counts.suspended,
                deleted: counts.deleted,
            },
            paused_apps,
        }
    }
}
