//! G16, G17: a process of the database is killed in the midst of a reconnect, so that the server drops every connection
//! and recovers from its log. Nothing acknowledged is lost, nothing is applied twice, and the service is well again.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, ServerProcess, from_environment};

const ASSETS: usize = 200;
/// How soon a process serves again after its database does.
const WELL_AFTER: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_crashes_in_the_midst_of_reconnects_loses_nothing() {
    // A server of its own: its crash ends the connections of all databases. By its settings it acknowledges what it has not
    // written to its log yet, which the product does not accept.
    if let Some(database) = TestDatabase::create_postgres_alone().await {
        Box::pin(crash(database)).await;
    }
}

async fn crash(database: TestDatabase) {
    let fleet = Fleet::new(1, ASSETS - 1, 1);
    let server = ServerProcess::start(database, &fleet.world(), "error").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    server.sandbox.latency(20).await;
    let crashes = from_environment("REGRANT_CRASHES", 8);
    let (mut recovered, mut slowest) = (Duration::ZERO, Duration::ZERO);
    for trial in 1..=crashes {
        let person = [Fleet::PERSON, Fleet::MANAGED][trial % 2];
        let token = server.sandbox.token(person).await;
        let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
        let (caller, key, first) = (tenant.clone(), format!("trial-{trial}"), order.clone());
        let call = tokio::spawn(async move { caller.try_reconnect(&key, &first).await });
        let moment = u64::from(uuid::Uuid::now_v7().as_fields().1) * 13 % 400;
        tokio::time::sleep(Duration::from_millis(moment)).await;
        let killed = Instant::now();
        server.database().crash().await;
        recovered = recovered.max(killed.elapsed());
        let began = Instant::now();
        let acknowledged = call.await.expect("the call ends");
        let repeated = loop {
            match tenant
                .try_reconnect(&format!("trial-{trial}"), &order)
                .await
            {
                Some(answer) => break answer,
                None => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            assert!(began.elapsed() < WELL_AFTER, "{}", server.printed());
        };
        slowest = slowest.max(began.elapsed());
        assert!(slowest < WELL_AFTER, "trial {trial}: {slowest:?}");
        if let Some(acknowledged) = acknowledged {
            assert_eq!(
                repeated["id"], acknowledged["id"],
                "an acknowledged one is kept"
            );
        }
        let ended = tenant.ended(repeated["id"].as_str().expect("an id")).await;
        assert_eq!(
            ended["counts"],
            json!({ "replaced": ASSETS }),
            "trial {trial}"
        );
    }
    println!(
        "G16: {crashes} crashes of the database, 0 lost; it recovered after {recovered:.1?} at most, and the service \
         was well again {slowest:.1?} later at most"
    );
    let (code, printed) = server.run_command(&["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{printed}");
    assert_eq!(server.integrity().await, "ok");
}
