//! `regrant tenants`: onboarding, the clients of tenants, and their end.
//!
//! The rule: a client secret is printed once, when it is made; no command shows it again.

use anyhow::Context as _;
use regrant_domain::{AppId, ClientId, ClientSecret, ConsentForms, KekRef, Permissions, TenantId};
use regrant_vault::{
    AccessAtMeta, AccessRevocation, Actor, ClientSpec, ClientView, NewTenantSpec, ShredResult,
    TenantChange, Vault,
};
use serde_json::{Value, json};

use crate::{GlobalArgs, config::Config, installation, telemetry};

/// What to do with tenants.
#[derive(clap::Subcommand)]
pub(crate) enum TenantsCommand {
    /// Onboard a tenant with its own data key and a first client; prints the client's secret once.
    Create {
        /// A display name.
        #[arg(long)]
        name: String,
        /// The Meta app the tenant uses; see `regrant apps`.
        #[arg(long)]
        app: AppId,
        #[command(flatten)]
        may: ScopeArgs,
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
        may: ScopeArgs,
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
    /// Say in which forms the browser sessions of a tenant may hand over a log-in.
    Accept {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// Forms separated by spaces: hosted, code, token.
        #[arg(long)]
        forms: ConsentForms,
    },
    /// Suspend a tenant: its clients are refused, its work is paused.
    Suspend {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
    },
    /// Destroy the data keys of a suspended tenant; prints from when on no copy of them opens anything, or what that waits for.
    Shred {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// The tenant again: nothing brings its data back.
        #[arg(long, value_name = "TENANT")]
        confirm: String,
        /// End the app's access for the tenant's persons at Meta first, unless another tenant of the app may need it.
        #[arg(long)]
        revoke_at_meta: bool,
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
pub(crate) struct ScopeArgs {
    /// Scopes separated by spaces, such as "assets:read tokens:read"; every scope unless named.
    #[arg(long)]
    scopes: Option<Permissions>,
}

impl ScopeArgs {
    fn into_permissions(self) -> Permissions {
        self.scopes.unwrap_or_else(Permissions::all)
    }
}

pub(crate) async fn run(command: TenantsCommand, global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    let vault = installation::open_vault(config).await?;
    let by = Actor::CommandLine;
    match command {
        TenantsCommand::Create { name, app, may } => {
            let new = NewTenantSpec::with_scopes(&name, app, may.into_permissions());
            let made = vault.create_tenant(by, new, None).await?;
            print_secret(made.tenant.tenant.id, made.client.id, made.secret, global)
        }
        TenantsCommand::AddClient { tenant, name, may } => {
            let spec = ClientSpec::with_scopes(name, may.into_permissions());
            let made = vault.create_client(by, tenant, spec, None).await?;
            print_secret(made.tenant, made.client.id, made.secret, global)
        }
        TenantsCommand::ResetSecret { tenant, client } => {
            let made = vault
                .reset_client_secret(by, tenant, client, None, None)
                .await?;
            print_secret(made.tenant, made.client.id, made.secret, global)
        }
        TenantsCommand::RequireReason { tenant, off } => {
            require_reason(&vault, tenant, !off, global).await
        }
        TenantsCommand::Accept { tenant, forms } => {
            let change = TenantChange {
                accept: Some(forms),
                ..TenantChange::default()
            };
            vault.change_tenant(by, tenant, change).await?;
            let value = json!({ "tenant_id": tenant, "accept": forms.iter().collect::<Vec<_>>() });
            global
                .output
                .print_result(&value, format!("browser sessions may use: {forms}"))
        }
        TenantsCommand::Suspend { tenant } => {
            vault.suspend_tenant(by, tenant, None).await?;
            let value = json!({ "tenant_id": tenant, "status": "suspended" });
            global
                .output
                .print_result(&value, "the tenant is suspended")
        }
        TenantsCommand::Shred {
            tenant,
            confirm,
            revoke_at_meta,
        } => {
            let access = if revoke_at_meta {
                AccessAtMeta::Revoke
            } else {
                AccessAtMeta::Keep
            };
            let shredded = vault
                .shred_tenant(by, tenant, &confirm, access, None)
                .await?;
            print_shred(tenant, &shredded, global)
        }
        TenantsCommand::List => list_tenants(&vault, global).await,
    }
}

async fn require_reason(
    vault: &Vault,
    tenant: TenantId,
    required: bool,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let change = TenantChange {
        reason_required: Some(required),
        ..TenantChange::default()
    };
    vault
        .change_tenant(Actor::CommandLine, tenant, change)
        .await?;
    let value = json!({ "tenant_id": tenant, "reason_required": required });
    let text = if required {
        "a reason is required for every token read"
    } else {
        "no reason is required"
    };
    global.output.print_result(&value, text)
}

fn print_shred(
    tenant: TenantId,
    shredded: &ShredResult,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let waits: Vec<_> = shredded.waits_for.iter().map(KekRef::to_string).collect();
    let value = json!({
        "tenant_id": tenant, "shredded_at": shredded.shredded_at, "effective_at": shredded.effective_at,
        "waits_for": waits, "erased_at": shredded.erased_at, "access_at_meta": shredded.revocation,
    });
    let effective = shredded.effective_at.map_or_else(
        || format!("waits until these are retired:\n  {}", waits.join("\n  ")),
        |it| it.to_string(),
    );
    let text = format!(
        "tenant     {tenant}\nshredded   {}\neffective  {effective}{}",
        shredded.shredded_at,
        shredded
            .revocation
            .as_ref()
            .map_or_else(String::new, describe_access)
    );
    global.output.print_result(&value, text)
}

fn describe_access(it: &AccessRevocation) -> String {
    let kept = it
        .not_revoked
        .iter()
        .map(|(reason, persons)| format!("\n  {persons} kept: {reason}"));
    let kept: String = kept.collect();
    format!("\nat Meta    {} person(s) revoked{kept}", it.revoked)
}

/// Prints a new client with its secret: the only time that the secret is shown.
fn print_secret(
    tenant: TenantId,
    client: ClientId,
    secret: Option<ClientSecret>,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let secret = secret.context("the client has no new secret")?;
    let value =
        json!({ "tenant_id": tenant, "client_id": client, "client_secret": secret.expose() });
    let text = format!(
        "tenant         {tenant}\nclient         {client}\nclient secret  {}\n\nThe secret is not shown again: store it now.",
        secret.expose()
    );
    global.output.print_result(&value, text)
}

async fn list_tenants(vault: &Vault, global: &GlobalArgs) -> anyhow::Result<()> {
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for tenant in vault.list_all_tenants().await? {
        let state = if tenant.deleted_at.is_some() {
            "deleted"
        } else {
            tenant.status.as_str()
        };
        let (id, name, app) = (tenant.id, &tenant.name, &tenant.app_id);
        lines.push(format!("{id}  {name}  app {app}  {state}"));
        let mut clients = Vec::new();
        for client in vault.list_clients(id).await? {
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
        .print_result(&json!({ "data": values }), lines.join("\n"))
}

fn client_json(client: &ClientView) -> Value {
    json!({
        "id": client.id.to_string(), "name": client.name, "scopes": client.scopes.to_string(),
        "disabled_at": client.disabled_at,
    })
}
