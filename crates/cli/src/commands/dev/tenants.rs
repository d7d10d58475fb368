//! The two demo tenants: onboarded on the first start, the same ones after a restart.

use anyhow::Context as _;
use regrant_domain::{AppId, Permissions};
use regrant_vault::{Actor, NewTenantSpec, Vault};
use serde::{Deserialize, Serialize};

use super::data_dir::DataDir;
use crate::{
    private_file,
    rehearsal::{
        Rehearsal, cast,
        control::{WorldApp, WorldAsset},
        lead_to_sandbox, register_app,
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
const DEMO_TENANTS: [(&str, &[&str]); 2] = [
    ("Tenant One", &cast::BUSINESSES),
    ("Tenant Two", &[cast::OTHER_BUSINESS]),
];

/// Reads the stored tenants or onboards them, and registers the assets of their businesses.
pub(crate) async fn ensure_tenants(
    rehearsal: &Rehearsal,
    data: &DataDir,
) -> anyhow::Result<Vec<DemoTenant>> {
    let world = rehearsal.control.read_overview().await?;
    let tenants = match read_tenants(data)? {
        Some(tenants) => tenants,
        None => onboard_tenants(&rehearsal.vault, data, &world.apps).await?,
    };
    lead_to_sandbox(&rehearsal.vault, cast::APP, &rehearsal.sandbox_url).await?;
    for (tenant, (_, businesses)) in tenants.iter().zip(DEMO_TENANTS) {
        let api = TenantApi::log_in(
            &rehearsal.public_url,
            &tenant.client_id,
            &tenant.client_secret,
        )
        .await?;
        let theirs: Vec<WorldAsset> = world
            .assets
            .iter()
            .filter(|it| businesses.contains(&it.business.as_str()))
            .cloned()
            .collect();
        api.register_assets(&theirs).await?;
    }
    Ok(tenants)
}

fn read_tenants(data: &DataDir) -> anyhow::Result<Option<Vec<DemoTenant>>> {
    let path = data.tenants_path();
    if !path.exists() {
        return Ok(None);
    }
    let text = private_file::read_secret(&path)?;
    let tenants = serde_json::from_str(&text)
        .with_context(|| format!("{} is damaged: start with --fresh", path.display()))?;
    Ok(Some(tenants))
}

async fn onboard_tenants(
    vault: &Vault,
    data: &DataDir,
    apps: &[WorldApp],
) -> anyhow::Result<Vec<DemoTenant>> {
    let app = apps
        .iter()
        .find(|it| it.id == cast::APP)
        .context("the world has no app")?;
    register_app(vault, app).await?;
    let id: AppId = app.id.parse()?;
    let mut tenants = Vec::new();
    for (name, _) in DEMO_TENANTS {
        let new = NewTenantSpec::with_scopes(name, id.clone(), Permissions::all());
        let made = vault.create_tenant(Actor::CommandLine, new, None).await?;
        let secret = made.secret.context("a new client has a secret")?;
        tenants.push(DemoTenant {
            id: made.tenant.tenant.id.to_string(),
            name: name.to_owned(),
            client_id: made.client.id.to_string(),
            client_secret: secret.expose().to_owned(),
            app_id: app.id.clone(),
        });
    }
    private_file::write_private(
        &data.tenants_path(),
        serde_json::to_string_pretty(&tenants)?.as_bytes(),
    )?;
    Ok(tenants)
}
