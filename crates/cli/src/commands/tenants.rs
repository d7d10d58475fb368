//! `regrant tenants`: onboarding, and the clients of tenants.
//!
//! The rule: a client secret is printed once, when it is made; no command shows it again.

use anyhow::Context as _;
use regrant_domain::{AppId, ClientId, ClientSecret, Permissions, TenantId};
use regrant_vault::{Acting, ClientSpec, ClientView, NewTenantSpec, TenantChange, Vault};
use serde_json::{Value, json};

use crate::{Global, config::Config, installation, telemetry};

/// What to do with tenants.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Onboard a tenant with its own data key and a first client; prints the client's secret once.
    Create {
        /// A display name.
        #[arg(long)]
        name: String,
        /// The Meta app the tenant uses; see `regrant apps`.
        #[arg(long)]
        app: AppId,
        #[command(flatten)]
        may: Scopes,
    },
    /// List tenants and their clients.
    List,
    /// Add a client to a tenant; prints its secret once.
    AddClient {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// A display name.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        may: Scopes,
    },
    /// Require a reason (`X-Regrant-Reason`) for every read of a tenant's tokens, or stop requiring it.
    RequireReason {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// Stop requiring a reason.
        #[arg(long)]
        off: bool,
    },
    /// Replace a client's secret; the old one is refused at once.
    ResetSecret {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// The client.
        #[arg(long)]
        client: ClientId,
    },
}

/// What a client may do.
#[derive(clap::Args)]
pub(crate) struct Scopes {
    /// Scopes separated by spaces, such as "assets:read tokens:read"; every scope unless named.
    #[arg(long)]
    scopes: Option<Permissions>,
}

impl Scopes {
    fn permissions(self) -> Permissions {
        self.scopes.unwrap_or_else(Permissions::all)
    }
}

pub(crate) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "warn")?;
    let vault = installation::open(config).await?;
    let by = Acting::CommandLine;
    match command {
        Command::Create { name, app, may } => {
            let new = NewTenantSpec::named(&name, app, may.permissions());
            let made = vault.create_tenant(by, new, None).await?;
            show(made.tenant.tenant.id, made.client.id, made.secret, global)
        }
        Command::AddClient { tenant, name, may } => {
            let spec = ClientSpec::named(name, may.permissions());
            let made = vault.create_client(by, tenant, spec, None).await?;
            show(made.tenant, made.client.id, made.secret, global)
        }
        Command::ResetSecret { tenant, client } => {
            let made = vault
                .reset_client_secret(by, tenant, client, None, None)
                .await?;
            show(made.tenant, made.client.id, made.secret, global)
        }
        Command::RequireReason { tenant, off } => {
            require_reason(&vault, tenant, !off, global).await
        }
        Command::List => list(&vault, global).await,
    }
}

async fn require_reason(
    vault: &Vault,
    tenant: TenantId,
    required: bool,
    global: &Global,
) -> anyhow::Result<()> {
    let change = TenantChange {
        reason_required: Some(required),
        ..TenantChange::default()
    };
    vault
        .change_tenant(Acting::CommandLine, tenant, change)
        .await?;
    let value = json!({ "tenant_id": tenant, "reason_required": required });
    let text = if required {
        "a reason is required for every token read"
    } else {
        "no reason is required"
    };
    global.output.print(&value, text)
}

/// Prints a new client with its secret: the only time that the secret is shown.
fn show(
    tenant: TenantId,
    client: ClientId,
    secret: Option<ClientSecret>,
    global: &Global,
) -> anyhow::Result<()> {
    let secret = secret.context("the client has no new secret")?;
    let value =
        json!({ "tenant_id": tenant, "client_id": client, "client_secret": secret.expose() });
    let text = format!(
        "tenant         {tenant}\nclient         {client}\nclient secret  {}\n\nThe secret is not shown again: store it now.",
        secret.expose()
    );
    global.output.print(&value, text)
}

async fn list(vault: &Vault, global: &Global) -> anyhow::Result<()> {
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for tenant in vault.tenants().await? {
        let state = if tenant.deleted_at.is_some() {
            "deleted"
        } else {
            tenant.status.as_str()
        };
        let (id, name, app) = (tenant.id, &tenant.name, &tenant.app_id);
        lines.push(format!("{id}  {name}  app {app}  {state}"));
        let mut clients = Vec::new();
        for client in vault.clients(id).await? {
            let ClientView {
                id, name, scopes, ..
            } = &client;
            lines.push(format!("  {id}  {name}  {scopes}"));
            clients.push(client_json(&client));
        }
        values.push(json!({
            "id": id.to_string(), "name": name, "app_id": app.as_str(), "status": state,
            "created_at": tenant.created_at, "clients": clients,
        }));
    }
    if lines.is_empty() {
        lines.push("no tenant is onboarded".to_owned());
    }
    global
        .output
        .print(&json!({ "data": values }), lines.join("\n"))
}

fn client_json(client: &ClientView) -> Value {
    json!({
        "id": client.id.to_string(), "name": client.name, "scopes": client.scopes.to_string(),
        "disabled_at": client.disabled_at,
    })
}
