//! `regrant apps`: the Meta apps that tenants' tokens belong to.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use regrant_domain::{AppId, AppSecret, VerifyToken};
use regrant_vault::{Acting, AppChange, AppView, NewApp};
use serde_json::json;

use crate::{Global, config::Config, installation, private_file, telemetry};

/// What to do with apps.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Register a Meta app; its secret is read from a file or from standard input and sealed.
    Add {
        /// The app's id at Meta.
        #[arg(long)]
        id: AppId,
        /// A name for people.
        #[arg(long)]
        name: String,
        /// A file with the app secret; `-` reads standard input.
        #[arg(long, default_value = "-", value_name = "PATH")]
        secret_file: PathBuf,
        /// A file with the word Meta repeats when it verifies the webhook address.
        #[arg(long, value_name = "PATH")]
        verify_token_file: Option<PathBuf>,
    },
    /// Give an app another secret, another verify token, or both; each is read from a file and sealed.
    Set {
        /// The app's id at Meta.
        #[arg(long)]
        id: AppId,
        /// A file with the new app secret; `-` reads standard input.
        #[arg(
            long,
            value_name = "PATH",
            required_unless_present = "verify_token_file"
        )]
        secret_file: Option<PathBuf>,
        /// A file with the word Meta repeats when it verifies the webhook address.
        #[arg(long, value_name = "PATH")]
        verify_token_file: Option<PathBuf>,
        /// For so many hours messages signed with the secret before it are believed, too; at most 168.
        #[arg(long, default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=168))]
        overlap_hours: u64,
    },
    /// List the registered apps, without their secrets.
    List,
}

pub(crate) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "warn")?;
    match command {
        Command::Add {
            id,
            name,
            secret_file,
            verify_token_file,
        } => {
            let app = NewApp {
                id,
                name,
                secret: app_secret(&secret_file)?,
                verify_token: verify_token_file.as_deref().map(verify_token).transpose()?,
            };
            let made = installation::open(config)
                .await?
                .create_app(Acting::CommandLine, app, None)
                .await?;
            let AppView { id, name, .. } = made.value;
            global.output.print(
                &json!({ "id": id, "name": name }),
                format!("registered app {id}"),
            )
        }
        Command::Set {
            id,
            secret_file,
            verify_token_file,
            overlap_hours,
        } => {
            let secret = secret_file.as_deref().map(app_secret).transpose()?;
            let verify_token = verify_token_file.as_deref().map(verify_token).transpose()?;
            let vault = installation::open(config).await?;
            if verify_token.is_some() {
                let change = AppChange {
                    verify_token,
                    ..AppChange::default()
                };
                vault.change_app(Acting::CommandLine, &id, change).await?;
            }
            if let Some(secret) = &secret {
                let overlap = Duration::from_hours(overlap_hours);
                vault
                    .set_app_secret(Acting::CommandLine, &id, secret, overlap, None)
                    .await?;
            }
            global
                .output
                .print(&json!({ "id": id.as_str() }), format!("changed app {id}"))
        }
        Command::List => list(config, global).await,
    }
}

fn app_secret(path: &std::path::Path) -> anyhow::Result<AppSecret> {
    AppSecret::parse(private_file::read_secret(path)?).context("the app secret")
}

fn verify_token(path: &std::path::Path) -> anyhow::Result<VerifyToken> {
    VerifyToken::parse(private_file::read_secret(path)?).context("the verify token")
}

async fn list(config: Config, global: &Global) -> anyhow::Result<()> {
    let apps = installation::open(config).await?.apps().await?;
    let values = apps
        .iter()
        .map(|it| json!({ "id": it.id.as_str(), "name": it.name, "created_at": it.created_at }));
    let lines: Vec<_> = apps
        .iter()
        .map(|it| format!("{}  {}", it.id, it.name))
        .collect();
    let text = if lines.is_empty() {
        "no app is registered".to_owned()
    } else {
        lines.join("\n")
    };
    global
        .output
        .print(&json!({ "data": values.collect::<Vec<_>>() }), text)
}
