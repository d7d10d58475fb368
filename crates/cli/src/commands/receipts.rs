//! `regrant receipts`: signs receipts of deletions, and verifies receipts.
//!
//! The rule: `verify` prints a receipt only if its signature is valid, and fails otherwise.

use std::{fs, io::Read as _, path::PathBuf};

use anyhow::Context as _;
use regrant_crypto::{Receipt, Verifier};
use regrant_domain::{AppId, TenantId};
use regrant_vault::SignedReceipt;
use serde_json::{Value, json};

use crate::{GlobalArgs, config::Config, installation, telemetry};

/// What to do with receipts.
#[derive(clap::Subcommand)]
pub(crate) enum ReceiptsCommand {
    /// Sign what was deleted of a shredded or deleted tenant, when, and what that waits for.
    Tenant {
        /// The tenant.
        tenant: TenantId,
    },
    /// Sign what was deleted of a person.
    Person {
        /// The app's id at Meta.
        #[arg(long)]
        app: AppId,
        /// The confirmation code of the deletion.
        #[arg(long)]
        code: String,
    },
    /// Verify a receipt and print its content.
    Verify {
        /// A file with the statement, or the JSON of the API; `-` reads standard input.
        file: PathBuf,
        /// Verify without the database, with the keys of `/.well-known/statement-keys.json` in this file.
        #[arg(long, value_name = "FILE", requires = "issuer")]
        keys: Option<PathBuf>,
        /// The issuer that the receipt must name.
        #[arg(long, requires = "keys")]
        issuer: Option<String>,
    },
}

pub(crate) async fn run(command: ReceiptsCommand, global: &GlobalArgs) -> anyhow::Result<()> {
    if let ReceiptsCommand::Verify {
        file,
        keys: Some(keys),
        issuer: Some(issuer),
    } = &command
    {
        let receipt = verify_offline(&read_statement(file)?, &read_text(keys)?, issuer)?;
        return print_receipt(&receipt, global);
    }
    let config = Config::from_process(global)?;
    telemetry::start_logging(config.log, "warn")?;
    let vault = installation::open_vault(config).await?;
    match command {
        ReceiptsCommand::Tenant { tenant } => {
            print_statement(&vault.sign_tenant_receipt(tenant).await?, global)
        }
        ReceiptsCommand::Person { app, code } => {
            print_statement(&vault.sign_person_receipt(&app, &code).await?, global)
        }
        ReceiptsCommand::Verify { file, .. } => {
            let receipt = vault.verify_receipt(&read_statement(&file)?).await;
            let receipt =
                receipt.map_err(|it| anyhow::anyhow!("the receipt is not valid: {it:?}"))?;
            print_receipt(&receipt, global)
        }
    }
}

fn verify_offline(statement: &str, keys: &str, issuer: &str) -> anyhow::Result<Receipt> {
    let keys: Value = serde_json::from_str(keys).context("the file of keys is not JSON")?;
    let mut verifier = Verifier::new(issuer, "");
    let keys = keys.get("keys").and_then(Value::as_array);
    for key in keys.context("the file holds no key set")? {
        anyhow::ensure!(
            verifier.add_public_jwk(key),
            "a key of the set is no Ed25519 key"
        );
    }
    let receipt = verifier.verify_receipt(statement);
    receipt.map_err(|it| anyhow::anyhow!("the receipt is not valid: {it:?}"))
}

/// The statement in a file: alone, or in the JSON of the API and of `--output json`.
fn read_statement(file: &PathBuf) -> anyhow::Result<String> {
    let text = read_text(file)?;
    let json = serde_json::from_str::<Value>(&text).ok();
    let statement = json.as_ref().and_then(|it| {
        let receipt = it.get("receipt").unwrap_or(it);
        receipt.get("statement").and_then(Value::as_str)
    });
    Ok(statement.unwrap_or(text.trim()).to_owned())
}

fn read_text(file: &PathBuf) -> anyhow::Result<String> {
    if file.as_os_str() != "-" {
        return fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("cannot read standard input")?;
    Ok(text)
}

fn print_statement(signed: &SignedReceipt, global: &GlobalArgs) -> anyhow::Result<()> {
    let value = json!({ "act": signed.receipt.act, "statement": signed.statement });
    global.output.print_result(&value, &signed.statement)
}

fn print_receipt(receipt: &Receipt, global: &GlobalArgs) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(receipt)?;
    let value = json!({ "valid": true, "receipt": receipt });
    global.output.print_result(&value, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_verifies_offline_with_the_published_keys_for_its_issuer_alone() {
        let key = regrant_crypto::SigningKey::generate().unwrap();
        let receipt = Receipt {
            iss: "regrant".to_owned(),
            act: "tenant.shredded".to_owned(),
            sub: "ten_1".to_owned(),
            at: 1,
            detail: serde_json::Map::default(),
            audit: Vec::new(),
            iat: 2,
        };
        let statement = key.sign_receipt(&receipt).unwrap();
        let keys = json!({ "keys": [key.public_jwk()] }).to_string();
        assert_eq!(
            verify_offline(&statement, &keys, "regrant").unwrap(),
            receipt
        );
        let error = |keys: &str, issuer: &str| {
            let refused = verify_offline(&statement, keys, issuer);
            refused.unwrap_err().to_string()
        };
        assert_eq!(error(&keys, "other"), "the receipt is not valid: Issuer");
        let none = r#"{"keys":[]}"#;
        assert_eq!(
            error(none, "regrant"),
            "the receipt is not valid: UnknownKey"
        );
        assert_eq!(error("{}", "regrant"), "the file holds no key set");
    }

    #[test]
    fn a_statement_is_read_as_it_was_printed_or_as_the_api_responds() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in [
            "a.b.c\n",
            r#"{"statement":"a.b.c"}"#,
            r#"{"receipt":{"statement":"a.b.c"}}"#,
        ] {
            fs::write(file.path(), text).unwrap();
            assert_eq!(read_statement(&file.path().to_owned()).unwrap(), "a.b.c");
        }
    }
}
