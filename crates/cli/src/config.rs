//! The settings of a production command: a TOML file and `REGRANT_…` variables, which win over the file.
//!
//! The rule: tuning has defaults, the database and the keyring have none, and every fault is reported at
//! once by the name that the setting was written with. A value is never printed, because any of them may hold a secret.
//! Start at [`Config::from_process`]; each section has a file of its own.
//!
//! A setting `a.b` of the file is the variable `REGRANT_A_B`. All of them, by the file that reads them:
//!
//! - here: `REGRANT_LISTEN`, `REGRANT_ADMIN_LISTEN`, `REGRANT_WITH_WORKER`, `REGRANT_LOG_FORMAT`
//! - `database.rs`: `REGRANT_DATABASE_URL` (or `DATABASE_URL`, `REGRANT_DATABASE_URL_FILE`),
//!   `REGRANT_DATABASE_MAX_CONNECTIONS`, `REGRANT_DATABASE_ACQUIRE_TIMEOUT_SECONDS`,
//!   `REGRANT_DATABASE_BUSY_TIMEOUT_SECONDS`
//! - `keyring.rs`: `REGRANT_KEYRING_PATH`, `REGRANT_KEYRING_PASSPHRASE_FILE`,
//!   `REGRANT_KEYRING_ALLOW_SHARED_PASSPHRASE_FILE`
//! - `keys.rs`: `REGRANT_KEYS_PROVIDER`, `REGRANT_KEYS_ENVIRONMENT`; of `REGRANT_KEYS_AWS_KMS_…`: `KEY_ARN`,
//!   `FORMER_KEY_ARNS`, `ENDPOINT`; of `REGRANT_KEYS_PKCS11_…`: `MODULE`, `TOKEN_LABEL`, `KEY_LABEL`, `PIN_FILE`; of
//!   `REGRANT_KEYS_TRANSIT_…`: `ADDRESS`, `MOUNT`, `KEY`, `NAMESPACE`, `CA_FILE`, `TOKEN_FILE`
//! - `graph.rs`: `REGRANT_GRAPH_BASE_URL`, `REGRANT_GRAPH_VERSION`, `REGRANT_GRAPH_TIMEOUT_SECONDS`,
//!   `REGRANT_GRAPH_MAX_IN_FLIGHT`
//! - `api.rs`: `REGRANT_PUBLIC_URL`, `REGRANT_TRUSTED_PROXIES`, `REGRANT_LIMITS_BODY_BYTES`,
//!   `REGRANT_LIMITS_REQUESTS_PER_SECOND`, `REGRANT_LIMITS_SESSION_REQUESTS_PER_SECOND`,
//!   `REGRANT_LIMITS_ADDRESS_REQUESTS_PER_SECOND`, `REGRANT_LIMITS_CALLBACKS_PER_SECOND`,
//!   `REGRANT_LIMITS_BODIES_IN_FLIGHT_BYTES`, `REGRANT_LIMITS_CONNECTIONS`, `REGRANT_LIMITS_ADDRESS_CONNECTIONS`
//! - `vault.rs`: `REGRANT_ISSUER`, `REGRANT_AUDIENCE`, `REGRANT_LEASE_SECONDS`,
//!   `REGRANT_TENANT_DELETION_WAIT_DAYS`, `REGRANT_WEBHOOK_ALLOW_LOOPBACK`,
//!   `REGRANT_KEYS_ROTATE_EVERY_DAYS`, `REGRANT_AUDIT_CHECKPOINT_HOURS`, `REGRANT_AUDIT_CHECKPOINT_FILE`; of
//!   `REGRANT_LIMITS_…`: `ASSETS`, `RUNNING_RECONNECTS`, `RECORD_BYTES`, `RECONNECT_ASSETS`, `REGISTER_ASSETS`, `LOOKUP_ASSETS`, `JOBS_IN_FLIGHT`;
//!   of `REGRANT_RETENTION_…`: `IDEMPOTENCY_HOURS`, `EVENTS_DAYS`, `CUT_OFFS_DAYS`, `INBOX_DAYS`,
//!   `RECONNECTS_DAYS`, `RECONNECT_SESSIONS_DAYS`, `AUDIT_READS_DAYS`, `AUDIT_WORKER_DAYS`, `AUDIT_ACTS_DAYS`
//! - `worker.rs`: `REGRANT_WORKER_LOOK_SECONDS`, `REGRANT_WORKER_PROBES`, `REGRANT_WORKER_FAILING_PROBES`
//!
//! Read elsewhere: `REGRANT_CONFIG` (`main.rs`), `REGRANT_LOG` (`telemetry.rs`), `REGRANT_OPERATOR_PASSWORD` or
//! `…_FILE` (`commands/operators.rs`), `REGRANT_OWNER_DATABASE_URL` or `…_FILE` (`commands/migrate.rs`).

