//! `regrant operators`: the accounts that log in at the admin listener.
//!
//! The rule: a password comes from `REGRANT_OPERATOR_PASSWORD`, its `…_FILE` or standard input (without echo on
//! a terminal), never from an argument.

use std::io::{self, IsTerminal as _, Write as _};

use anyhow::Context as _;
use regrant_domain::{OperatorId, OperatorName, OperatorRole, Password};
use regrant_vault::{Acting, NewOperator, Operator, OperatorChange, Vault};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::{
    Global,
    config::{Config, Source},
    installation, private_file, telemetry,
};

/// How many operators one call lists.
const PAGE: u32 = 200;

/// What to do with operators.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
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
    ResetPassword(Named),
    /// Disable an operator; the operator is logged out.
    Disable(Named),
    /// Enable a disabled operator.
    Enable(Named),
    /// Delete an operator; the operator is logged out.
    Delete(Named),
}

/// Names the operator to act on.
#[derive(clap::Args)]
pub(crate) struct Named {
    /// The operator's name.
    #[arg(long)]
    name: OperatorName,
}

pub(crate) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "warn")?;
    // The password is read first: a faulty one must not cost the seconds that unlocking the keyring takes.
    let password = match &command {
        Command::Add { .. } | Command::ResetPassword(_) => Some(password(global)?),
        _ => None,
    };
    let vault = installation::open(config).await?;
    let (name, change) = match command {
        Command::Add { name, role } => {
            return add_operator(&vault, name, role, password, global).await;
        }
        Command::List => return list(&vault, global).await,
        Command::Delete(Named { name }) => return delete_operator(&vault, &name, global).await,
        Command::SetRole { name, role } => (name, role_change(role)),
        Command::ResetPassword(Named { name }) => (name, password_change(password)),
        Command::Disable(Named { name }) => (name, disabled_change(true)),
        Command::Enable(Named { name }) => (name, disabled_change(false)),
    };
    changed(&vault, &name, change, global).await
}

async fn add_operator(
    vault: &Vault,
    name: OperatorName,
    role: OperatorRole,
    password: Option<Password>,
    global: &Global,
) -> anyhow::Result<()> {
    let new = NewOperator {
        name,
        role,
        password: password.context("no password was read")?,
    };
    let made = vault
        .create_operator(Acting::CommandLine, new, None)
        .await?;
    show(&made.value, "created", global)
}

async fn delete_operator(
    vault: &Vault,
    name: &OperatorName,
    global: &Global,
) -> anyhow::Result<()> {
    let operator = vault.operator_named(name).await?;
    vault
        .delete_operator(Acting::CommandLine, operator.id)
        .await?;
    show(&operator, "deleted", global)
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

async fn changed(
    vault: &Vault,
    name: &OperatorName,
    change: OperatorChange,
    global: &Global,
) -> anyhow::Result<()> {
    let id: OperatorId = vault.operator_named(name).await?.id;
    let operator = vault
        .change_operator(Acting::CommandLine, id, change)
        .await?;
    show(&operator, "changed", global)
}

/// Prints the operator after an action such as "created".
fn show(operator: &Operator, action: &str, global: &Global) -> anyhow::Result<()> {
    let text = format!(
        "{action} operator {} ({}), {}",
        operator.name, operator.role, operator.id
    );
    global.output.print(&value(operator), text)
}

async fn list(vault: &Vault, global: &Global) -> anyhow::Result<()> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = vault.operators(after, PAGE).await?;
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
    global.output.print(
        &json!({ "data": all.iter().map(value).collect::<Vec<_>>() }),
        text,
    )
}

fn value(operator: &Operator) -> Value {
    json!({
        "id": operator.id, "name": operator.name, "role": operator.role, "created_at": operator.created_at,
        "disabled_at": operator.disabled_at, "last_login_at": operator.last_login_at,
    })
}

fn password(global: &Global) -> anyhow::Result<Password> {
    let configured = Source::of_process(global.config.as_deref())?.find_secret("operator.password");
    let text = match configured.context("the operator's password")? {
        Some(text) => text,
        None => prompted()?,
    };
    Password::parse(text).context("the operator's password")
}

fn prompted() -> anyhow::Result<Zeroizing<String>> {
    if !io::stdin().is_terminal() {
        return private_file::read_secret("-".as_ref());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "Password (12 to 256 bytes): ").context("cannot write to the terminal")?;
    let read = unseen();
    writeln!(stderr).context("cannot write to the terminal")?;
    read
}

/// Reads one line from the terminal without echoing it.
fn unseen() -> anyhow::Result<Zeroizing<String>> {
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
