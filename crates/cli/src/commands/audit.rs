//! `regrant audit`: verifies audit chains, exports them, signs checkpoints.
//!
//! The rule: `verify` exits with failure if the chain of one tenant is not whole.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use regrant_domain::TenantId;
use regrant_vault::{Actor, AuditFormat, AuditQuery, AuditVerdict, Error, Vault};
use serde_json::{Value, json};

use crate::{GlobalArgs, config::Config, installation, output, telemetry};

/// What to do with the audit.
#[derive(clap::Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify the chains: finds edited, deleted, reordered and truncated rows and restored credentials; fails if there are any.
    Verify {
        /// Only this tenant; by default every tenant and the installation itself.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// A file of checkpoints kept elsewhere: from the worker, from `audit checkpoint` or from the API.
        #[arg(long, alias = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
    },
    /// Write a tenant's audit to standard output, oldest event first.
    Export {
        /// The tenant.
        #[arg(long)]
        tenant: TenantId,
        /// `jsonl` or `csv`.
        #[arg(long, default_value = "jsonl")]
        format: AuditFormat,
    },
    /// Accept a row that `verify` names as it is: seal it again, and record it in the audit. Look at the row first.
    Accept {
        /// The tenant; without it, a row of the installation: an operator or an operator's session.
        #[arg(long)]
        tenant: Option<TenantId>,
        /// The row as `verify` names it, such as `clients/01890000-0000-7000-8000-000000000000`.
        row: String,
    },
    /// Sign the current end of each chain and print one checkpoint a line; store them elsewhere.
    Checkpoint {
        /// Only this tenant; by default every tenant and the installation itself.
        #[arg(long)]
        tenant: Option<TenantId>,
    },
}

pub(crate) async fn run(command: AuditCommand, global: &GlobalArgs) -> anyhow::Result<ExitCode> {
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    let vault = installation::open_vault(config).await?;
    match command {
        AuditCommand::Verify {
            tenant,
            checkpoints,
        } => verify_chains(&vault, tenant, &checkpoints, global).await,
        AuditCommand::Export { tenant, format } => export_audit(&vault, tenant, format).await,
        AuditCommand::Accept { tenant, row } => accept_row(&vault, tenant, &row, global).await,
        AuditCommand::Checkpoint { tenant } => sign_checkpoints(&vault, tenant, global).await,
    }
}

