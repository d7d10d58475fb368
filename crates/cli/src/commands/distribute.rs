//! `regrant distribute`: prints or runs the statements that spread the tables over several servers with Citus.
//!
//! The rule: nothing runs without `--apply`, and a server without Citus is refused before anything runs. No test runs
//! this on Citus: try it on a copy first.

use anyhow::Context as _;
use regrant_migration::{
    layout::plan_distribution,
    sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement},
};
use serde_json::json;

use crate::{GlobalArgs, telemetry};

/// Options of `distribute`.
#[derive(clap::Args)]
pub(crate) struct DistributeArgs {
    /// Print the statements and run none.
    #[arg(long, conflicts_with = "apply", required_unless_present = "apply")]
    plan: bool,
    /// Run them. Needs --database-url with a superuser on the coordinator; stop `serve` and `work` first.
    #[arg(long, requires = "database_url")]
    apply: bool,
    /// Database URL of a superuser; prefer the variable, which the process list does not show.
    #[arg(
        long,
        value_name = "URL",
        env = "REGRANT_SUPERUSER_DATABASE_URL",
        hide_env_values = true
    )]
    database_url: Option<String>,
}

pub(crate) async fn run(args: DistributeArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    telemetry::start_logging(telemetry::LogFormat::Text, "warn")?;
    let plan = plan_distribution();
    let lines: Vec<_> = plan.iter().map(|it| format!("{it};")).collect();
    if let Some(url) = args.database_url.filter(|_| args.apply) {
        apply_plan(&url, &plan).await?;
    }
    let value = json!({ "applied": args.apply, "statements": plan });
    global.output.print_result(&value, lines.join("\n"))
}

/// Runs each statement on its own: Citus makes each of these changes a transaction over all nodes.
async fn apply_plan(url: &str, plan: &[String]) -> anyhow::Result<()> {
    anyhow::ensure!(
        url.starts_with("postgres"),
        "only a PostgreSQL database with Citus can be distributed"
    );
    let connection = regrant_migration::open_to_migrate(url)
        .await
        .context("cannot open the database")?;
    let applied = run_statements(&connection, plan).await;
    connection
        .close()
        .await
        .context("cannot close the connection")?;
    applied
}

async fn run_statements(connection: &DatabaseConnection, plan: &[String]) -> anyhow::Result<()> {
    let available = "SELECT 1 FROM pg_available_extensions WHERE name = 'citus'";
    let available = Statement::from_string(DbBackend::Postgres, available);
    anyhow::ensure!(
        connection.query_one_raw(available).await?.is_some(),
        "Citus is not installed on this server: nothing was changed"
    );
    for statement in plan {
        connection
            .execute_unprepared(statement)
            .await
            .with_context(|| {
                format!("this statement failed, and those before it stay: {statement}")
            })?;
    }
    Ok(())
}
