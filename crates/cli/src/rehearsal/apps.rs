//! Registers the Meta app of the simulated world in the vault.

use anyhow::Context as _;
use regrant_domain::{AppSecret, VerifyToken};
use regrant_vault::{Actor, AppChange, Conflict, Error, LoginChange, NewApp, Resource, Vault};

use super::control::WorldApp;

/// What the app asks people for at log-in.
const SCOPES: &str = "ads_management ads_read business_management catalog_management instagram_basic \
     pages_read_engagement pages_show_list whatsapp_business_management";

/// Registers the app, unless an earlier start has registered it.
pub(crate) async fn register_app(vault: &Vault, app: &WorldApp) -> anyhow::Result<()> {
    let new = NewApp {
        id: app.id.parse()?,
        name: app.name.clone(),
        secret: AppSecret::parse(app.secret.clone())?,
        verify_token: app
            .verify_token
            .clone()
            .map(VerifyToken::parse)
            .transpose()?,
    };
    match vault.create_app(Actor::CommandLine, new, None).await {
        Ok(_) | Err(Error::Conflict(Conflict::Exists(Resource::App))) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Leads log-ins of the app to the dialog of this sandbox, whose port may differ from that of an earlier start.
pub(crate) async fn lead_to_sandbox(
    vault: &Vault,
    app: &str,
    sandbox_url: &str,
) -> anyhow::Result<()> {
    let dialog = sandbox_url.parse().context("the address of the sandbox")?;
    let scopes = SCOPES.parse().context("the permissions of the app")?;
    let change = AppChange {
        login: LoginChange {
            scopes: Some(scopes),
            dialog_base_url: Some(Some(dialog)),
            ..LoginChange::default()
        },
        ..AppChange::default()
    };
    vault
        .change_app(Actor::CommandLine, &app.parse()?, change)
        .await?;
    Ok(())
}
