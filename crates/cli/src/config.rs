//! The settings of a production command: one file and `REGRANT_…` variables, variables first.
//!
//! The rule: tuning has defaults, a database and a keyring have none, and every fault is reported at
//! once by the name of its variable. A value is never printed: any of them may hold a secret.

mod faults;
mod reader;
mod source;

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use ipnet::IpNet;
use regrant_domain::Passphrase;
use regrant_vault::Retention;
use url::Url;

use crate::{Global, telemetry::LogFormat};

pub(crate) use faults::Faults;
pub(crate) use source::{Source, variable};

use reader::Reader;

/// Everything a production command runs with.
pub(crate) struct Config {
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Where operators and health are answered.
    pub admin_listen: SocketAddr,
    /// The database.
    pub database: regrant_storage::Settings,
    /// The keyring.
    pub keyring: KeyringFile,
    /// The upstream.
    pub graph: regrant_graph::Settings,
    /// The use cases.
    pub vault: regrant_vault::Settings,
    /// The API.
    pub api: regrant_api::Settings,
    /// The worker.
    pub worker: regrant_worker::Settings,
    /// Whether `serve` works, too.
    pub with_worker: bool,
    /// The log.
    pub log: LogFormat,
}

/// Where the keyring is and what unlocks it.
pub(crate) struct KeyringFile {
    /// The file.
    pub path: PathBuf,
    /// What unlocks it.
    pub passphrase: Passphrase,
}

impl Config {
    /// The settings of this process: `--config`, then the environment.
    pub fn of_process(global: &Global) -> anyhow::Result<Self> {
        let source = Source::of_process(global.config.as_deref())?;
        Ok(Self::read(&source)?)
    }

    /// Reads every setting, and reports every fault.
    pub fn read(source: &Source) -> Result<Self, Faults> {
        let mut reader = Reader::new(source);
        let config = Self::parts(&mut reader);
        let faults = reader.finish();
        // `config` is whole where there is no fault: a missing part is one.
        config.filter(|_| faults.is_empty()).ok_or(faults)
    }

    fn parts(reader: &mut Reader<'_>) -> Option<Self> {
        let listen = reader.or("listen", SocketAddr::from(([127, 0, 0, 1], 8080)));
        let admin_listen = reader.or("admin_listen", SocketAddr::from(([127, 0, 0, 1], 8081)));
        let database = database(reader);
        let keyring = keyring(reader);
        let graph = graph(reader);
        let vault = vault(reader, &graph);
        let api = api(reader);
        let worker = worker(reader);
        let with_worker = reader.or("with_worker", false);
        let log = reader.or("log.format", LogFormat::default());
        let (database, keyring) = (database?, keyring?);
        Some(Self {
            listen,
            admin_listen,
            database,
            keyring,
            graph,
            vault,
            api,
            worker,
            with_worker,
            log,
        })
    }
}

fn database(reader: &mut Reader<'_>) -> Option<regrant_storage::Settings> {
    let url = reader.secret("database.url");
    let max_connections = reader.at_least_one("database.max_connections", 10);
    let busy_timeout = reader.seconds("database.busy_timeout_seconds", Duration::from_secs(5));
    let url = url?;
    let is_known = ["sqlite:", "postgres://", "postgresql://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if !is_known {
        reader.fault(
            "database.url",
            "expected `sqlite:PATH` or `postgres://USER@HOST/NAME`",
        );
    }
    Some(regrant_storage::Settings {
        url: url.to_string(),
        max_connections,
        busy_timeout,
    })
}

fn keyring(reader: &mut Reader<'_>) -> Option<KeyringFile> {
    let path = reader.required("keyring.path");
    let passphrase = reader.secret("keyring.passphrase");
    let passphrase = Passphrase::parse(passphrase?);
    let passphrase = passphrase
        .map_err(|error| reader.fault("keyring.passphrase", error))
        .ok()?;
    Some(KeyringFile {
        path: path?,
        passphrase,
    })
}

fn graph(reader: &mut Reader<'_>) -> regrant_graph::Settings {
    let usual = regrant_graph::Settings::default();
    let base_url: Url = reader.or("graph.base_url", usual.base_url);
    if base_url.scheme() != "https" && !is_on_this_machine(&base_url) {
        reader.fault(
            "graph.base_url",
            "must be https; plain http is for a loopback address alone",
        );
    }
    regrant_graph::Settings {
        base_url,
        version: reader.or("graph.version", usual.version),
        timeout: reader.seconds("graph.timeout_seconds", usual.timeout),
        max_in_flight: reader.at_least_one("graph.max_in_flight", usual.max_in_flight),
        ..regrant_graph::Settings::default()
    }
}

