//! The checks of `doctor`, one function each.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use regrant_crypto::KeyProvider;
use regrant_domain::{Clock, Timestamp, error_chain};
use regrant_storage::{Backlog, WaitingWork};

use super::{Finding, Level, keys};
use crate::{
    config::{Config, SettingsSource},
    http, installation, private_file,
};

/// Seconds for which Graph accepts a proof; with a larger clock error every call fails.
const PROOF_LIFETIME_SECONDS: i64 = 300;
/// Minutes after which due work is late; a worker looks for it every few seconds.
const LATE_MINUTES: i64 = 15;
/// Seconds since 1970: any earlier time of the clock is wrong.
const EARLIEST_PLAUSIBLE_TIME: i64 = 1_767_225_600;

pub(super) async fn run_checks(config: Config, source: &SettingsSource) -> Vec<Finding> {
    let mut findings = vec![Finding::new(
        Level::Ok,
        "settings",
        "every setting is valid",
    )];
    findings.push(check_listeners(&config));
    findings.push(check_proxies(&config.api));
    findings.extend(check_passphrase_file(source));
    let (opened, provider) = keys::open_keys(config.keys).await;
    findings.extend(opened);
    findings.extend(check_database(&config.database, provider).await);
    findings.extend(check_graph(&config.graph).await);
    findings
}

fn check_listeners(config: &Config) -> Finding {
    let open: Vec<_> = [config.listen, config.admin_listen]
        .into_iter()
        .filter(|it| !it.ip().is_loopback())
        .collect();
    match open.as_slice() {
        [] => Finding::new(
            Level::Ok,
            "listeners",
            "on loopback: put a proxy that ends TLS in front of them",
        ),
        [first, ..] => Finding::new(
            Level::Warn,
            "listeners",
            format!(
                "{first} speaks plain HTTP and other machines can reach it: let only a proxy that ends TLS reach it"
            ),
        ),
    }
}

/// Whether callers behind a proxy have addresses of their own. The listeners speak plain HTTP: an https address means
/// that a proxy ends TLS.
fn check_proxies(api: &regrant_api::Settings) -> Finding {
    let is_https = api
        .public_url
        .as_ref()
        .is_some_and(|it| it.starts_with("https:"));
    let (level, message) = match api.trusted_proxies.as_slice() {
        [] if is_https => (
            Level::Fail,
            "public_url is https, so a proxy ends TLS, and trusted_proxies names none: all callers have the proxy's \
             address, and the failures of one limit all; name the proxy's network",
        ),
        [] => (Level::Ok, "none, and public_url expects none"),
        nets if nets.iter().any(|it| it.prefix_len() == 0) => (
            Level::Fail,
            "trusted_proxies names every address: any caller chooses its own; name the proxy's network only",
        ),
        _ => (
            Level::Ok,
            "X-Forwarded-For counts from these; the log warns if it comes from others",
        ),
    };
    Finding::new(level, "proxies", message)
}

fn check_passphrase_file(source: &SettingsSource) -> Option<Finding> {
    let path = source.find_value("keyring.passphrase_file")?;
    let open = private_file::is_open_to_others(Path::new(path)).unwrap_or(false);
    let message = "other users may read the file, as keyring.allow_shared_passphrase_file permits: is it the platform that mounts it so?";
    open.then(|| Finding::new(Level::Warn, "passphrase", message))
}

async fn check_database(
    settings: &regrant_storage::Settings,
    provider: Option<KeyProvider>,
) -> Vec<Finding> {
    match regrant_storage::Store::connect(settings).await {
        Ok(store) => {
            let opened = check_kind(&store).await;
            let now = Clock::system_time();
            let backlog = match store.read_backlog(now, now).await {
                Ok(backlog) => check_due_work(&backlog, now),
                Err(error) => Finding::new(Level::Fail, "due work", error_chain(&error)),
            };
            let mut findings = vec![opened];
            findings.extend(check_durability(&store).await);
            findings.extend(check_defaults(&store).await);
            findings.push(backlog);
            if let Some(provider) = provider {
                findings.extend(keys::check_data_keys(&store, provider).await);
            }
            // An error does not matter: the process ends anyway.
            drop(store.close().await);
            findings
        }
        Err(error) => {
            let remedy = installation::storage_hint(&error);
            let message = format!("{}; {remedy}", error_chain(&error));
            vec![Finding::new(Level::Fail, "database", message)]
        }
    }
}

