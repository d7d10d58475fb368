//! Registers the Meta app of the simulated world in the vault.

use regrant_domain::{AppSecret, VerifyToken};
use regrant_vault::{Actor, Conflict, Error, NewApp, Resource, Vault};

use super::control::WorldApp;

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
