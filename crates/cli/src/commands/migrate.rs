//! `regrant migrate`: changes the schema, with the role that owns it.

use anyhow::Context as _;
use regrant_migration::{
    Migrator, MigratorTrait as _, grant_app_role, sea_orm::DatabaseConnection,
};
use serde_json::json;

use crate::{GlobalArgs, config::SettingsSource, telemetry};

/// Options of `migrate`.
#[derive(clap::Args)]
pub(crate) struct MigrateArgs {
    /// Database URL of the owner role; prefer `REGRANT_OWNER_DATABASE_URL` or `…_FILE`, which the process list does not
    /// show. Without any of them the command migrates the database of the settings, which is right for SQLite.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Grant this PostgreSQL role the rights that serving needs, and no others.
    #[arg(long, value_name = "NAME")]
    app_role: Option<String>,
    /// Show which steps are applied, and change nothing. The application's role may ask, too, and a standby can be asked.
    #[arg(long, conflicts_with_all = ["down", "app_role"])]
    status: bool,
    /// Revert the last N steps; drops their tables with all rows.
    #[arg(long, value_name = "N")]
    down: Option<u32>,
}

pub(crate) async fn run(args: MigrateArgs, global: &GlobalArgs) -> anyhow::Result<()> {
    telemetry::start_logging(telemetry::LogFormat::Text, "warn")?;
    let url = find_owner_url(&args, global)?;
    let opened = if args.status {
        regrant_migration::open_to_read(&url).await
    } else {
        regrant_migration::open_to_migrate(&url).await
    };
    let connection = opened.context("cannot open the database")?;
    let changed = apply_steps(&args, &connection).await;
    let (steps, later) = (
        read_steps(&connection).await,
        list_later_steps(&connection).await,
    );
    connection
        .close()
        .await
        .context("cannot close the connection")?;
    changed?;
    print_steps(&steps?, &later?, global)
}

async fn apply_steps(args: &MigrateArgs, connection: &DatabaseConnection) -> anyhow::Result<()> {
    match args.down {
        _ if args.status => {}
        Some(steps) => revert_steps(steps, connection).await?,
        None => Migrator::up(connection, None)
            .await
            .context("a step was not applied; the steps before it stay: migrate again")?,
    }
    match &args.app_role {
        Some(role) => grant_app_role(connection, role)
            .await
            .with_context(|| format!("cannot grant the role {role}")),
        None => Ok(()),
    }
}

async fn revert_steps(steps: u32, connection: &DatabaseConnection) -> anyhow::Result<()> {
    let later = list_later_steps(connection).await?;
    anyhow::ensure!(
        later.is_empty(),
        "the schema has steps of a later release, which that release reverts first: {}",
        later.join(", ")
    );
    Migrator::down(connection, Some(steps))
        .await
        .context("a step cannot be reverted")
}

async fn list_later_steps(connection: &DatabaseConnection) -> anyhow::Result<Vec<String>> {
    Migrator::list_later_steps(connection)
        .await
        .context("cannot read which steps are applied")
}

/// The name of each step and whether it is applied.
async fn read_steps(connection: &DatabaseConnection) -> anyhow::Result<Vec<(String, bool)>> {
    Migrator::list_own_steps(connection)
        .await
        .context("cannot read which steps are applied")
}

fn print_steps(
    steps: &[(String, bool)],
    later: &[String],
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let applied = steps.iter().filter(|(_, applied)| *applied).count();
    let list: Vec<_> = steps
        .iter()
        .map(|(name, applied)| json!({ "name": name, "applied": applied }))
        .collect();
    let of_later = later
        .iter()
        .map(|it| format!("  + {it}, of a later release"));
    let lines: Vec<_> = steps
        .iter()
        .map(|(name, applied)| format!("  {} {name}", if *applied { "✓" } else { "·" }))
        .chain(of_later)
        .collect();
    let text = format!(
        "{applied} of {} steps are applied\n{}",
        steps.len(),
        lines.join("\n")
    );
    global.output.print_result(
        &json!({ "applied": applied, "steps": list, "later": later }),
        text,
    )
}

/// The URL of the owner role: the argument, its variable, or the database of the settings.
fn find_owner_url(args: &MigrateArgs, global: &GlobalArgs) -> anyhow::Result<String> {
    if let Some(url) = &args.database_url {
        return Ok(url.clone());
    }
    let source = SettingsSource::from_process(global.config.as_deref())?;
    for key in ["owner_database_url", "database.url"] {
        if let Some(url) = source
            .find_secret(key)
            .with_context(|| crate::config::variable_name(key))?
        {
            return Ok(url.to_string());
        }
    }
    anyhow::bail!(
        "no database: set REGRANT_OWNER_DATABASE_URL, REGRANT_DATABASE_URL or --database-url"
    )
}