fn vault(reader: &mut Reader<'_>, graph: &regrant_graph::Settings) -> regrant_vault::Settings {
    let mut settings = regrant_vault::Settings::default();
    let webhooks = &mut settings.webhooks.sender;
    webhooks.allow_loopback = reader.or("webhook.allow_loopback", false);
    if webhooks.allow_loopback && !is_on_this_machine(&graph.base_url) {
        let reason = "is for rehearsals: `graph.base_url` must be a loopback address, too";
        reader.fault("webhook.allow_loopback", reason);
    }
    let access = &mut settings.access;
    access.issuer = reader.or("issuer", std::mem::take(&mut access.issuer));
    access.audience = reader.or("audience", std::mem::take(&mut access.audience));
    settings.lease = reader.seconds("lease_seconds", settings.lease);
    let reconnect = &mut settings.reconnect;
    reconnect.max_assets = reader.at_least_one("limits.reconnect_assets", reconnect.max_assets);
    let assets = &mut settings.assets;
    assets.max_registered = reader.at_least_one("limits.register_assets", assets.max_registered);
    settings.max_lookup_assets =
        reader.at_least_one("limits.lookup_assets", settings.max_lookup_assets);
    let tenants = &mut settings.tenants;
    tenants.max_assets = reader.at_least_one("limits.assets", tenants.max_assets);
    tenants.max_running_reconnects =
        reader.at_least_one("limits.running_reconnects", tenants.max_running_reconnects);
    settings.retention = retention(reader);
    tenants.deletion_wait = reader.days("tenant_deletion_wait_days", tenants.deletion_wait);
    reconnect.at_once = reader.at_least_one("limits.jobs_in_flight", reconnect.at_once);
    let audit = &mut settings.audit;
    audit.checkpoint_every = reader.hours("audit.checkpoint_hours", audit.checkpoint_every);
    audit.checkpoint_file = reader.optional("audit.checkpoint_file");
    settings
}

fn api(reader: &mut Reader<'_>) -> regrant_api::Settings {
    let usual = regrant_api::Settings::default();
    regrant_api::Settings {
        public_url: public_url(reader),
        trusted_proxies: trusted_proxies(reader),
        max_body: reader.at_least_one("limits.body_bytes", usual.max_body),
        rates: rates(reader),
        ..usual
    }
}

fn rates(reader: &mut Reader<'_>) -> regrant_api::Rates {
    let usual = regrant_api::Rates::default();
    regrant_api::Rates {
        tenant: reader.at_least_one("limits.requests_per_second", usual.tenant),
        session: reader.at_least_one("limits.session_requests_per_second", usual.session),
        address: reader.at_least_one("limits.address_requests_per_second", usual.address),
    }
}

/// Where the outside reaches the API.
fn public_url(reader: &mut Reader<'_>) -> Option<String> {
    let url: Url = reader.optional("public_url")?;
    if url.scheme() == "https" || (url.scheme() == "http" && is_on_this_machine(&url)) {
        return Some(url.as_str().trim_end_matches('/').to_owned());
    }
    reader.fault(
        "public_url",
        "must be https; plain http is for a loopback address alone",
    );
    None
}

/// Networks of proxies, with commas between; a bare address is a network of one.
fn trusted_proxies(reader: &mut Reader<'_>) -> Vec<IpNet> {
    let list: String = reader.or("trusted_proxies", String::new());
    let parts = list.split(',').map(str::trim).filter(|it| !it.is_empty());
    let network = |it: &str| {
        it.parse()
            .or_else(|_| it.parse::<IpAddr>().map(IpNet::from))
    };
    let networks: Result<Vec<_>, _> = parts.map(network).collect();
    networks.unwrap_or_else(|_| {
        reader.fault(
            "trusted_proxies",
            "expected networks such as 10.0.0.0/8, with commas between",
        );
        Vec::new()
    })
}

fn retention(reader: &mut Reader<'_>) -> Retention {
    let usual = Retention::default();
    Retention {
        idempotency: reader.hours("retention.idempotency_hours", usual.idempotency),
        events: reader.days("retention.events_days", usual.events),
        cut_offs: reader.days("retention.cut_offs_days", usual.cut_offs),
        inbox: reader.days("retention.inbox_days", usual.inbox),
        reconnects: reader.days("retention.reconnects_days", usual.reconnects),
        audit_reads: reader.days_or_for_ever("retention.audit_reads_days", usual.audit_reads),
        audit_worker: reader.days_or_for_ever("retention.audit_worker_days", usual.audit_worker),
        audit_acts: reader.days_or_for_ever("retention.audit_acts_days", usual.audit_acts),
        reconnect_sessions: reader.days(
            "retention.reconnect_sessions_days",
            usual.reconnect_sessions,
        ),
    }
}

fn worker(reader: &mut Reader<'_>) -> regrant_worker::Settings {
    let usual = regrant_worker::Settings::default();
    regrant_worker::Settings {
        look: reader.seconds("worker.look_seconds", usual.look),
        probes: reader.at_least_one("worker.probes", usual.probes),
        failing_probes: reader.at_least_one("worker.failing_probes", usual.failing_probes),
        ..usual
    }
}

