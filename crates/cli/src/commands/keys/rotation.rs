//! `regrant keys status|stage|promote|rotate|verify|retire`: replaces the key that wraps all data keys.
//!
//! The rule: the vault decides; each command can be repeated, and ends with failure if something is left to do.

use std::{
    io::Write as _,
    process::ExitCode,
    time::{Duration, Instant},
};

use regrant_domain::{TenantId, error_chain};
use regrant_vault::{
    Actor, Conflict, Error, KekState, KekUse, KekView, KeyOwners, KeyStatus, KeyVerdict, NodeView,
    Retirement, RotationReason, Vault,
};
use serde_json::{Value, json};

use super::state_name;
use crate::{GlobalArgs, config::Config, installation, output::Output, telemetry};

/// How often the nodes are asked for again.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// For how long a command seals nothing before it says that the database is busy.
const BUSY_FOR: Duration = Duration::from_mins(2);

/// A step of a rotation.
#[derive(clap::Subcommand)]
pub(crate) enum RotationCommand {
    /// Show the versions of the key, how many data keys each wraps, and which processes can open them.
    Status,
    /// Add the next version to the keyring; it wraps nothing yet.
    Stage,
    /// Let the staged version wrap, once every process that runs can open it; the worker wraps the others again.
    Promote,
    /// Stage, wait for every process, promote, wrap every data key again, and verify. A rotation that was cut off before its
    /// end is ended, and no further version is made.
    Rotate {
        /// How long to wait for the processes, in seconds.
        #[arg(long, default_value_t = 120, value_name = "SECONDS")]
        wait: u64,
    },
    /// Give all tenants and the installation new data keys, and seal every record again under them.
    RotateData {
        /// Only this tenant.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// Only the installation's own data key.
        #[arg(long, conflicts_with = "tenant")]
        installation: bool,
        /// The keys may have leaked: what they sealed goes first, and without rests.
        #[arg(long)]
        compromised: bool,
    },
    /// Open every data key; fails if one does not open, or if an older version wraps one.
    Verify,
    /// Destroy a version that wraps nothing, where there is only one owner: 24 hours after the request, which the first call
    /// opens. Backups that it wrapped the keys of can never be opened again.
    Retire {
        /// The key, `<id>/<version>` as `status` lists it.
        key: String,
        /// The same again.
        #[arg(long, value_name = "KEY")]
        confirm: String,
    },
}

pub(super) async fn run(command: RotationCommand, global: &GlobalArgs) -> anyhow::Result<ExitCode> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    let (vault, by, output) = (
        // A command waits behind callers and workers, as these work on the same rows.
        installation::open_vault(config).await?.in_background(),
        Actor::CommandLine,
        global.output,
    );
    match command {
        RotationCommand::Status => print_status(&vault.key_status().await?, output),
        RotationCommand::Stage => print_status(&vault.stage_kek(by).await?, output),
        RotationCommand::Promote => print_status(&vault.promote_kek(by).await?, output),
        RotationCommand::Rotate { wait } => {
            rotate_kek(&vault, Duration::from_secs(wait), output).await
        }
        RotationCommand::RotateData {
            tenant,
            installation,
            compromised,
        } => {
            let owners = match tenant {
                Some(tenant) => KeyOwners::Tenant(tenant),
                None if installation => KeyOwners::Installation,
                None => KeyOwners::All,
            };
            rotate_data(&vault, owners, compromised, output).await
        }
        RotationCommand::Verify => print_verdict(&vault.verify_data_keys().await?, output),
        RotationCommand::Retire { key, confirm } => {
            match vault.retire_kek(by, &key, &confirm).await? {
                Retirement::Done(status) => print_status(&status, output),
                Retirement::Requested(status) => {
                    print_progress(format_args!(
                        "{key} is to be destroyed: run this again in 24 hours, within seven days"
                    ));
                    print_status(&status, output)?;
                    Ok(ExitCode::FAILURE)
                }
            }
        }
    }
}

async fn rotate_kek(vault: &Vault, wait: Duration, output: Output) -> anyhow::Result<ExitCode> {
    if !end_earlier_rotation(vault).await? {
        promote_next_version(vault, wait).await?;
        let rewrapped = vault.rewrap_data_keys().await?;
        print_progress(format_args!("{rewrapped} data keys are wrapped again"));
    }
    print_verdict(&vault.verify_data_keys().await?, output)
}

