//! G18: a write or a sync of the SQLite file fails: what failed is not acknowledged, and what was acknowledged is there
//! after a SIGKILL.
//!
//! The rule: strace lets the n-th call of each thread fail, from the outside. A call whose response is not a success may
//! have been carried out or not; one that is a success must have been.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment};

/// The system calls that fail, and how.
const FAULTS: [(&str, &str); 4] = [
    ("fsync,fdatasync", "EIO"),
    ("pwrite64", "EIO"),
    ("pwrite64", "ENOSPC"),
    ("fsync,fdatasync", "ENOSPC"),
];
/// How many assets are registered beside each fault, one call each.
const WRITES: usize = 12;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long syncs"]
async fn nothing_is_acknowledged_whose_write_or_sync_failed() {
    let positions = from_environment("REGRANT_POSITIONS", 3);
    let mut run = Box::pin(Run::start()).await;
    let mut counts = BTreeMap::new();
    for (call, error) in FAULTS {
        for position in 1..=positions {
            run.write_beside(call, error, position).await;
            run.check_after_kill().await;
        }
        counts.insert(format!("{call} {error}"), std::mem::take(&mut run.refused));
    }
    println!(
        "G18: the first {positions} calls of {} kinds fail: {} writes acknowledged, all there; refused: {counts:?}",
        FAULTS.len(),
        run.acknowledged.len()
    );
    assert!(counts.values().any(|it| *it > 0), "no fault hit a write");
}

struct Run {
    server: ServerProcess,
    tenant: Tenant,
    /// The assets whose registration was acknowledged.
    acknowledged: Vec<String>,
    /// How many calls were not acknowledged since the last count.
    refused: usize,
    /// How many calls were made.
    calls: usize,
}

impl Run {
    async fn start() -> Self {
        let database = TestDatabase::create_sqlite().await;
        let fleet = Fleet::new(1, 2, 0);
        let settings = vec![("REGRANT_LIMITS_REQUESTS_PER_SECOND", "100000")];
        let server = ServerProcess::start_with(database, &fleet.world(), "error", settings).await;
        let tenant = server.tenant("One").await;
        Self {
            server,
            tenant,
            acknowledged: Vec::new(),
            refused: 0,
            calls: 0,
        }
    }

    /// Registers assets with a token each, while a call of the system fails.
    async fn write_beside(&mut self, call: &str, error: &str, position: usize) {
        let tracer = attach(self.server.id(), call, error, position).await;
        for _ in 0..WRITES {
            self.calls += 1;
            let id = (700_000_000_000_000 + self.calls).to_string();
            let token = format!("EAA{:0>197}", self.calls);
            let asset = json!({ "id": id, "kind": "page", "token": token });
            let body = json!({ "assets": [asset] });
            let sent = self.tenant.call(Method::POST, "/v1/assets").json(&body);
            let answer = sent.send().await.expect("the process responds");
            if answer.status().is_success() {
                self.acknowledged.push(id);
            } else {
                assert!(answer.status().is_server_error(), "{}", answer.status());
                self.refused += 1;
            }
        }
        detach(tracer).await;
    }

    /// Kills the process; another one has everything that was acknowledged.
    async fn check_after_kill(&mut self) {
        self.server.restart().await;
        assert_eq!(self.server.integrity().await, "ok");
        let found = self.tenant.tokens(&self.acknowledged).await;
        for id in &self.acknowledged {
            // The token waits until Graph has accepted it.
            assert_eq!(found[id]["status"], "no_token", "{id}: {}", found[id]);
        }
        let stored = "SELECT count(*) FROM credentials";
        let stored = self.server.database().count_as_superuser(stored).await;
        let stored = usize::try_from(stored).expect("a count");
        assert!((self.acknowledged.len()..=self.calls).contains(&stored));
    }
}

/// Attaches strace to every thread of the process; the call with this number fails in each of them.
async fn attach(pid: u32, call: &str, error: &str, position: usize) -> Child {
    let mut command = Command::new("strace");
    command
        .args(["-f", "-p", &pid.to_string(), "-e", &format!("trace={call}")])
        .args([
            "-e",
            &format!("inject={call}:error={error}:when={position}"),
        ])
        .args(["-o", "/dev/null"])
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut tracer = command.spawn().expect("strace is installed");
    let mut printed = BufReader::new(tracer.stderr.take().expect("piped")).lines();
    let attached = tokio::time::timeout(Duration::from_secs(20), printed.next_line()).await;
    let line = attached.expect("strace attaches in time").expect("a line");
    assert!(
        line.as_ref().is_some_and(|it| it.contains("attached")),
        "strace does not attach (it needs root): {line:?}"
    );
    // It names the other threads one after the other.
    tokio::spawn(async move { while let Ok(Some(_)) = printed.next_line().await {} });
    tokio::time::sleep(Duration::from_millis(200)).await;
    tracer
}

async fn detach(mut tracer: Child) {
    let pid = tracer.id().expect("it runs").to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await;
    sent.expect("kill is there");
    drop(tokio::time::timeout(Duration::from_secs(20), tracer.wait()).await);
}