mod api;
mod database;
mod faults;
mod graph;
mod keyring;
mod keys;
mod loopback;
mod reader;
mod source;
#[cfg(test)]
mod tests;
mod vault;
mod worker;

use std::net::SocketAddr;

use crate::{GlobalArgs, telemetry::LogFormat};

pub(crate) use faults::Faults;
pub(crate) use keyring::{KeyringFile, PASSPHRASE_IN_VARIABLE};
pub(crate) use keys::KeysConfig;
pub(crate) use source::{SettingsSource, variable_name};

use reader::SettingsReader;

/// Everything a production command runs with.
pub(crate) struct Config {
    /// The address of the public API.
    pub listen: SocketAddr,
    /// The address of the operators' API and of health.
    pub admin_listen: SocketAddr,
    /// The database.
    pub database: regrant_storage::Settings,
    /// The key providers.
    pub keys: KeysConfig,
    /// The upstream.
    pub graph: regrant_graph::Settings,
    /// The use cases.
    pub vault: regrant_vault::Settings,
    /// The API.
    pub api: regrant_api::Settings,
    /// The worker.
    pub worker: regrant_worker::Settings,
    /// Whether `serve` runs the worker, too.
    pub with_worker: bool,
    /// The form of the log.
    pub log: LogFormat,
}

impl Config {
    /// Reads the settings of this process: the file of `--config`, then the environment.
    pub fn from_process(global: &GlobalArgs) -> anyhow::Result<Self> {
        let source = SettingsSource::from_process(global.config.as_deref())?;
        Ok(Self::from_source(&source)?)
    }

    /// Reads every setting, and reports every fault.
    pub fn from_source(source: &SettingsSource) -> Result<Self, Faults> {
        let mut reader = SettingsReader::new(source);
        let config = Self::read_sections(&mut reader);
        let faults = reader.into_faults();
        // `config` is `None` only after a fault, so one of the two is always there.
        config.filter(|_| faults.is_empty()).ok_or(faults)
    }

    /// Reads every section before it returns, so that no fault hides another.
    fn read_sections(reader: &mut SettingsReader<'_>) -> Option<Self> {
        let listen = reader.read_or_default("listen", SocketAddr::from(([127, 0, 0, 1], 8080)));
        let admin_listen =
            reader.read_or_default("admin_listen", SocketAddr::from(([127, 0, 0, 1], 8081)));
        let database = database::read_database(reader);
        let keys = keys::read_keys(reader);
        let graph = graph::read_graph(reader);
        let api = api::read_api(reader);
        let vault = vault::read_vault(reader, &graph, api.public_url.as_deref());
        let worker = worker::read_worker(reader);
        let with_worker = reader.read_or_default("with_worker", false);
        let log = reader.read_or_default("log.format", LogFormat::default());
        let (database, keys) = (database?, keys?);
        Some(Self {
            listen,
            admin_listen,
            database,
            keys,
            graph,
            vault,
            api,
            worker,
            with_worker,
            log,
        })
    }
}
