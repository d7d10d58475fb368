//! Registering assets, with and without tokens.

mod check;
mod facts;
mod imported_pages;

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn registrations_in_opposite_orders_do_not_deadlock() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 199, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        for round in 0..10 {
            let name = |it: Value| json!({ "id": it["id"], "kind": it["kind"], "name": format!("Round {round}") });
            let forward: Vec<_> = fleet.assets().into_iter().map(name).collect();
            let backward: Vec<_> = forward.iter().rev().cloned().collect();
            let orders = [json!({ "assets": forward }), json!({ "assets": backward })];
            let answers = join_all((0..8).map(|n| tenant.post("/v1/assets", &orders[n % 2]))).await;
            assert!(
                answers.iter().all(|(status, _)| *status == 200),
                "{answers:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_token_that_works_shows_its_person_and_its_ending() {
    let fleet = Fleet::new(1, 0, 0);
    let harness = Harness::start(TestDatabase::create_sqlite().await, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let id = fleet.ids()[0].clone();
    tenant
        .register(&[json!({ "id": id, "kind": "business", "token": token })])
        .await;
    let imported = tenant.get(&format!("/v1/assets/{id}")).await;
    assert_eq!(
        (&imported["state"], &imported["ending"]),
        (&json!("unproven"), &Value::Null),
        "{imported}"
    );

    let ended = tenant.reconnect(&token, std::slice::from_ref(&id)).await;
    assert_eq!(ended["counts"], json!({ "unchanged": 1 }), "{ended}");
    let proved = tenant.get(&format!("/v1/assets/{id}")).await;
    assert_eq!(
        (&proved["state"], &proved["person_id"]),
        (&json!("healthy"), &json!(Fleet::PERSON)),
        "{proved}"
    );
    assert_eq!(proved["ending"]["cause"], "token_expiry", "{proved}");
    assert_eq!(
        proved["slots"]["previous"],
        Value::Null,
        "nothing was replaced: {proved}"
    );
}