async fn verify_chains(
    vault: &Vault,
    tenant: Option<TenantId>,
    files: &[PathBuf],
    global: &GlobalArgs,
) -> anyhow::Result<ExitCode> {
    let mut statements = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let found = parse_statements(&text);
        anyhow::ensure!(!found.is_empty(), "{} holds no checkpoint", file.display());
        statements.extend(found);
    }
    let (known, mut verdicts) = (vault.read_checkpoints(&statements).await, Vec::new());
    for tenant in select_chains(vault, tenant).await? {
        verdicts.push(vault.verify_audit(tenant, &known).await?);
    }
    let whole = verdicts.iter().all(AuditVerdict::is_whole);
    let lines: Vec<_> = verdicts.iter().map(format_verdict).collect();
    let value =
        json!({ "whole": whole, "data": verdicts.iter().map(verdict_json).collect::<Vec<_>>() });
    global.output.print_result(&value, lines.join("\n"))?;
    Ok(if whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn accept_row(
    vault: &Vault,
    tenant: Option<TenantId>,
    row: &str,
    global: &GlobalArgs,
) -> anyhow::Result<ExitCode> {
    let tenant = tenant.unwrap_or(TenantId::SYSTEM);
    vault.accept_row(Actor::CommandLine, tenant, row).await?;
    let value = json!({ "tenant_id": tenant, "row": row, "accepted": true });
    global
        .output
        .print_result(&value, format!("{row} is accepted as it is"))?;
    Ok(ExitCode::SUCCESS)
}

async fn export_audit(
    vault: &Vault,
    tenant: TenantId,
    format: AuditFormat,
) -> anyhow::Result<ExitCode> {
    output::print_text(format.header_line())?;
    let mut query = AuditQuery::default();
    loop {
        let page = vault.read_export_step_of(tenant, query.clone()).await?;
        for row in &page.data {
            output::print_text(&format.format_row(row))?;
        }
        let Some(next) = page.next else {
            return Ok(ExitCode::SUCCESS);
        };
        query.after_seq = Some(next);
    }
}

async fn sign_checkpoints(
    vault: &Vault,
    tenant: Option<TenantId>,
    global: &GlobalArgs,
) -> anyhow::Result<ExitCode> {
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    for tenant in select_chains(vault, tenant).await? {
        let signed = match vault.sign_checkpoint_of(tenant).await {
            Err(Error::NotFound(_)) => continue, // this chain has no event yet
            signed => signed?,
        };
        values.push(json!({
            "tenant_id": tenant, "seq": signed.seq, "signed_at": signed.signed_at, "statement": signed.statement,
        }));
        lines.push(signed.statement);
    }
    global
        .output
        .print_result(&json!({ "data": values }), lines.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// The chain of one tenant, or the installation's own chain and every tenant's.
async fn select_chains(vault: &Vault, only: Option<TenantId>) -> anyhow::Result<Vec<TenantId>> {
    if let Some(tenant) = only {
        return Ok(vec![tenant]);
    }
    let tenants = vault.list_all_tenants().await?.into_iter().map(|it| it.id);
    Ok(std::iter::once(TenantId::SYSTEM).chain(tenants).collect())
}

/// The checkpoints in a file: one a line, or the JSON of the API and of `--output json`.
fn parse_statements(text: &str) -> Vec<String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else {
        return text.split_whitespace().map(ToOwned::to_owned).collect();
    };
    let one = |it: &Value| {
        it.get("statement")
            .and_then(Value::as_str)
            .map(ToOwned::to_owned)
    };
    let many = value.get("data").and_then(Value::as_array);
    many.map_or_else(
        || one(&value).into_iter().collect(),
        |many| many.iter().filter_map(one).collect(),
    )
}

fn format_verdict(verdict: &AuditVerdict) -> String {
    let counts = format!(
        "{}  {} rows, {} credentials, {} checkpoints, {} sealed rows",
        verdict.tenant, verdict.rows, verdict.credentials, verdict.checkpoints, verdict.sealed_rows
    );
    if verdict.is_whole() {
        return format!("{counts}: whole");
    }
    let chain = verdict.faults.first().map(|(seq, fault)| {
        let all = verdict.faults.len();
        format!("{fault} at {seq} ({all} faults in all)")
    });
    let rows = verdict
        .tampered
        .iter()
        .map(|(row, fault)| format!("{row} {fault}"));
    let faults: Vec<_> = chain.into_iter().chain(rows).collect();
    format!("{counts}: NOT WHOLE, {}", faults.join(", "))
}

fn verdict_json(verdict: &AuditVerdict) -> Value {
    let faults: Vec<_> = verdict
        .faults
        .iter()
        .map(|(seq, fault)| json!({ "seq": seq, "fault": fault.as_str() }))
        .collect();
    let tampered: Vec<_> = verdict
        .tampered
        .iter()
        .map(|(row, fault)| json!({ "row": row, "fault": fault.as_str() }))
        .collect();
    json!({
        "tenant_id": verdict.tenant,
        "whole": verdict.is_whole(),
        "rows": verdict.rows,
        "unchained": verdict.unchained,
        "credentials": verdict.credentials,
        "untold": verdict.unrecorded,
        "checkpoints": verdict.checkpoints,
        "faults": faults,
        "sealed_rows": verdict.sealed_rows,
        "tampered": tampered,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_are_read_as_they_were_printed() {
        for text in [
            "a.b.c\nd.e.f\n",
            r#"{"data":[{"statement":"a.b.c"},{"statement":"d.e.f"}]}"#,
        ] {
            assert_eq!(parse_statements(text), ["a.b.c", "d.e.f"], "{text}");
        }
        assert_eq!(
            parse_statements(r#"{"seq":1,"statement":"a.b.c"}"#),
            ["a.b.c"]
        );
        assert!(parse_statements(r#"{"seq":1}"#).is_empty());
    }
}
