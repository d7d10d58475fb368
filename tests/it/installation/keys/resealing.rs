//! G11: every credential of a large tenant is sealed again, beside reads and reconnects of the same tenant.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Calls, Fleet, Load, Reconnect, ServerProcess, Tenant, from_environment};

/// The assets that are read and reconnected meanwhile.
const ASSETS: usize = 200;
/// What each call registers.
const EACH: usize = 1_000;
const CALLS_PER_SECOND: u32 = 100;
/// How long calls are measured alone.
const ALONE: Duration = Duration::from_secs(20);
/// Credentials a second, at least, where keys leaked.
const RATE: f64 = 1_000.0;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long resealing"]
async fn credentials_sealed_again_beside_reconnects_lose_no_update_on_sqlite() {
    Box::pin(reseal_beside_load(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the long tier: tests/long resealing"]
async fn credentials_sealed_again_beside_reconnects_lose_no_update_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(reseal_beside_load(database)).await;
    }
}

/// A tenant with many credentials, and one with none.
struct Resealing {
    server: ServerProcess,
    tenant: Tenant,
    empty: Tenant,
    fleet: Fleet,
    credentials: usize,
}

async fn reseal_beside_load(database: TestDatabase) {
    let kind = database.kind();
    let credentials = from_environment("REGRANT_RECORDS", 10_000);
    let mut resealing = Box::pin(Resealing::prepare(database, credentials)).await;
    let load = Load::start(
        std::slice::from_ref(&resealing.tenant),
        &resealing.fleet,
        &resealing.server.sandbox,
        CALLS_PER_SECOND,
    );
    tokio::time::sleep(ALONE / 4).await;
    load.take();
    tokio::time::sleep(ALONE).await;
    let mut all = load.take();
    println!("G11: {kind:?}, alone: {all}");
    let alone = all.quantile(990);
    for arguments in [&[][..], &["--compromised"]] {
        load.log_in_again().await;
        let rate = resealing.measure_rate(arguments).await;
        let calls = load.take();
        let ratio = calls.quantile(990).as_secs_f64() / alone.as_secs_f64();
        println!(
            "G11: {kind:?}, {credentials} credentials {arguments:?}: {rate:.0} a second; p99 {ratio:.2} times that of calls alone; {calls}"
        );
        assert!(arguments.is_empty() || rate >= RATE, "{rate}");
        all = all.and(calls);
    }
    load.log_in_again().await;
    resealing.tenant = load.tenants().remove(0);
    let all = all.and(load.stop().await);
    assert!(
        all.failures.is_empty() && all.unanswered == 0,
        "{all} {}",
        resealing.server.printed()
    );
    resealing.check(&all).await;
}

impl Resealing {
    async fn prepare(database: TestDatabase, credentials: usize) -> Self {
        let fleet = Fleet::new(1, ASSETS - 1, 1);
        let settings = vec![
            ("REGRANT_WITH_WORKER", "true"),
            ("REGRANT_LEASE_SECONDS", "30"),
            ("REGRANT_LIMITS_REQUESTS_PER_SECOND", "1000000"),
            ("REGRANT_LIMITS_RUNNING_RECONNECTS", "1000"),
        ];
        let server = ServerProcess::start_with(database, &fleet.world(), "warn", settings).await;
        let (tenant, empty) = (server.tenant("One").await, server.tenant("Empty").await);
        tenant.register(&fleet.assets()).await;
        let token = server.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        for from in (0..credentials).step_by(EACH) {
            let (status, answer) = tenant.post("/v1/assets", &registration(from)).await;
            assert_eq!(status, 200, "{answer}");
        }
        server.sandbox.latency(20).await;
        Self {
            server,
            tenant,
            empty,
            fleet,
            credentials,
        }
    }

    /// How many credentials a second the command seals again. What it needs to start is not counted.
    async fn measure_rate(&self, arguments: &[&str]) -> f64 {
        let start = self.rotate(&self.empty, arguments).await;
        let took = self.rotate(&self.tenant, arguments).await;
        let took = took.saturating_sub(start).as_secs_f64();
        let credentials = u32::try_from(self.credentials).expect("a number");
        f64::from(credentials) / took
    }

    async fn rotate(&self, tenant: &Tenant, arguments: &[&str]) -> Duration {
        let began = Instant::now();
        let mut command = vec!["keys", "rotate-data", "--tenant", &tenant.id];
        command.extend(arguments);
        let ended = self.server.start_command(&command).wait().await;
        assert!(
            ended.expect("it ends").success(),
            "{}",
            self.server.printed()
        );
        began.elapsed()
    }

    /// Nothing is under an old key, each asset has the token of the last reconnect that named it, and the audit knows
    /// every record.
    async fn check(&self, calls: &Calls) {
        for reconnect in &calls.reconnects {
            reconnect.check(std::slice::from_ref(&self.tenant)).await;
        }
        self.rotate(&self.empty, &[]).await;
        assert_eq!(
            super::data::count_outdated_in(self.server.database()).await,
            0
        );
        let mut compared = 0;
        for id in self.fleet.ids() {
            let named = |it: &&Reconnect| it.assets.contains(&id);
            let Some(last) = calls.reconnects.iter().rfind(named) else {
                continue;
            };
            let asset = self.tenant.get(&format!("/v1/assets/{id}")).await;
            assert_eq!(asset["person_id"], last.person, "{asset}");
            compared += 1;
        }
        assert!(compared > 0, "no reconnect was compared");
        let (code, printed) = self.server.run_command(&["audit", "verify"]).await;
        assert_eq!(code, Some(0), "{printed}");
    }
}

/// A registration of assets with a token of its own each.
fn registration(from: usize) -> Value {
    let asset = |n: usize| {
        let id = (700_000_000_000_000 + n).to_string();
        json!({ "id": id, "kind": "page", "token": format!("EAA{n:0>197}") })
    };
    json!({ "assets": (from..from + EACH).map(asset).collect::<Vec<_>>() })
}
