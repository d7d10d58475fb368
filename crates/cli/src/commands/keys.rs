//! `regrant keys`: the keyring's file.

use std::path::PathBuf;

use anyhow::Context as _;
use regrant_crypto::{KekState, KekSummary, Keyring, Strength};
use regrant_domain::Passphrase;
use serde_json::{Value, json};

use crate::{output::Output, private_file};

/// What to do with the keyring.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Make a keyring with one active key; an existing file is never written over.
    Init {
        #[command(flatten)]
        place: Place,
        /// Memory that each guess at the passphrase costs, in MiB.
        #[arg(long, default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u32).range(64..=1024))]
        memory: u32,
    },
    /// Show which keys there are and where they stand; never the keys.
    Show {
        #[command(flatten)]
        place: Place,
    },
}

/// Where the keyring is.
#[derive(clap::Args)]
pub(crate) struct Place {
    /// The keyring's file.
    #[arg(long, env = "REGRANT_KEYRING_PATH", value_name = "PATH")]
    keyring: PathBuf,
    /// A file with the passphrase; `-` reads it from standard input.
    #[arg(long, env = "REGRANT_KEYRING_PASSPHRASE_FILE", value_name = "PATH")]
    passphrase_file: PathBuf,
}

impl Place {
    fn passphrase(&self) -> anyhow::Result<Passphrase> {
        Ok(Passphrase::parse(private_file::read_secret(
            &self.passphrase_file,
        )?)?)
    }
}

pub(crate) fn run(command: Command, output: Output) -> anyhow::Result<()> {
    let (place, keyring) = match command {
        Command::Init { place, memory } => {
            let keyring = init(&place, memory)?;
            (place, keyring)
        }
        Command::Show { place } => {
            let keyring = Keyring::open(&place.keyring, &place.passphrase()?)
                .context("cannot open the keyring")?;
            (place, keyring)
        }
    };
    let keys: Vec<_> = keyring.summaries().collect();
    let lines: Vec<_> = keys.iter().map(line).collect();
    let text = format!("{}\n{}", place.keyring.display(), lines.join("\n"));
    let value =
        json!({ "path": place.keyring, "keys": keys.iter().map(value).collect::<Vec<_>>() });
    output.print(&value, text)
}

fn init(place: &Place, memory: u32) -> anyhow::Result<Keyring> {
    let strength = Strength::new(memory.saturating_mul(1024), 3, 1)?;
    let made = Keyring::create(&place.keyring, &place.passphrase()?, strength);
    made.with_context(|| format!("cannot make the keyring {}", place.keyring.display()))
}

fn line(key: &KekSummary) -> String {
    format!(
        "  key {} version {}  {}",
        key.kek.id,
        key.kek.version,
        word(key.state)
    )
}

fn value(key: &KekSummary) -> Value {
    json!({ "id": key.kek.id, "version": key.kek.version, "state": word(key.state) })
}

const fn word(state: KekState) -> &'static str {
    match state {
        KekState::Staged => "staged",
        KekState::Active => "active",
        KekState::DecryptOnly => "decrypt-only",
        KekState::Destroyed => "destroyed",
    }
}