/// What kind of database it is, and whether it accepts writes.
async fn check_kind(store: &regrant_storage::Store) -> Finding {
    let (level, message) = match store.is_standby().await {
        Ok(true) => (Level::Fail, installation::STANDBY.to_owned()),
        Err(error) => (Level::Fail, error_chain(&error)),
        Ok(false) if store.is_sqlite() => (
            Level::Ok,
            "SQLite: version and pragmas are right, the schema is up to date".to_owned(),
        ),
        Ok(false) => (
            Level::Ok,
            "PostgreSQL: the role cannot bypass row-level security, the schema is up to date"
                .to_owned(),
        ),
    };
    Finding::new(level, "database", message)
}

/// Whether what was committed survives a power failure. SQLite is not opened otherwise.
async fn check_durability(store: &regrant_storage::Store) -> Option<Finding> {
    let message = match store.list_unsafe_settings().await {
        Ok(off) if off.is_empty() => return None,
        Ok(off) => format!(
            "PostgreSQL runs without {}: a power failure damages the database or loses tokens that were replaced; turn it on",
            off.join(", ")
        ),
        Err(error) => error_chain(&error),
    };
    Some(Finding::new(Level::Fail, "durability", message))
}

/// Whether what was committed survives behind a pooler that drops the settings of a session.
async fn check_defaults(store: &regrant_storage::Store) -> Option<Finding> {
    let (level, message) = match store.list_unsafe_defaults().await {
        Ok(off) if off.is_empty() => return None,
        Ok(off) => (
            Level::Warn,
            format!(
                "{} is off by default for this role: a session of Regrant turns it on, and a pooler in transaction mode drops \
                 that; behind one run ALTER ROLE … SET … = 'on'",
                off.join(", ")
            ),
        ),
        Err(error) => (Level::Fail, error_chain(&error)),
    };
    Some(Finding::new(level, "durability", message))
}

/// Whether a worker keeps up: counts overdue work with the oldest, and leases whose holder is gone.
fn check_due_work(backlog: &Backlog, now: Timestamp) -> Finding {
    let late = |it: &WaitingWork| it.oldest.map_or(0, |oldest| (now - oldest).num_minutes());
    let counts = format!(
        "{} probe(s) overdue, the oldest by {} min; {} other task(s), the oldest by {} min; {} lease(s) held, {} stuck",
        backlog.probes.count,
        late(&backlog.probes),
        backlog.work.count,
        late(&backlog.work),
        backlog.leased,
        backlog.expired,
    );
    if late(&backlog.probes).max(late(&backlog.work)) < LATE_MINUTES && backlog.expired == 0 {
        return Finding::new(Level::Ok, "due work", counts);
    }
    let advice = "does a worker run (`regrant work`, or `serve --with-worker`)? its log names the lane that fails";
    Finding::new(Level::Warn, "due work", format!("{counts}: {advice}"))
}

/// Sends a request without a token: any response shows that Graph can be reached, and holds its time.
async fn check_graph(settings: &regrant_graph::Settings) -> Vec<Finding> {
    match request_graph(settings).await {
        Ok(response) => {
            let date = response.headers().get("date");
            let date = date.and_then(|it| it.to_str().ok());
            let date = date.and_then(|it| DateTime::parse_from_rfc2822(it).ok());
            let message = format!("responds with status {}", response.status().as_u16());
            let reached = Finding::new(Level::Ok, "graph", message);
            vec![reached, check_clock(date.map(|it| it.to_utc()))]
        }
        Err(error) => {
            let message = format!(
                "{error:#}; reconnects wait until Graph responds: check the network and graph.base_url"
            );
            vec![
                Finding::new(Level::Fail, "graph", message),
                check_clock(None),
            ]
        }
    }
}

