//! `regrant keys`: creates and shows the keyring file, and rotates its key.
//!
//! The rule: a key is never printed, and an existing keyring is never overwritten.

mod rotation;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use regrant_crypto::{KekState, KekSummary, Keyring, Strength};
use regrant_domain::Passphrase;
use serde_json::{Value, json};

use crate::{
    GlobalArgs,
    config::PASSPHRASE_IN_VARIABLE,
    installation::SHORT_PASSPHRASE,
    private_file::{self, SharedFile},
};

/// What to do with the keyring.
#[derive(clap::Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a keyring with one active key; an existing file is never overwritten.
    Init {
        #[command(flatten)]
        paths: KeyringPaths,
        /// Memory in MiB that each guess at the passphrase costs.
        #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..=1024))]
        memory: u32,
    },
    /// List the keys with version and state, without the keys themselves.
    Show {
        #[command(flatten)]
        paths: KeyringPaths,
    },
    #[command(flatten)]
    Rotation(rotation::RotationCommand),
}

/// Paths of the keyring and its passphrase.
#[derive(clap::Args)]
pub(crate) struct KeyringPaths {
    /// The keyring file.
    #[arg(long, env = "REGRANT_KEYRING_PATH", value_name = "PATH")]
    keyring: PathBuf,
    /// A file with the passphrase; `-` reads it from standard input.
    #[arg(long, env = "REGRANT_KEYRING_PASSPHRASE_FILE", value_name = "PATH")]
    passphrase_file: PathBuf,
    /// Accept a passphrase file that others than its owner may read, because the platform mounts it so.
    #[arg(long, env = "REGRANT_KEYRING_ALLOW_SHARED_PASSPHRASE_FILE")]
    allow_shared_passphrase_file: bool,
}

impl KeyringPaths {
    fn read_passphrase(&self) -> anyhow::Result<Passphrase> {
        anyhow::ensure!(
            std::env::var_os("REGRANT_KEYRING_PASSPHRASE").is_none_or(|it| it.is_empty()),
            "REGRANT_KEYRING_PASSPHRASE {PASSPHRASE_IN_VARIABLE}"
        );
        let shared = if self.allow_shared_passphrase_file {
            SharedFile::Allowed
        } else {
            SharedFile::Refused
        };
        private_file::read_passphrase(&self.passphrase_file, shared)
    }
}

pub(crate) async fn run(command: KeysCommand, global: &GlobalArgs) -> anyhow::Result<ExitCode> {
    let (paths, keyring) = match command {
        KeysCommand::Rotation(command) => return rotation::run(command, global).await,
        KeysCommand::Init { paths, memory } => {
            let keyring = create_keyring(&paths, memory)?;
            (paths, keyring)
        }
        KeysCommand::Show { paths } => {
            let passphrase = paths.read_passphrase()?;
            let keyring =
                Keyring::open(&paths.keyring, &passphrase).context("cannot open the keyring")?;
            if passphrase.is_short() {
                // A failed write to stderr cannot be reported anywhere.
                drop(writeln!(std::io::stderr(), "warning: {SHORT_PASSPHRASE}"));
            }
            (paths, keyring)
        }
    };
    let keys: Vec<_> = keyring.list_keks().collect();
    let lines: Vec<_> = keys.iter().map(format_key).collect();
    let text = format!("{}\n{}", paths.keyring.display(), lines.join("\n"));
    let value =
        json!({ "path": paths.keyring, "keys": keys.iter().map(key_json).collect::<Vec<_>>() });
    global.output.print_result(&value, text)?;
    Ok(ExitCode::SUCCESS)
}

fn create_keyring(paths: &KeyringPaths, memory: u32) -> anyhow::Result<Keyring> {
    let strength = Strength::new(memory.saturating_mul(1024), 3, 1)?;
    let made = Keyring::create(&paths.keyring, &paths.read_passphrase()?, strength);
    made.with_context(|| format!("cannot create the keyring {}", paths.keyring.display()))
}

fn format_key(key: &KekSummary) -> String {
    format!(
        "  key {} version {}  {}",
        key.kek.id,
        key.kek.version,
        state_name(key.state)
    )
}

fn key_json(key: &KekSummary) -> Value {
    json!({ "id": key.kek.id, "version": key.kek.version, "state": state_name(key.state) })
}

const fn state_name(state: KekState) -> &'static str {
    match state {
        KekState::Staged => "staged",
        KekState::Active => "active",
        KekState::DecryptOnly => "decrypt-only",
        KekState::Destroyed => "destroyed",
    }
}
