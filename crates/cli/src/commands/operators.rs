//! `regrant operators`: the accounts that log in at the admin listener.
//!
//! The rule: a password comes from `REGRANT_OPERATOR_PASSWORD`, its `…_FILE` or standard input (without echo on
//! a terminal), never from an argument.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use regrant_domain::{OperatorId, OperatorName, OperatorRole, Password};
use regrant_vault::{Actor, NewOperator, Operator, OperatorChange, Vault};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    GlobalArgs,
    config::{Config, SettingsSource},
    installation, private_file, telemetry,
};

/// How many operators one call lists.
const PAGE_SIZE: u32 = 200;

/// What to do with operators.
#[derive(clap::Subcommand)]
pub(crate) enum OperatorsCommand {
    /// Create an operator. Its password is read from a variable, a file or standard input; only a hash is stored.
    Add {
        /// The name to log in with.
        #[arg(long)]
        name: OperatorName,
        /// `owner` may do everything, `support` may only read.
        #[arg(long)]
        role: OperatorRole,
    },
    /// List operators.
    List,
    /// Give an operator another role.
    SetRole {
        /// The operator's name.
        #[arg(long)]
        name: OperatorName,
        /// `owner` may do everything, `support` may only read.
        #[arg(long)]
        role: OperatorRole,
    },
    /// Give an operator another password, read as for `add`; the operator is logged out.
    ResetPassword(OperatorArgs),
    /// Disable an operator; the operator is logged out.
    Disable(OperatorArgs),
    /// Enable a disabled operator.
    Enable(OperatorArgs),
    /// Delete an operator; the operator is logged out.
    Delete(OperatorArgs),
}

/// Names the operator to act on.
#[derive(clap::Args)]
pub(crate) struct OperatorArgs {
    /// The operator's name.
    #[arg(long)]
    name: OperatorName,
}

pub(crate) async fn run(command: OperatorsCommand, global: &GlobalArgs) -> anyhow::Result<()> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    // The password is read first: a faulty one must not cost the seconds that unlocking the keyring takes.
    let password = match &command {
        OperatorsCommand::Add { .. } | OperatorsCommand::ResetPassword(_) => {
            Some(read_password(global)?)
        }
        _ => None,
    };
    let vault = installation::open_vault(config).await?;
    let (name, change) = match command {
        OperatorsCommand::Add { name, role } => {
            return add_operator(&vault, name, role, password, global).await;
        }
        OperatorsCommand::List => return list_operators(&vault, global).await,
        OperatorsCommand::Delete(OperatorArgs { name }) => {
            return delete_operator(&vault, &name, global).await;
        }
        OperatorsCommand::SetRole { name, role } => (name, role_change(role)),
        OperatorsCommand::ResetPassword(OperatorArgs { name }) => (name, password_change(password)),
        OperatorsCommand::Disable(OperatorArgs { name }) => (name, disabled_change(true)),
        OperatorsCommand::Enable(OperatorArgs { name }) => (name, disabled_change(false)),
    };
    change_operator(&vault, &name, change, global).await
}

async fn add_operator(
    vault: &Vault,
    name: OperatorName,
    role: OperatorRole,
    password: Option<Password>,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let new = NewOperator {
        name,
        role,
        password: password.context("no password was read")?,
    };
    let made = vault.create_operator(Actor::CommandLine, new, None).await?;
    print_operator(&made.value, "created", global)
}

async fn delete_operator(
    vault: &Vault,
    name: &OperatorName,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let operator = vault.find_operator_by_name(name).await?;
    vault
        .delete_operator(Actor::CommandLine, operator.id)
        .await?;
    print_operator(&operator, "deleted", global)
}

fn role_change(role: OperatorRole) -> OperatorChange {
    OperatorChange {
        role: Some(role),
        ..OperatorChange::default()
    }
}

fn password_change(password: Option<Password>) -> OperatorChange {
    OperatorChange {
        password,
        ..OperatorChange::default()
    }
}

fn disabled_change(disabled: bool) -> OperatorChange {
    OperatorChange {
        disabled: Some(disabled),
        ..OperatorChange::default()
    }
}

async fn change_operator(
    vault: &Vault,
    name: &OperatorName,
    change: OperatorChange,
    global: &GlobalArgs,
) -> anyhow::Result<()> {
    let id: OperatorId = vault.find_operator_by_name(name).await?.id;
    let operator = vault
        .change_operator(Actor::CommandLine, id, change)
        .await?;
    print_operator(&operator, "changed", global)
}

/// Prints the operator after an action such as "created".
fn print_operator(operator: &Operator, action: &str, global: &GlobalArgs) -> anyhow::Result<()> {
    let text = format!(
        "{action} operator {} ({}), {}",
        operator.name, operator.role, operator.id
    );
    global.output.print_result(&operator_json(operator), text)
}

async fn list_operators(vault: &Vault, global: &GlobalArgs) -> anyhow::Result<()> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = vault.list_operators(after, PAGE_SIZE).await?;
        all.extend(page.data);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let line = |it: &Operator| {
        let state = if it.disabled_at.is_some() {
            "  disabled"
        } else {
            ""
        };
        format!("{}  {}  {}{state}", it.id, it.name, it.role)
    };
    let lines: Vec<_> = all.iter().map(line).collect();
    let text = if lines.is_empty() {
        "there is no operator".to_owned()
    } else {
        lines.join("\n")
    };
    global.output.print_result(
        &json!({ "data": all.iter().map(operator_json).collect::<Vec<_>>() }),
        text,
    )
}

fn operator_json(operator: &Operator) -> Value {
    json!({
        "id": operator.id, "name": operator.name, "role": operator.role, "created_at": operator.created_at,
        "disabled_at": operator.disabled_at, "last_login_at": operator.last_login_at,
    })
}

fn read_password(global: &GlobalArgs) -> anyhow::Result<Password> {
    let configured =
        SettingsSource::from_process(global.config.as_deref())?.find_secret("operator.password");
    let text = match configured.context("the operator's password")? {
        Some(text) => text,
        None => prompt_password()?,
    };
    Password::parse(text).context("the operator's password")
}

fn prompt_password() -> anyhow::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return private_file::read_secret("-".as_ref());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "Password (12 to 256 bytes): ").context("cannot write to the terminal")?;
    let read = read_without_echo();
    writeln!(stderr).context("cannot write to the terminal")?;
    read
}

/// Reads one line from the terminal without echoing it.
fn read_without_echo() -> anyhow::Result<Zeroizing<String>> {
    let stdin = io::stdin();
    let original = tcgetattr(&stdin).context("cannot turn the terminal's echo off")?;
    let mut silent = original.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &silent)
        .context("cannot turn the terminal's echo off")?;
    let mut line = Zeroizing::new(String::with_capacity(1024));
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &original)
        .context("cannot turn the terminal's echo on again")?;
    read.context("cannot read the password")?;
    let length = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(length);
    Ok(line)
}
