//! The single checks.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use regrant_domain::{Clock, Timestamp};
use regrant_storage::{Backlog, Waiting};

use super::{Finding, Level};
use crate::{
    config::{Config, KeyringFile, Source},
    http, installation, private_file,
};

/// A proof for Graph is good for five minutes: a clock that is off by more makes every call fail.
const PROOF_LIFE: i64 = 300;
/// Minutes after which due work is late: a worker looks every few seconds.
const LATE: i64 = 15;
/// Nothing was built before.
const EARLIEST: i64 = 1_767_225_600;

pub(super) async fn all(config: Config, source: &Source) -> Vec<Finding> {
    let mut findings = vec![Finding::new(
        Level::Ok,
        "settings",
        "every setting can be read",
    )];
    findings.push(listen(&config));
    findings.extend(passphrase_file(source));
    findings.push(keyring(config.keyring).await);
    findings.extend(database(&config.database).await);
    findings.extend(graph(&config.graph).await);
    findings
}

fn listen(config: &Config) -> Finding {
    let open: Vec<_> = [config.listen, config.admin_listen]
        .into_iter()
        .filter(|it| !it.ip().is_loopback())
        .collect();
    match open.as_slice() {
        [] => Finding::new(
            Level::Ok,
            "listeners",
            "on loopback: a proxy must end TLS in front of them",
        ),
        [first, ..] => Finding::new(
            Level::Warn,
            "listeners",
            format!(
                "{first} can be reached from other machines and speaks plain HTTP: only a proxy that ends TLS may reach it"
            ),
        ),
    }
}

fn passphrase_file(source: &Source) -> Option<Finding> {
    let path = source.find("keyring.passphrase_file")?;
    let open = private_file::is_open_to_others(Path::new(path)).unwrap_or(false);
    let told = "others than its owner may read it: `chmod 600`, unless the platform mounts it so";
    open.then(|| Finding::new(Level::Warn, "passphrase", told))
}

async fn keyring(keyring: KeyringFile) -> Finding {
    match installation::unlock(&keyring.path, keyring.passphrase).await {
        Ok(open) => {
            let keys = open.summaries().count();
            Finding::new(
                Level::Ok,
                "keyring",
                format!("mode 0600, opens, {keys} key(s)"),
            )
        }
        Err(error) => Finding::new(
            Level::Fail,
            "keyring",
            format!("{error:#}; make one with `regrant keys init`"),
        ),
    }
}

async fn database(settings: &regrant_storage::Settings) -> Vec<Finding> {
    match regrant_storage::Store::connect(settings).await {
        Ok(store) => {
            let kind = if store.is_sqlite() {
                "SQLite: version and pragmas are right, schema is up to date"
            } else {
                "PostgreSQL: the role cannot pass row-level security, schema is up to date"
            };
            let opened = Finding::new(Level::Ok, "database", kind);
            let wall = Clock::wall();
            let backlog = match store.backlog(wall, wall).await {
                Ok(backlog) => due_work(&backlog, wall),
                Err(error) => Finding::new(Level::Fail, "due work", error.to_string()),
            };
            // It is only closed to be polite; the process ends anyway.
            drop(store.close().await);
            vec![opened, backlog]
        }
        Err(error) => {
            let told = format!("{error}; {}", installation::hint(&error));
            vec![Finding::new(Level::Fail, "database", told)]
        }
    }
}

/// Whether a worker keeps up: what is due and since when, and leases whose holder is gone.
fn due_work(backlog: &Backlog, wall: Timestamp) -> Finding {
    let late = |it: &Waiting| it.oldest.map_or(0, |oldest| (wall - oldest).num_minutes());
    let told = format!(
        "{} probe(s) overdue, the oldest by {} min; {} other task(s), the oldest by {} min; {} lease(s) held, {} stuck",
        backlog.probes.count,
        late(&backlog.probes),
        backlog.work.count,
        late(&backlog.work),
        backlog.held,
        backlog.stuck,
    );
    if late(&backlog.probes).max(late(&backlog.work)) < LATE && backlog.stuck == 0 {
        return Finding::new(Level::Ok, "due work", told);
    }
    let advice = "does a worker run (`regrant work`, or `serve --with-worker`)? its log tells which lane fails";
    Finding::new(Level::Warn, "due work", format!("{told}: {advice}"))
}

/// Asks Graph for nothing, without a token: any answer shows that it can be reached, and tells its time.
async fn graph(settings: &regrant_graph::Settings) -> Vec<Finding> {
    let asked = async {
        let client = http::client(Duration::from_secs(10))?;
        anyhow::Ok(
            client
                .get(settings.base_url.clone())
                .send()
                .await
                .map_err(reqwest::Error::without_url)?,
        )
    };
    match asked.await {
        Ok(answer) => {
            let date = answer.headers().get("date").and_then(|it| it.to_str().ok());
            let reached = Finding::new(
                Level::Ok,
                "graph",
                format!("answers with status {}", answer.status().as_u16()),
            );
            vec![
                reached,
                clock(
                    date.and_then(|it| DateTime::parse_from_rfc2822(it).ok())
                        .map(|it| it.to_utc()),
                ),
            ]
        }
        Err(error) => {
            let told = format!(
                "{error:#}; reconnects wait until it answers: check the route and graph.base_url"
            );
            vec![Finding::new(Level::Fail, "graph", told), clock(None)]
        }
    }
}

fn clock(theirs: Option<DateTime<Utc>>) -> Finding {
    let ours = Clock::wall();
    if ours.timestamp() < EARLIEST {
        return Finding::new(
            Level::Fail,
            "clock",
            format!("it says {ours}, which is in the past: start time synchronisation"),
        );
    }
    let Some(theirs) = theirs else {
        return Finding::new(Level::Warn, "clock", "there was nothing to compare it with");
    };
    let off = (ours - theirs).num_seconds().abs();
    let told = format!("{off} s apart from Graph's");
    match off {
        0..=30 => Finding::new(Level::Ok, "clock", told),
        31..=PROOF_LIFE => Finding::new(
            Level::Warn,
            "clock",
            format!("{told}: start time synchronisation"),
        ),
        _ => Finding::new(
            Level::Fail,
            "clock",
            format!("{told}: Graph refuses proofs; start time synchronisation"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_lies_and_leases_without_a_holder_are_told() {
        let wall = Clock::wall();
        let level = |minutes: i64, stuck: u64| {
            let oldest = Some(wall - chrono::Duration::minutes(minutes));
            let probes = Waiting { count: 3, oldest };
            due_work(
                &Backlog {
                    probes,
                    stuck,
                    ..Backlog::default()
                },
                wall,
            )
            .level
        };
        assert_eq!(
            (level(1, 0), level(16, 0), level(1, 1)),
            (Level::Ok, Level::Warn, Level::Warn)
        );
        assert_eq!(due_work(&Backlog::default(), wall).level, Level::Ok);
    }

    #[test]
    fn a_clock_beyond_the_life_of_a_proof_fails() {
        let at = |off: i64| clock(Some(Clock::wall() + chrono::Duration::seconds(off))).level;
        assert_eq!(
            (at(0), at(-120), at(900)),
            (Level::Ok, Level::Warn, Level::Fail)
        );
        assert_eq!(clock(None).level, Level::Warn);
    }
}
