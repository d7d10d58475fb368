//! Opens an installation by its settings: the database, the keyring and the upstream.
//!
//! The rule: every error here says what the operator can do about it.

use anyhow::Context as _;
use regrant_crypto::LocalKeys;
use regrant_domain::Clock;
use regrant_migration::{Migrator, MigratorTrait as _};
use regrant_storage::Store;
use regrant_vault::{Parts, Vault};
use tracing::warn;

use crate::{
    config::{Config, KeyringFile},
    key_provider,
};

/// Opens the vault of an installation.
pub(crate) async fn open_vault(config: Config) -> anyhow::Result<Vault> {
    let store = open_store(&config.database).await?;
    // Boxed, so that the futures of the commands stay small.
    Box::pin(open_parts(store, config)).await
}

/// Opens the vault for a process that serves or works. A standby is refused: it would issue access tokens, say that it
/// is ready, and fail every write.
pub(crate) async fn open_vault_to_write(config: Config) -> anyhow::Result<Vault> {
    let store = open_store(&config.database).await?;
    let standby = store.is_standby().await;
    anyhow::ensure!(!standby.context("cannot ask the database")?, "{STANDBY}");
    Box::pin(open_parts(store, config)).await
}

async fn open_parts(store: Store, config: Config) -> anyhow::Result<Vault> {
    let provider = Box::pin(key_provider::open_provider(config.keys)).await?;
    let clock = Clock::System;
    let graph = regrant_graph::Client::new(config.graph, clock.clone())
        .context("the Graph settings cannot be used")?;
    let vault = Vault::open(Parts {
        store,
        provider,
        graph,
        clock,
        settings: config.vault,
    })
    .await;
    vault.context("the vault does not open: are these keys the ones the database was made with?")
}

/// What to say and to do about a database that accepts no writes.
pub(crate) const STANDBY: &str = "the database is a standby: it replays the log of another server and accepts no writes. \
     `serve` and `work` need the primary: name it in database.url, or promote this one. `audit verify` and `audit \
     export` run here";

/// Announces this process, which serves or works. On SQLite it becomes the only one that works on the file.
pub(crate) async fn join_installation(vault: &Vault) -> anyhow::Result<()> {
    vault.become_sole_process().await.context(
        "cannot work on the database. SQLite is for one process: is another `serve`, `work` or `dev` running? \
         `serve --with-worker` does both in one process; on PostgreSQL several processes may run",
    )?;
    let announced = vault.announce_until_closed().await;
    announced.context("cannot announce this process")
}

/// Opens the database, applies every migration and closes it; for an installation that migrates itself.
pub(crate) async fn migrate_up(url: &str) -> anyhow::Result<()> {
    let connection = regrant_migration::open_to_migrate(url)
        .await
        .context("cannot open the database")?;
    let migrated = Migrator::up(&connection, None)
        .await
        .context("a step failed");
    connection.close().await?;
    migrated
}

/// Opens the database; an error says what to do about it.
pub(crate) async fn open_store(settings: &regrant_storage::Settings) -> anyhow::Result<Store> {
    Store::connect(settings).await.map_err(|error| {
        let hint = storage_hint(&error);
        anyhow::Error::from(error).context(hint)
    })
}

/// The remedy for an error of the database.
pub(crate) fn storage_hint(error: &regrant_storage::Error) -> &'static str {
    match error {
        regrant_storage::Error::SchemaOutdated => "the schema is outdated: run `regrant migrate`",
        regrant_storage::Error::UnsafeRole(_) => {
            "serve with a role that owns no table and cannot bypass row-level security; `regrant migrate --app-role NAME` grants it what it needs"
        }
        regrant_storage::Error::Unsupported(_) => {
            "the database is not supported: see docs/operations.md"
        }
        _ => {
            "cannot open the database: is the address right, was `regrant migrate` run, is the server up?"
        }
    }
}

/// Unlocks the keyring on a blocking thread: that takes seconds of CPU and much memory.
pub(crate) async fn unlock_keyring(file: KeyringFile) -> anyhow::Result<LocalKeys> {
    let KeyringFile {
        path,
        passphrase,
        read_passphrase,
    } = file;
    if passphrase.is_short() {
        warn!("{SHORT_PASSPHRASE}");
    }
    let path_text = path.display().to_string();
    let open = move || LocalKeys::open(path, &passphrase, read_passphrase);
    let keys = tokio::task::spawn_blocking(open).await?;
    keys.with_context(|| format!("cannot open the keyring {path_text}"))
}

/// What to say and to do about a passphrase that is shorter than one of a new keyring may be.
pub(crate) const SHORT_PASSPHRASE: &str = "the passphrase of the keyring has fewer than 16 bytes, so that a copy of the \
     keyring can be opened by guessing: keep every copy of the keyring from others, and give a new installation a \
     longer passphrase";
