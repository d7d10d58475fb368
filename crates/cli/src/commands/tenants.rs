//! `regrant tenants`: onboarding, and the clients of tenants.
//!
//! The rule: a client secret is printed once, at its making; nothing can show it again.

use anyhow::Context as _;
use regrant_domain::{AppId, ClientId, ClientSecret, Permissions, TenantId};
use regrant_vault::{Acting, ClientSpec, MintedClient, NewTenantSpec, TenantChange, Vault};
use serde_json::json;

use crate::{Global, config::Config, installation, telemetry};

/// What to do with tenants.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Onboard a tenant with its own data key and a first client; prints the client's secret, once.
    Create {
        /// A name for people.
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
    /// Give a tenant another client; prints its secret, once.
    AddClient {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// A name for people.
        #[arg(long)]
        name: String,
        #[command(flatten)]
        may: Scopes,
    },
    /// Demand a reason (`X-Regrant-Reason`) for every token of a tenant that is read, or demand none.
    RequireReason {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// Demand none from here on.
        #[arg(long)]
        off: bool,
    },
    /// Give a client another secret; the old one is dead at once.
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
    /// Scopes separated by spaces, such as "assets:read tokens:read"; all where none are named.
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
    match command {
        Command::Create { name, app, may } => {
            let new = NewTenantSpec::named(&name, app, may.permissions());
            let made = vault.create_tenant(Acting::CommandLine, new, None).await?;
            show(made.tenant.tenant.id, made.client.id, made.secret, global)
        }
        Command::AddClient { tenant, name, may } => {
            let spec = ClientSpec::named(name, may.permissions());
            show_client(
                vault
                    .create_client(Acting::CommandLine, tenant, spec, None)
                    .await?,
                global,
            )
        }
        Command::ResetSecret { tenant, client } => {
            let by = Acting::CommandLine;
            show_client(
                vault
                    .reset_client_secret(by, tenant, client, None, None)
                    .await?,
                global,
            )
        }
        Command::RequireReason { tenant, off } => {
            let change = TenantChange {
                reason_required: Some(!off),
                ..TenantChange::default()
            };
            vault
                .change_tenant(Acting::CommandLine, tenant, change)
                .await?;
            let value = json!({ "tenant_id": tenant, "reason_required": !off });
            let text = if off {
                "no reason is demanded"
            } else {
                "a reason is demanded for every token"
            };
            global.output.print(&value, text)
        }
        Command::List => list(&vault, global).await,
    }
}

/// A call that repeats no other shows the secret it made.
fn show_client(made: MintedClient, global: &Global) -> anyhow::Result<()> {
    show(made.tenant, made.client.id, made.secret, global)
}

/// The one sight of a secret.
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
        "tenant         {tenant}\nclient         {client}\nclient secret  {}\n\nThe secret is not shown again: keep it now.",
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
        lines.push(format!(
            "{}  {}  app {}  {state}",
            tenant.id, tenant.name, tenant.app_id
        ));
        let mut clients = Vec::new();
        for client in vault.clients(tenant.id).await? {
            lines.push(format!(
                "  {}  {}  {}",
                client.id, client.name, client.scopes
            ));
            clients.push(json!({
                "id": client.id.to_string(), "name": client.name, "scopes": client.scopes.to_string(),
                "disabled_at": client.disabled_at,
            }));
        }
        values.push(json!({
            "id": tenant.id.to_string(), "name": tenant.name, "app_id": tenant.app_id.as_str(),
            "status": state,
            "created_at": tenant.created_at, "clients": clients,
        }));
    }
    let text = if lines.is_empty() {
        "no tenant is onboarded".to_owned()
    } else {
        lines.join("\n")
    };
    global.output.print(&json!({ "data": values }), text)
}
