//! The two demo tenants: onboarded on the first start, the same ones after a restart.

use anyhow::Context as _;
use regrant_domain::{AppId, Permissions};
use regrant_vault::{Acting, NewTenantSpec, Vault};
use serde::{Deserialize, Serialize};

use super::data_dir::DataDir;
use crate::{
    private_file,
    rehearsal::{
        Rehearsal, cast,
        control::{App, Asset},
        register_app,
        tenant_api::TenantApi,
    },
};

/// A demo tenant with its client, as printed and stored. No `Debug`: it holds a secret.
#[derive(Serialize, Deserialize)]
pub(crate) struct DemoTenant {
    pub id: String,
    pub name: String,
    pub client_id: String,
    pub client_secret: String,
    pub app_id: String,
}

/// The name of each tenant and its businesses.
const CLIENTS: [(&str, &[&str]); 2] = [
    ("Tenant One", &cast::BUSINESSES),
    ("Tenant Two", &[cast::OTHER_BUSINESS]),
];

/// Reads the stored tenants or onboards them, and registers the assets of their businesses.
pub(crate) async fn ready(
    rehearsal: &Rehearsal,
    data: &DataDir,
) -> anyhow::Result<Vec<DemoTenant>> {
    let world = rehearsal.control.overview().await?;
    let tenants = match kept(data)? {
        Some(tenants) => tenants,
        None => onboard(&rehearsal.vault, data, &world.apps).await?,
    };
    for (tenant, (_, businesses)) in tenants.iter().zip(CLIENTS) {
        let api = TenantApi::login(
            &rehearsal.public_url,
            &tenant.client_id,
            &tenant.client_secret,
        )
        .await?;
        let theirs: Vec<Asset> = world
            .assets
            .iter()
            .filter(|it| businesses.contains(&it.business.as_str()))
            .cloned()
            .collect();
        api.register(&theirs).await?;
    }
    Ok(tenants)
}

fn kept(data: &DataDir) -> anyhow::Result<Option<Vec<DemoTenant>>> {
    let path = data.tenants();
    if !path.exists() {
        return Ok(None);
    }
    let text = private_file::read_secret(&path)?;
    let tenants = serde_json::from_str(&text)
        .with_context(|| format!("{} is damaged: start with --fresh", path.display()))?;
    Ok(Some(tenants))
}

async fn onboard(vault: &Vault, data: &DataDir, apps: &[App]) -> anyhow::Result<Vec<DemoTenant>> {
    let app = apps
        .iter()
        .find(|it| it.id == cast::APP)
        .context("the world has no app")?;
    register_app(vault, app).await?;
    let id: AppId = app.id.parse()?;
    let mut tenants = Vec::new();
    for (name, _) in CLIENTS {
        let new = NewTenantSpec::named(name, id.clone(), Permissions::all());
        let made = vault.create_tenant(Acting::CommandLine, new, None).await?;
        let secret = made.secret.context("a new client has a secret")?;
        tenants.push(DemoTenant {
            id: made.tenant.tenant.id.to_string(),
            name: name.to_owned(),
            client_id: made.client.id.to_string(),
            client_secret: secret.expose().to_owned(),
            app_id: app.id.clone(),
        });
    }
    private_file::write(
        &data.tenants(),
        serde_json::to_string_pretty(&tenants)?.as_bytes(),
    )?;
    Ok(tenants)
}