/// Wraps again what a rotation left that was cut off; returns whether there was such a one. Keys that do not open stay, and
/// do not keep the others from the next version.
async fn end_earlier_rotation(vault: &Vault) -> anyhow::Result<bool> {
    let earlier = vault.key_status().await?;
    if earlier.to_rewrap == 0 || earlier.keks.iter().any(|it| it.state == KekState::Staged) {
        return Ok(false);
    }
    print_progress(format_args!(
        "a rotation has not ended: {} data keys are to be wrapped again",
        earlier.to_rewrap
    ));
    if let Err(error) = vault.rewrap_data_keys().await {
        // What passes is no reason for another version.
        if is_passing(&error) {
            return Err(error.into());
        }
        print_progress(format_args!("{}", error_chain(&error)));
    }
    let left = vault.key_status().await?.to_rewrap;
    print_progress(format_args!("{left} data keys are left"));
    Ok(left < earlier.to_rewrap)
}

/// Whether the same call can succeed a little later. A provider that refuses a key does so until an operator acts.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::DatabaseBusy | Error::Unavailable(..) => true,
        Error::KeysUnavailable(cause) => cause.is_retryable(),
        _ => false,
    }
}

async fn promote_next_version(vault: &Vault, wait: Duration) -> anyhow::Result<()> {
    let staged = vault.stage_kek(Actor::CommandLine).await?;
    if let Some(kek) = staged.keks.iter().find(|it| it.state == KekState::Staged) {
        print_progress(format_args!("staged {}", kek.kek));
    }
    let promoted = promote_when_opened(vault, wait).await?;
    print_progress(format_args!(
        "promoted; {} data keys are to be wrapped again",
        promoted.to_rewrap
    ));
    Ok(())
}

async fn rotate_data(
    vault: &Vault,
    owners: KeyOwners,
    compromised: bool,
    output: Output,
) -> anyhow::Result<ExitCode> {
    let reason = if compromised {
        RotationReason::Compromise
    } else {
        RotationReason::Routine
    };
    let rotated = vault
        .rotate_data_keys(Actor::CommandLine, owners, reason)
        .await?;
    print_progress(format_args!("{rotated} new data keys"));
    let resealed = reseal_all(vault, reason).await?;
    let text = format!("{rotated} new data keys, {resealed} records sealed again");
    output.print_result(&json!({ "rotated": rotated, "resealed": resealed }), text)?;
    Ok(ExitCode::SUCCESS)
}

