//! `regrant operators`: who may log in at the admin listener.
//!
//! The rule: a password comes from `REGRANT_OPERATOR_PASSWORD`, its `…_FILE` or standard input, where a terminal does
//! not show it; never from the command line's arguments.

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

/// How many operators one page has.
const PAGE: u32 = 200;

/// What to do with operators.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make an operator; its password is read, and only its hash is kept.
    Add {
        /// What it logs in as.
        #[arg(long)]
        name: OperatorName,
        /// What it may do: `owner` everything, `support` look.
        #[arg(long)]
        role: OperatorRole,
    },
    /// List operators.
    List,
    /// Give an operator another role.
    SetRole {
        /// The operator.
        #[arg(long)]
        name: OperatorName,
        /// What it may do: `owner` everything, `support` look.
        #[arg(long)]
        role: OperatorRole,
    },
    /// Give an operator another password, which is read; its log-ins end.
    ResetPassword(Named),
    /// Refuse an operator; its log-ins end.
    Disable(Named),
    /// Let an operator in again.
    Enable(Named),
    /// Forget an operator; its log-ins end.
    Delete(Named),
}

/// An operator.
#[derive(clap::Args)]
pub(crate) struct Named {
    /// The operator.
    #[arg(long)]
    name: OperatorName,
}

pub(crate) async fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let config = Config::of_process(global)?;
    telemetry::start(config.log, "warn")?;
    let given = match &command {
        Command::Add { .. } | Command::ResetPassword(_) => Some(password(global)?),
        _ => None,
    };
    let vault = installation::open(config).await?;
    let change = OperatorChange {
        password: given,
        ..OperatorChange::default()
    };
    match command {
        Command::Add { name, role } => {
            let password = change.password.context("a password is read")?;
            let new = NewOperator {
                name,
                role,
                password,
            };
            let made = vault
                .create_operator(Acting::CommandLine, new, None)
                .await?
                .value;
            show(&made, "made", global)
        }
        Command::List => list(&vault, global).await,
        Command::SetRole { name, role } => {
            changed(
                &vault,
                &name,
                OperatorChange {
                    role: Some(role),
                    ..change
                },
                global,
            )
            .await
        }
        Command::ResetPassword(Named { name }) => changed(&vault, &name, change, global).await,
        Command::Disable(Named { name }) => {
            changed(
                &vault,
                &name,
                OperatorChange {
                    disabled: Some(true),
                    ..change
                },
                global,
            )
            .await
        }
        Command::Enable(Named { name }) => {
            changed(
                &vault,
                &name,
                OperatorChange {
                    disabled: Some(false),
                    ..change
                },
                global,
            )
            .await
        }
        Command::Delete(Named { name }) => {
            let operator = vault.operator_named(&name).await?;
            vault
                .delete_operator(Acting::CommandLine, operator.id)
                .await?;
            show(&operator, "deleted", global)
        }
    }
}

async fn changed(
    vault: &Vault,
    name: &OperatorName,
    change: OperatorChange,
    global: &Global,
) -> anyhow::Result<()> {
    let id: OperatorId = vault.operator_named(name).await?.id;
    let is = vault
        .change_operator(Acting::CommandLine, id, change)
        .await?;
    show(&is, "changed", global)
}

fn show(operator: &Operator, what: &str, global: &Global) -> anyhow::Result<()> {
    let text = format!(
        "{what} operator {} ({}), {}",
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
    let given = Source::of_process(global.config.as_deref())?.find_secret("operator.password");
    let text = match given.context("the operator's password")? {
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

/// One line from the terminal, which does not show it.
fn unseen() -> anyhow::Result<Zeroizing<String>> {
    let stdin = io::stdin();
    let usual = tcgetattr(&stdin).context("cannot quiet the terminal")?;
    let mut quiet = usual.clone();
    quiet.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Flush, &quiet).context("cannot quiet the terminal")?;
    let mut line = Zeroizing::new(String::with_capacity(1024));
    let read = stdin.read_line(&mut line);
    tcsetattr(&stdin, OptionalActions::Flush, &usual).context("cannot restore the terminal")?;
    read.context("cannot read the password")?;
    let kept = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(kept);
    Ok(line)
}
