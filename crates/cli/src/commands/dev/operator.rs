//! The demo operator: created on the first start, the same one after a restart.

use anyhow::Context as _;
use regrant_domain::{OperatorRole, Password};
use regrant_vault::{Actor, Conflict, Error, NewOperator, OperatorChange, Resource, Vault};
use serde::{Deserialize, Serialize};

use super::data_dir::DataDir;
use crate::private_file;

const NAME: &str = "dev";

/// An operator with its password, as printed and stored. No `Debug`: it holds a secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct DemoOperator {
    pub name: String,
    pub password: String,
}

/// Reads the stored operator, or creates it with a new password.
pub(crate) async fn ensure_operator(vault: &Vault, data: &DataDir) -> anyhow::Result<DemoOperator> {
    let path = data.operator_path();
    if path.exists() {
        let text = private_file::read_secret(&path)?;
        return serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: start with --fresh", path.display()));
    }
    let password = regrant_crypto::mint_client_secret()?.0.expose().to_owned();
    let operator = DemoOperator {
        name: NAME.to_owned(),
        password,
    };
    let parsed = || Password::parse(operator.password.clone());
    let new = NewOperator {
        name: NAME.parse()?,
        role: OperatorRole::Owner,
        password: parsed()?,
    };
    match vault.create_operator(Actor::CommandLine, new, None).await {
        Ok(_) => {}
        // A first start that was cut off left it behind; its password was never stored, so set a new one.
        Err(Error::Conflict(Conflict::Exists(Resource::Operator))) => {
            let id = vault.find_operator_by_name(&NAME.parse()?).await?.id;
            let change = OperatorChange {
                password: Some(parsed()?),
                ..OperatorChange::default()
            };
            vault
                .change_operator(Actor::CommandLine, id, change)
                .await?;
        }
        Err(error) => return Err(error.into()),
    }
    private_file::write_private(&path, serde_json::to_string_pretty(&operator)?.as_bytes())?;
    Ok(operator)
}
