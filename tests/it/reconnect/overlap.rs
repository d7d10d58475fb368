//! Two overlapping reconnects of the same assets: the one accepted last wins.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, from_environment};

/// Runs all trials in one world where both accounts reach everything.
async fn overlaps(database: TestDatabase) {
    let (kind, fleet) = (database.kind(), Fleet::new(1, 12, 1));
    let harness = Harness::start(database, &fleet.world()).await;
    let (mut superseded, trials) = (0, from_environment("REGRANT_OVERLAPS", 200));
    for trial in 0..trials {
        superseded += overlap(&harness, &fleet, trial).await;
    }
    println!("G24: {kind:?}, {trials} overlaps, {superseded} items superseded, 0 lost");
    assert!(
        superseded > trials / 2,
        "the interleavings overlap: {superseded} items were superseded"
    );
}

/// Runs one trial. Graph delays one of the two persons by turns, so that both orders of settling occur.
async fn overlap(harness: &Harness, fleet: &Fleet, trial: usize) -> usize {
    let tenant = harness.tenant(&format!("Tenant {trial}")).await;
    tenant.register(&fleet.assets()).await;
    let (first, second) = (
        harness.sandbox.token(Fleet::PERSON).await,
        harness.sandbox.token(Fleet::MANAGED).await,
    );
    let (slow, delay) = (
        [Fleet::PERSON, Fleet::MANAGED][trial % 2],
        [0, 15, 30, 60][trial / 2 % 4],
    );
    let hold = json!({ "match": { "path": "batch", "person": slow }, "effect": { "latency_ms": delay }, "times": 1 });
    harness.sandbox.fault(hold).await;
    let order =
        |token: &str| json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (orders, pause) = ((order(&first), order(&second)), [0, 5, 20][trial % 3]);
    let earlier = tokio::spawn(start(tenant.clone(), orders.0, 0));
    let later = tokio::spawn(start(tenant.clone(), orders.1, pause));
    let (earlier, later) = (earlier.await.expect("a call"), later.await.expect("a call"));
    let (earlier, later) = (tenant.ended(&earlier).await, tenant.ended(&later).await);
    harness.sandbox.clear_faults().await;

    let (winner, loser) = if accepted_last(harness, &tenant, &later, &earlier).await {
        (later, earlier)
    } else {
        (earlier, later)
    };
    assert_eq!(
        winner["counts"],
        json!({ "replaced": 13 }),
        "trial {trial}: the last accepted wins everywhere: {winner}"
    );
    let person = winner["person"]["id"].clone();
    for id in fleet.ids() {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(
            asset["slots"]["active"]["person_id"], person,
            "trial {trial}: {asset}"
        );
    }
    let items = loser["items"].as_array().expect("items");
    assert!(
        items
            .iter()
            .all(|it| it["outcome"] == "superseded" || it["outcome"] == "replaced"),
        "trial {trial}: {loser}"
    );
    items
        .iter()
        .filter(|it| it["outcome"] == "superseded")
        .count()
}

async fn start(tenant: Tenant, order: Value, pause_ms: u64) -> String {
    tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
    let (status, answer) = tenant.post("/v1/reconnects", &order).await;
    assert!(status == 200 || status == 202, "{answer}");
    answer["id"].as_str().expect("an id").to_owned()
}

/// Whether `one` was accepted after `other`. The vault knows it; ids are minted before acceptance.
async fn accepted_last(harness: &Harness, tenant: &Tenant, one: &Value, other: &Value) -> bool {
    let caller = harness
        .vault
        .authenticate_request(tenant.presented())
        .await
        .expect("the tenant is logged in");
    let mut seqs = Vec::new();
    for it in [one, other] {
        let id = it["id"]
            .as_str()
            .expect("an id")
            .parse()
            .expect("a reconnect id");
        seqs.push(
            harness
                .vault
                .reconnect_view(&caller, id)
                .await
                .expect("it is there")
                .intent_seq,
        );
    }
    seqs[0] > seqs[1]
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_overlapping_reconnects_the_last_accepted_wins_on_sqlite() {
    overlaps(TestDatabase::create_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_overlapping_reconnects_the_last_accepted_wins_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        overlaps(database).await;
    }
}
