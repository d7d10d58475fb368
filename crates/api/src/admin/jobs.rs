//! What is due, and what rests: counts and times, no tenant's data.

use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::AppId;
use regrant_vault::{JobsView, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::Operator;
use crate::{problem::Problem, schema};

/// How much work lies.
#[derive(Serialize, ToSchema)]
#[schema(as = Jobs)]
pub(super) struct JobsOut {
    /// Kind by kind, what is due and nobody does.
    due: Vec<DueOut>,
    /// Since when the longest due waits.
    oldest_due: Option<DateTime<Utc>>,
    /// Leases that somebody holds.
    held: u64,
    /// Leases that have ended and that nobody took up: their holder is gone.
    stuck: u64,
    /// Reconnects that have not ended.
    running_reconnects: u64,
    /// Tenants, state by state.
    tenants: TenantCountsOut,
    /// Apps whose calls this process lets rest.
    paused_apps: Vec<PausedAppOut>,
}

/// Due work of one kind.
#[derive(Serialize, ToSchema)]
#[schema(as = DueJobs)]
struct DueOut {
    /// The kind.
    #[schema(example = "probe")]
    kind: &'static str,
    /// How many.
    count: u64,
    /// Since when the first of them is due.
    oldest: Option<DateTime<Utc>>,
}

/// How many tenants there are.
#[derive(Serialize, ToSchema)]
#[schema(as = TenantCounts)]
struct TenantCountsOut {
    /// They are served.
    active: u64,
    /// Their clients are refused and their work rests.
    suspended: u64,
    /// They were deleted; their audit stays.
    deleted: u64,
}

/// An app whose calls rest.
#[derive(Serialize, ToSchema)]
#[schema(as = PausedApp)]
struct PausedAppOut {
    /// Its id at Meta.
    #[schema(schema_with = schema::graph_id)]
    app_id: AppId,
    /// Since when.
    since: DateTime<Utc>,
    /// Why.
    reason: &'static str,
}

/// Tell how much work lies, over all tenants.
#[utoipa::path(tag = "jobs", responses((status = 200, description = "The work.", body = JobsOut)))]
#[get("/jobs")]
pub(super) async fn get_jobs(vault: Data<Vault>, _: Operator) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(JobsOut::from(vault.jobs().await?)))
}

impl From<JobsView> for JobsOut {
    fn from(it: JobsView) -> Self {
        let oldest_due = it.oldest_due();
        let due = it.due.into_iter();
        let due = due
            .map(|(kind, it)| DueOut {
                kind,
                count: it.count,
                oldest: it.oldest,
            })
            .collect();
        let paused = it.apps_at_rest.into_iter();
        let paused_apps = paused
            .map(|it| PausedAppOut {
                app_id: it.app,
                since: it.since,
                reason: it.reason,
            })
            .collect();
        let counts = it.tenants;
        Self {
            due,
            oldest_due,
            held: it.held,
            stuck: it.stuck,
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