/// Whether the URL's host is a loopback address.
fn is_on_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Config, String> {
        Config::read(&Source::of_pairs(pairs)).map_err(|faults| faults.to_string())
    }

    const WHOLE: [(&str, &str); 3] = [
        ("REGRANT_DATABASE_URL", "sqlite:regrant.sqlite3"),
        ("REGRANT_KEYRING_PATH", "keyring"),
        ("REGRANT_KEYRING_PASSPHRASE", "correct horse"),
    ];

    #[test]
    fn every_fault_is_reported_at_once_by_its_variable() {
        let told = read(&[
            ("REGRANT_LISTEN", "8080"),
            ("REGRANT_LEASE_SECONDS", "soon"),
            ("REGRANT_GRAPH_BASE_URL", "http://graph.facebook.com"),
            ("REGRANT_LIMITS_BODY_BYTES", "0"),
            ("REGRANT_LOG_FORMAT", "xml"),
        ]);
        let told = told.err().unwrap();
        for variable in [
            "REGRANT_LISTEN",
            "REGRANT_LEASE_SECONDS",
            "REGRANT_GRAPH_BASE_URL",
            "REGRANT_LIMITS_BODY_BYTES",
            "REGRANT_LOG_FORMAT",
            "REGRANT_DATABASE_URL",
            "REGRANT_KEYRING_PATH",
            "REGRANT_KEYRING_PASSPHRASE",
        ] {
            assert!(told.contains(variable), "{variable} is missing in:\n{told}");
        }
    }

    #[test]
    fn a_database_and_a_keyring_are_enough() {
        let config = read(&WHOLE).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.database.url, "sqlite:regrant.sqlite3");
    }

    #[test]
    fn a_fault_never_repeats_the_value() {
        let told = read(&[
            ("REGRANT_DATABASE_URL", "mysql://user:canary@host"),
            ("REGRANT_LISTEN", "canary"),
        ]);
        assert!(!told.err().unwrap().contains("canary"));
    }

    #[test]
    fn plain_http_is_for_loopback() {
        let at =
            |url: &str| read(&[&WHOLE[..], &[("REGRANT_GRAPH_BASE_URL", url)]].concat()).is_ok();
        assert!(
            at("http://127.0.0.1:8090")
                && at("http://[::1]:8090")
                && at("https://graph.facebook.com")
        );
        assert!(!at("http://10.0.0.1:8090") && !at("http://graph.facebook.com"));
    }

    #[test]
    fn audit_is_kept_for_ever_where_that_is_asked_for() {
        let pairs = [
            ("REGRANT_RETENTION_AUDIT_READS_DAYS", "0"),
            ("REGRANT_RETENTION_AUDIT_ACTS_DAYS", "30"),
        ];
        let keep = read(&[&WHOLE[..], &pairs].concat())
            .unwrap()
            .vault
            .retention;
        assert_eq!(keep.audit_reads, None);
        assert_eq!(keep.audit_worker, Some(chrono::Duration::days(730)));
        assert_eq!(keep.audit_acts, Some(chrono::Duration::days(30)));
    }

    #[test]
    fn trusted_proxies_are_networks() {
        let with = |list: &str| read(&[&WHOLE[..], &[("REGRANT_TRUSTED_PROXIES", list)]].concat());
        let told = |it: Config| {
            it.api
                .trusted_proxies
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            told(with("10.0.0.0/8, 192.0.2.1,fd00::/8").unwrap()),
            ["10.0.0.0/8", "192.0.2.1/32", "fd00::/8"]
        );
        assert!(told(with("").unwrap()).is_empty());
        for faulty in ["10.0.0.0/33", "proxy.local", "10.0.0.0/8;10.1.0.0/16"] {
            assert!(
                with(faulty)
                    .err()
                    .unwrap()
                    .contains("REGRANT_TRUSTED_PROXIES"),
                "{faulty}"
            );
        }
    }

    #[test]
    fn webhooks_to_loopback_are_for_rehearsals() {
        let allowed = [("REGRANT_WEBHOOK_ALLOW_LOOPBACK", "true")];
        let told = read(&[&WHOLE[..], &allowed].concat()).err().unwrap();
        assert!(told.contains("REGRANT_WEBHOOK_ALLOW_LOOPBACK"), "{told}");
        let local = [("REGRANT_GRAPH_BASE_URL", "http://127.0.0.1:8090")];
        let config = read(&[&WHOLE[..], &allowed, &local].concat()).unwrap();
        assert!(config.vault.webhooks.sender.allow_loopback);
        assert!(
            !read(&[&WHOLE[..], &local].concat())
                .unwrap()
                .vault
                .webhooks
                .sender
                .allow_loopback
        );
    }
}
