//! `regrant migrate`: the schema, changed by the role that owns it.

use anyhow::Context as _;
use regrant_migration::{
    MigrationStatus, Migrator, MigratorTrait as _, grant_app_role, sea_orm::DatabaseConnection,
};
use serde_json::json;

use crate::{Global, config::Source, telemetry};

/// Which way to go.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Database as its owner; better as `REGRANT_OWNER_DATABASE_URL` or `…_FILE`, where the process list does not show it.
    /// Without any of them the database that serves is migrated, which is right for SQLite.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Grant this `PostgreSQL` role what serving needs, and no more.
    #[arg(long, value_name = "NAME")]
    app_role: Option<String>,
    /// Only show which steps are applied.
    #[arg(long, conflicts_with = "down")]
    status: bool,
    /// Revert the last N steps. Their tables are dropped with what they hold.
    #[arg(long, value_name = "N")]
    down: Option<u32>,
}

pub(crate) async fn run(args: Args, global: &Global) -> anyhow::Result<()> {
    telemetry::start(telemetry::LogFormat::Text, "warn")?;
    let url = address(&args, global)?;
    let connection = regrant_migration::open(&url)
        .await
        .context("cannot open the database")?;
    let changed = change(&args, &connection).await;
    let steps = steps(&connection).await;
    connection
        .close()
        .await
        .context("the connection did not close")?;
    changed?;
    report(&steps?, global)
}

async fn change(args: &Args, connection: &DatabaseConnection) -> anyhow::Result<()> {
    match args.down {
        _ if args.status => {}
        Some(steps) => Migrator::down(connection, Some(steps))
            .await
            .context("a step cannot be reverted")?,
        None => Migrator::up(connection, None)
            .await
            .context("a step failed; nothing of it was kept")?,
    }
    match &args.app_role {
        Some(role) => grant_app_role(connection, role)
            .await
            .with_context(|| format!("cannot grant the role {role}")),
        None => Ok(()),
    }
}

/// Each step and whether it is applied.
async fn steps(connection: &DatabaseConnection) -> anyhow::Result<Vec<(String, bool)>> {
    let steps = Migrator::get_migration_with_status(connection)
        .await
        .context("cannot read the steps")?;
    Ok(steps
        .into_iter()
        .map(|it| {
            (
                it.name().to_owned(),
                it.status() == MigrationStatus::Applied,
            )
        })
        .collect())
}

fn report(steps: &[(String, bool)], global: &Global) -> anyhow::Result<()> {
    let applied = steps.iter().filter(|(_, applied)| *applied).count();
    let list: Vec<_> = steps
        .iter()
        .map(|(name, applied)| json!({ "name": name, "applied": applied }))
        .collect();
    let lines: Vec<_> = steps
        .iter()
        .map(|(name, applied)| format!("  {} {name}", if *applied { "✓" } else { "·" }))
        .collect();
    let text = format!(
        "{applied} of {} steps are applied\n{}",
        steps.len(),
        lines.join("\n")
    );
    global
        .output
        .print(&json!({ "applied": applied, "steps": list }), text)
}

/// The owner's address: the argument, its variable, or the database that serves.
fn address(args: &Args, global: &Global) -> anyhow::Result<String> {
    if let Some(url) = &args.database_url {
        return Ok(url.clone());
    }
    let source = Source::of_process(global.config.as_deref())?;
    for key in ["owner_database_url", "database.url"] {
        if let Some(url) = source
            .find_secret(key)
            .with_context(|| crate::config::variable(key))?
        {
            return Ok(url.to_string());
        }
    }
    anyhow::bail!(
        "no database: set REGRANT_OWNER_DATABASE_URL, REGRANT_DATABASE_URL or --database-url"
    )
}
