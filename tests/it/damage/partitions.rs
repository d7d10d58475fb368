//! G20: the network between the process and its database, or Graph, drops everything for a while. Calls end meanwhile with
//! an error that says so, nothing is done twice, and afterwards the process is well without a restart.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Line, ServerProcess, Tenant, from_environment};

const ASSETS: usize = 50;
/// How long a call may take: the driver waits 35 s for an answer of PostgreSQL, and before that for a connection.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long a check of readiness may take: it waits 5 s for the database.
const CHECKED_WITHIN: Duration = Duration::from_secs(10);
/// How soon a process serves again after the network does.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// A server whose line to PostgreSQL a test cuts.
struct Installation {
    server: ServerProcess,
    line: Line,
    tenant: Tenant,
    fleet: Fleet,
}

impl Installation {
    /// `None` where there is no PostgreSQL.
    async fn start() -> Option<Self> {
        let mut database = TestDatabase::create_postgres().await?;
        let line = Line::begin().await;
        line.lead_to(database.port());
        database.reach_through(line.port);
        let fleet = Fleet::new(1, ASSETS - 1, 1);
        let server = ServerProcess::start(database, &fleet.world(), "error").await;
        let tenant = server.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = server.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        Some(Self {
            server,
            line,
            tenant,
            fleet,
        })
    }

    /// Reads a token; its status and how long it took.
    async fn read(&self) -> (u16, Duration) {
        let began = Instant::now();
        let path = format!("/v1/assets/{}/token", self.fleet.ids()[0]);
        let call = self.tenant.call(Method::GET, &path).timeout(PATIENCE);
        let answer = call.send().await.expect("no call hangs");
        (answer.status().as_u16(), began.elapsed())
    }

    /// The status of a check of readiness.
    async fn check_ready(&self) -> u16 {
        let call = self.tenant.call(Method::GET, "/readyz");
        let answer = call.timeout(CHECKED_WITHIN).send().await;
        answer.expect("an answer in time").status().as_u16()
    }

    /// Reads until it is answered; how long that took.
    async fn await_well(&self) -> Duration {
        let began = Instant::now();
        while self.read().await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            assert!(began.elapsed() < PATIENCE, "{}", self.server.printed());
        }
        began.elapsed()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_end_while_the_database_is_out_of_reach_and_work_is_done_once() {
    let Some(mut it) = Installation::start().await else {
        return;
    };
    // Long enough that the reconnect runs when the line is cut.
    it.server.sandbox.latency(200).await;
    for trial in 1..=from_environment("REGRANT_PARTITIONS", 1) {
        it.tenant = it.tenant.log_in_again().await;
        let person = [Fleet::PERSON, Fleet::MANAGED][trial % 2];
        let token = it.server.sandbox.token(person).await;
        let order = json!({ "access_token": token, "asset_ids": it.fleet.ids() });
        let (caller, key, first) = (it.tenant.clone(), format!("trial-{trial}"), order.clone());
        let reconnect = tokio::spawn(async move { caller.try_reconnect(&key, &first).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        it.line.cut();
        // Longer than the driver waits, so that no call is answered late instead.
        let cut = tokio::time::sleep(Duration::from_secs(45));
        let (reads, readiness, ()) = tokio::join!(
            futures_util::future::join_all((0..20).map(|_| it.read())),
            it.check_ready(),
            cut
        );
        assert_eq!(readiness, 503, "trial {trial}");
        for (status, took) in &reads {
            assert_eq!(*status, 503, "after {took:?}");
        }
        it.line.mend();
        let well = it.await_well().await;
        assert!(well < WELL_AFTER, "trial {trial}: {well:?}");
        // It may have been answered or not; its key says which reconnect it is.
        drop(reconnect.await.expect("the call ends"));
        let repeated = it
            .tenant
            .try_reconnect(&format!("trial-{trial}"), &order)
            .await;
        let repeated = repeated.expect("an answer");
        let ended = it
            .tenant
            .ended(repeated["id"].as_str().expect("an id"))
            .await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": ASSETS }),
            "trial {trial}"
        );
        let slowest = reads.iter().map(|it| it.1).max().unwrap_or_default();
        println!(
            "G20: partition {trial}: calls ended after {slowest:.1?} at most, well again {well:.1?} after it"
        );
    }
    let (code, printed) = it.server.run_command(&["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_are_lost_without_a_word_are_given_up_all_at_once() {
    let Some(it) = Installation::start().await else {
        return;
    };
    futures_util::future::join_all((0..20).map(|_| it.read())).await;
    it.line.lose_connections();
    let first = it.read().await;
    assert_eq!(first.0, 503, "{first:?}");
    let well = it.await_well().await;
    assert!(
        well < WELL_AFTER,
        "no call waits for another one that is lost: {well:?}"
    );
    let asset = json!({ "id": "4242", "kind": "page" });
    it.tenant.register(&[asset]).await;
    println!(
        "G20: lost connections: the first call ended after {:.1?}, well again {well:.1?} later",
        first.1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_that_does_not_reach_graph_ends_and_is_done_once() {
    let line = Line::begin().await;
    let graph: &'static str = format!("http://127.0.0.1:{}", line.port).leak();
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let database = TestDatabase::create_sqlite().await;
    let environment = vec![("REGRANT_GRAPH_BASE_URL", graph)];
    let server = ServerProcess::start_with(database, &fleet.world(), "error", environment).await;
    let url: reqwest::Url = server.sandbox.url.parse().expect("an address");
    line.lead_to(url.port().expect("a port"));
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    // Long enough that the reconnect runs when the line is cut.
    server.sandbox.latency(500).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let accepted = tenant
        .try_reconnect("one", &order)
        .await
        .expect("an answer");
    line.cut();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    let path = format!("/v1/reconnects/{}", accepted["id"].as_str().expect("an id"));
    let seen = tenant.get(&path).await;
    assert_ne!(
        seen["counts"],
        json!({ "replaced": ASSETS }),
        "it needs Graph"
    );
    assert!(began.elapsed() < WELL_AFTER);
    line.mend();
    let ended = tenant.ended(accepted["id"].as_str().expect("an id")).await;
    assert_eq!(ended["counts"], json!({ "replaced": ASSETS }));
    let repeated = tenant
        .try_reconnect("one", &order)
        .await
        .expect("an answer");
    assert_eq!(repeated["id"], accepted["id"]);
}
