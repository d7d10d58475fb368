//! `regrant serve` on PostgreSQL is stopped while it serves: its leases are given back at once.
//!
//! The rule it proves: the connections that the API's threads opened end with these threads, and the process gives its
//! leases back all the same.

use std::time::Duration;

use futures_util::future::join_all;
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, ServerProcess, Tenant};

const ROUNDS: usize = 3;
/// Long enough that no lease ends by itself during the test.
const LEASE_SECONDS: &str = "120";

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_under_traffic_with_a_running_reconnect_leaves_no_lease() {
    let Some(database) = TestDatabase::create_postgres().await else {
        return;
    };
    let fleet = Fleet::new(1, 399, 1);
    let environment = vec![("REGRANT_LEASE_SECONDS", LEASE_SECONDS)];
    let mut server = ServerProcess::start_with(database, &fleet.world(), "info", environment).await;
    let mut tenants = Vec::new();
    for name in ["One", "Two", "Three"] {
        tenants.push(server.tenant(name).await);
    }
    tenants[0].register(&fleet.assets()).await;
    for round in 0..ROUNDS {
        server.sandbox.latency(0).await;
        call_at_once(&tenants, &fleet.assets()).await;
        // Each round replaces what the one before it stored, and is slow enough to run when the process stops.
        server.sandbox.latency(6_000).await;
        let person = [Fleet::MANAGED, Fleet::PERSON][round % 2];
        let token = server.sandbox.token(person).await;
        let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
        let call = tenants[0].call(Method::POST, "/v1/reconnects").json(&order);
        let accepted = call.send().await.expect("an answer");
        assert_eq!(accepted.status(), 202, "round {round}");
        call_at_once(&tenants, &fleet.assets()).await;
        assert!(count_leases(&server).await > 0, "round {round}: it runs");
        let printed = server.stop().await;
        assert_eq!(count_leases(&server).await, 0, "round {round}: {printed}");
        server.restart().await;
        for tenant in &mut tenants {
            *tenant = tenant.log_in_again().await.at(&server.api);
        }
    }
}

/// Reads and registers from many connections, so that every thread of the API opens connections to the database.
async fn call_at_once(tenants: &[Tenant], assets: &[Value]) {
    let order = json!({ "assets": [assets[0]] });
    for _ in 0..4 {
        let reads = join_all(tenants.iter().map(|it| it.status("/v1/assets?limit=5")));
        let callers = tenants.iter().flat_map(|it| [it; 8]);
        let writes = join_all(callers.map(|it| it.post("/v1/assets", &order)));
        let (reads, writes) = tokio::join!(reads, writes);
        assert!(reads.iter().all(|it| *it == 200), "{reads:?}");
        assert!(writes.iter().all(|it| it.0 == 200), "{writes:?}");
    }
}

async fn count_leases(server: &ServerProcess) -> u64 {
    tokio::time::sleep(Duration::from_millis(100)).await;
    let now = Clock::system_time();
    let backlog = server.store().await.read_backlog(now, now).await;
    backlog.expect("it is read").leased
}
