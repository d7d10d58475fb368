//! `regrant apps`: the Meta apps that issue the tenants' tokens.
//!
//! The rule: a secret is read from a file or standard input, never from an argument.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use regrant_domain::{AppId, AppSecret, VerifyToken};
use regrant_vault::{Acting, AppChange, AppView, NewApp};
use serde_json::json;

use crate::{Global, config::Config, installation, private_file, telemetry};

/// What to do with apps.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Register a Meta app. Its secret is read from a file or standard input and stored sealed.
    Add {
        /// The app's id at Meta.
        #[arg(long)]
        id: AppId,
        /// A display name.
        #[arg(long)]
        name: String,
        /// A file with the app secret; `-` reads standard input.
        #[arg(long, default_value = "-", value_name = "PATH")]
        secret_file: PathBuf,
        /// A file with the verify token that Meta sends when it verifies the webhook address.
        #[arg(long, value_name = "PATH")]
        verify_token_file: Option<PathBuf>,
    },
    /// Replace an app's secret, its verify token, or both. Each is read from a file and stored sealed.
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
        /// A file with the verify token that Meta sends when it verifies the webhook address.
        #[arg(long, value_name = "PATH")]
        verify_token_file: Option<PathBuf>,
        /// Hours in which messages signed with the old secret are still accepted; at most 168.
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
            Box::pin(add_app(config, app, global)).await
        }
        Command::Set {
            id,
            secret_file,
            verify_token_file,
            overlap_hours,
        } => {
            let secrets = NewSecrets {
                secret: secret_file.as_deref().map(app_secret).transpose()?,
                verify_token: verify_token_file.as_deref().map(verify_token).transpose()?,
                overlap: Duration::from_hours(overlap_hours),
            };
            Box::pin(set_secrets(config, &id, secrets, global)).await
        }
        Command::List => list(config, global).await,
    }
}

async fn add_app(config: Config, app: NewApp, global: &Global) -> anyhow::Result<()> {
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

/// What `apps set` replaces.
struct NewSecrets {
    secret: Option<AppSecret>,
    verify_token: Option<VerifyToken>,
    /// For how long messages signed with the old secret are still accepted.
    overlap: Duration,
}

async fn set_secrets(
    config: Config,
    id: &AppId,
    secrets: NewSecrets,
    global: &Global,
) -> anyhow::Result<()> {
    let vault = installation::open(config).await?;
    if secrets.verify_token.is_some() {
        let change = AppChange {
            verify_token: secrets.verify_token,
            ..AppChange::default()
        };
        vault.change_app(Acting::CommandLine, id, change).await?;
    }
    if let Some(secret) = &secrets.secret {
        vault
            .set_app_secret(Acting::CommandLine, id, secret, secrets.overlap, None)
            .await?;
    }
    global
        .output
        .print(&json!({ "id": id.as_str() }), format!("changed app {id}"))
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