async fn request_graph(settings: &regrant_graph::Settings) -> anyhow::Result<reqwest::Response> {
    let client = http::build_client(Duration::from_secs(10))?;
    let response = client.get(settings.base_url.clone()).send().await;
    Ok(response.map_err(reqwest::Error::without_url)?)
}

fn check_clock(theirs: Option<DateTime<Utc>>) -> Finding {
    let ours = Clock::system_time();
    if ours.timestamp() < EARLIEST_PLAUSIBLE_TIME {
        return Finding::new(
            Level::Fail,
            "clock",
            format!("the clock shows {ours}, which is in the past: start time synchronisation"),
        );
    }
    let Some(theirs) = theirs else {
        return Finding::new(
            Level::Warn,
            "clock",
            "Graph sent no time to compare it with",
        );
    };
    let off = (ours - theirs).num_seconds().abs();
    let message = format!("{off} s away from Graph's clock");
    match off {
        0..=30 => Finding::new(Level::Ok, "clock", message),
        31..=PROOF_LIFETIME_SECONDS => Finding::new(
            Level::Warn,
            "clock",
            format!("{message}: start time synchronisation"),
        ),
        _ => Finding::new(
            Level::Fail,
            "clock",
            format!("{message}: Graph refuses proofs; start time synchronisation"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_work_and_stuck_leases_are_reported() {
        let now = Clock::system_time();
        let level = |minutes: i64, stuck: u64| {
            let oldest = Some(now - chrono::Duration::minutes(minutes));
            let probes = WaitingWork { count: 3, oldest };
            check_due_work(
                &Backlog {
                    probes,
                    expired: stuck,
                    ..Backlog::default()
                },
                now,
            )
            .level
        };
        assert_eq!(
            (level(1, 0), level(16, 0), level(1, 1)),
            (Level::Ok, Level::Warn, Level::Warn)
        );
        assert_eq!(check_due_work(&Backlog::default(), now).level, Level::Ok);
    }

    #[test]
    fn a_proxy_that_is_not_trusted_fails_and_so_does_trust_in_everybody() {
        let level = |url: Option<&str>, trusted: &[&str]| {
            let api = regrant_api::Settings {
                public_url: url.map(str::to_owned),
                trusted_proxies: trusted.iter().map(|it| it.parse().unwrap()).collect(),
                ..regrant_api::Settings::default()
            };
            check_proxies(&api).level
        };
        let https = Some("https://regrant.example");
        assert_eq!(level(https, &[]), Level::Fail);
        assert_eq!(level(https, &["10.0.0.1/32"]), Level::Ok);
        assert_eq!(level(https, &["10.0.0.1/32", "0.0.0.0/0"]), Level::Fail);
        assert_eq!(level(None, &[]), Level::Ok);
    }

    #[test]
    fn a_clock_that_makes_proofs_expire_fails() {
        let at = |off: i64| {
            check_clock(Some(Clock::system_time() + chrono::Duration::seconds(off))).level
        };
        assert_eq!(
            (at(0), at(-120), at(900)),
            (Level::Ok, Level::Warn, Level::Fail)
        );
        assert_eq!(check_clock(None).level, Level::Warn);
    }

    #[tokio::test]
    async fn a_database_that_does_not_open_is_reported_with_its_cause() {
        let home = tempfile::tempdir().unwrap();
        let settings = regrant_storage::Settings {
            url: format!("sqlite:{}/missing/db", home.path().display()),
            max_connections: 1,
            acquire_timeout: Duration::from_secs(2),
            busy_timeout: Duration::from_secs(1),
        };
        let findings = check_database(&settings, None).await;
        let report = findings.first().unwrap().to_string();
        assert!(report.contains("unable to open database file"), "{report}");
    }
}
