//! Registers the Meta app of the simulated world in the vault.

use regrant_domain::{AppSecret, VerifyToken};
use regrant_vault::{Actor, AppChange, Conflict, Error, LoginChange, NewApp, Resource, Vault};

use super::{cast, control::WorldApp};

/// What the app asks a person for.
const SCOPES: &str = "ads_management ads_read business_management catalog_management instagram_basic \
     pages_read_engagement pages_show_list whatsapp_business_management";

/// Registers the app; does nothing if an earlier start has registered it.
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

/// Lets the app log people in at the simulated Meta, whose address may differ at each start.
pub(crate) async fn log_in_at_sandbox(vault: &Vault, sandbox_url: &str) -> anyhow::Result<()> {
    let change = AppChange {
        login: LoginChange {
            scopes: Some(SCOPES.parse()?),
            dialog_base_url: Some(Some(sandbox_url.parse()?)),
            ..LoginChange::default()
        },
        ..AppChange::default()
    };
    let app = cast::APP.parse()?;
    vault.change_app(Actor::CommandLine, &app, change).await?;
    Ok(())
}