/// Seals until nothing is left, and returns how many; what a pass did that ended with an error is not counted. Where calls,
/// or another process that seals, keep the database from this one, it continues: what is left follows from the rows.
async fn reseal_all(vault: &Vault, reason: RotationReason) -> anyhow::Result<u64> {
    let (mut resealed, mut progressed) = (0_u64, Instant::now());
    loop {
        match reseal_once(vault, reason).await {
            Ok(0) => return Ok(resealed),
            Ok(done) => {
                resealed = resealed.saturating_add(done);
                progressed = Instant::now();
                print_progress(format_args!("{resealed} records are sealed again"));
            }
            Err(Error::DatabaseBusy) if progressed.elapsed() < BUSY_FOR => {
                print_progress(format_args!("the database is busy; trying again"));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

async fn reseal_once(vault: &Vault, reason: RotationReason) -> Result<u64, Error> {
    // Tenants with a key that leaked are among these, for whatever reason their newest key was made.
    let urgent = vault.reseal_compromised_records().await;
    // Both run, whatever the first returns: a damaged record of one tenant keeps no other one from its turn.
    let due = match reason {
        RotationReason::Routine => vault.reseal_due_records().await,
        RotationReason::Compromise => Ok(0),
    };
    Ok(urgent?.saturating_add(due?))
}

/// Promotes as soon as every process that runs can open the staged version.
async fn promote_when_opened(vault: &Vault, wait: Duration) -> anyhow::Result<KeyStatus> {
    let (began, mut waits_for) = (Instant::now(), Vec::new());
    loop {
        match vault.promote_kek(Actor::CommandLine).await {
            Err(Error::Conflict(Conflict::NodesLackKey(names))) if began.elapsed() < wait => {
                if names != waits_for {
                    print_progress(format_args!(
                        "waiting until {} can open it: does it read this keyring?",
                        names.join(", ")
                    ));
                    waits_for = names;
                }
                tokio::time::sleep(ASK_EVERY).await;
            }
            promoted => return Ok(promoted?),
        }
    }
}

fn print_progress(line: std::fmt::Arguments<'_>) {
    // A failed write to stderr cannot be reported anywhere.
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn print_status(status: &KeyStatus, output: Output) -> anyhow::Result<ExitCode> {
    output.print_result(&status_json(status), format_status(status))?;
    Ok(ExitCode::SUCCESS)
}

fn format_status(status: &KeyStatus) -> String {
    let keks = status.keks.iter().map(format_kek);
    let missing = status.missing.iter().filter_map(|it| {
        let kek = it.kek?;
        Some(format!("{kek}  MISSING  wraps {} data keys", it.data_keys))
    });
    let nodes = status.nodes.iter().map(format_node);
    let mut lines: Vec<String> = keks.chain(missing).chain(nodes).collect();
    lines.push(format!(
        "{} data keys to wrap again; {} tenants with an old data key",
        status.to_rewrap, status.tenants_with_old_keys
    ));
    if status.installation_has_old_key {
        lines.push("the installation has an old data key".to_owned());
    }
    lines.join("\n")
}

fn format_kek(it: &KekView) -> String {
    let state = state_name(it.state);
    let request = it.retirement.map(|it| {
        let at = it.request.requested_at;
        let approved = it.approved_at.map(|at| format!(", approved {at}"));
        let approved = approved.unwrap_or_default();
        format!("  to be destroyed, requested {at}{approved}")
    });
    format!(
        "{}  {}  {state}  wraps {} data keys{}",
        it.kek,
        it.provider,
        it.data_keys,
        request.unwrap_or_default()
    )
}

fn format_node(node: &NodeView) -> String {
    let wraps_with = node.wraps_with.version;
    if node.lacks.is_empty() {
        return format!(
            "node {}  opens all, wraps with version {wraps_with}",
            node.name
        );
    }
    let lacks: Vec<_> = node.lacks.iter().map(|it| it.version.to_string()).collect();
    format!(
        "node {}  LACKS version {}, wraps with version {wraps_with}",
        node.name,
        lacks.join(", ")
    )
}

fn status_json(status: &KeyStatus) -> Value {
    let keks = status.keks.iter().map(|it| {
        json!({
            "id": it.kek.id, "version": it.kek.version, "provider": it.provider,
            "state": state_name(it.state),
            "created_at": it.created_at, "data_keys": it.data_keys,
            "retirement_requested_at": it.retirement.map(|it| it.request.requested_at),
            "retirement_approved_at": it.retirement.and_then(|it| it.approved_at),
        })
    });
    let nodes = status.nodes.iter().map(|it| {
        json!({
            "name": it.name, "seen_at": it.seen_at, "wraps_with": it.wraps_with.version,
            "lacks": it.lacks.iter().map(|kek| kek.version).collect::<Vec<_>>(),
        })
    });
    json!({
        "provider": status.provider, "keys": keks.collect::<Vec<_>>(),
        "missing": status.missing.iter().map(use_json).collect::<Vec<_>>(),
        "to_rewrap": status.to_rewrap, "tenants_with_old_keys": status.tenants_with_old_keys,
        "installation_has_old_key": status.installation_has_old_key,
        "nodes": nodes.collect::<Vec<_>>(),
    })
}

fn use_json(used: &KekUse) -> Value {
    json!({
        "id": used.kek.map(|it| it.id), "version": used.kek.map(|it| it.version),
        "data_keys": used.data_keys,
    })
}

fn print_verdict(verdict: &KeyVerdict, output: Output) -> anyhow::Result<ExitCode> {
    let faults = verdict
        .faults
        .iter()
        .map(|it| format!("{}  data key {}: {}", it.tenant, it.key_id, it.reason));
    let counts = format!(
        "{} data keys open, {} do not; {} are under an older version",
        verdict.opened, verdict.unreadable, verdict.outdated
    );
    let text: Vec<String> = faults.chain([counts]).collect();
    let faults = verdict
        .faults
        .iter()
        .map(|it| json!({ "tenant_id": it.tenant, "key_id": it.key_id, "reason": it.reason }));
    let value = json!({
        "whole": verdict.is_whole(), "opened": verdict.opened, "outdated": verdict.outdated,
        "unreadable": verdict.unreadable, "faults": faults.collect::<Vec<_>>(),
    });
    output.print_result(&value, text.join("\n"))?;
    Ok(if verdict.is_whole() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
