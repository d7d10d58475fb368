//! `regrant apps`: the Meta apps that issue the tenants' tokens.
//!
//! The rule: a secret is read from a file or standard input, never from an argument.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use regrant_domain::{AppId, AppSecret, LoginConfigId, LoginScopes, PageUrl, VerifyToken};
use regrant_vault::{Actor, AppChange, AppView, LoginChange, NewApp};
use serde_json::json;

use crate::{GlobalArgs, config::Config, installation, private_file, telemetry};

/// What to do with apps.
#[derive(clap::Subcommand)]
pub(crate) enum AppsCommand {
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
    /// Change how an app sends people to Meta's log-in; what is not named stays.
    SetLogin {
        /// The app's id at Meta.
        #[arg(long)]
        id: AppId,
        /// The configuration of Facebook Login for Business.
        #[arg(long, value_name = "ID")]
        config_id: Option<LoginConfigId>,
        /// The permissions that the app asks for, separated by spaces.
        #[arg(long)]
        scopes: Option<LoginScopes>,
        /// Where Meta's log-in dialog is, if not at Meta's own address.
        #[arg(long, value_name = "URL")]
        dialog_base_url: Option<PageUrl>,
        /// Your page to which people are led who come from Meta without a link.
        #[arg(long, value_name = "URL")]
        landing_url: Option<PageUrl>,
    },
    /// List the registered apps, without their secrets.
    List,
}

pub(crate) async fn run(command: AppsCommand, global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    match command {
        AppsCommand::Add {
            id,
            name,
            secret_file,
            verify_token_file,
        } => {
            let app = NewApp {
                id,
                name,
                secret: read_app_secret(&secret_file)?,
                verify_token: verify_token_file
                    .as_deref()
                    .map(read_verify_token)
                    .transpose()?,
            };
            Box::pin(add_app(config, app, global)).await
        }
        AppsCommand::Set {
            id,
            secret_file,
            verify_token_file,
            overlap_hours,
        } => {
            let secrets = NewSecrets {
                secret: secret_file.as_deref().map(read_app_secret).transpose()?,
                verify_token: verify_token_file
                    .as_deref()
                    .map(read_verify_token)
                    .transpose()?,
                overlap: Duration::from_hours(overlap_hours),
            };
            Box::pin(set_secrets(config, &id, secrets, global)).await
        }
        AppsCommand::SetLogin {
            id,
            config_id,
            scopes,
            dialog_base_url,
            landing_url,
        } => {
            let login = LoginChange {
                config_id: config_id.map(Some),
                scopes,
                dialog_base_url: dialog_base_url.map(Some),
                landing_url: landing_url.map(Some),
            };
            Box::pin(set_login(config, &id, login, global)).await
        }
        AppsCommand::List => Box::pin(list_apps(config, global)).await,
    }
}

async fn add_app(config: Config, app: NewApp, global: &GlobalArgs) -> anyhow::Result<()> {
    let made = installation::open_vault(config)
        .await?
        .create_app(Actor::CommandLine, app, None)
        .await?;
    let AppView { id, name, .. } = made.value;
    global.output.print_result(
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
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let vault = installation::open_vault(config).await?;
    if secrets.verify_token.is_some() {
        let change = AppChange {
            verify_token: secrets.verify_token,
            ..AppChange::default()
        };
        vault.change_app(Actor::CommandLine, id, change).await?;
    }
    if let Some(secret) = &secrets.secret {
        vault
            .set_app_secret(Actor::CommandLine, id, secret, secrets.overlap, None)
            .await?;
    }
    global
        .output
        .print_result(&json!({ "id": id.as_str() }), format!("changed app {id}"))
}

async fn set_login(
    config: Config,
    id: &AppId,
    login: LoginChange,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let change = AppChange {
        login,
        ..AppChange::default()
    };
    let app = installation::open_vault(config)
        .await?
        .change_app(Actor::CommandLine, id, change)
        .await?;
    global.output.print_result(
        &json!({ "id": id.as_str(), "login": app.login }),
        format!("changed app {id}"),
    )
}

fn read_app_secret(path: &std::path::Path) -> anyhow::Result<AppSecret> {
    AppSecret::parse(private_file::read_secret(path)?).context("the app secret")
}

fn read_verify_token(path: &std::path::Path) -> anyhow::Result<VerifyToken> {
    VerifyToken::parse(private_file::read_secret(path)?).context("the verify token")
}

async fn list_apps(config: Config, global: &GlobalArgs) -> anyhow::Result<()> {
    let apps = installation::open_vault(config).await?.list_apps().await?;
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
        .print_result(&json!({ "data": values.collect::<Vec<_>>() }), text)
}
