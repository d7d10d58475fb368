//! Undo: the tokens that served before a reconnect serve again, as far as they still work.

mod boundaries;
mod kill;

use std::collections::HashMap;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, on_both};

on_both!(
    each_of_500_assets_is_restored_or_keeps_its_token_exactly,
    what_a_second_undo_finds_is_the_answer_of_the_first,
    a_parked_token_is_dropped_and_the_old_one_serves_on,
    a_later_reconnect_wins_over_an_undo,
    an_undo_can_be_undone,
    a_throttled_undo_is_deferred_and_continues,
);

/// A tenant whose assets were replaced from the person's token to the managed account's.
struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
    /// The reconnect to undo.
    reconnect: Value,
}

impl Stage {
    async fn on(database: TestDatabase, fleet: Fleet, options: Options) -> Self {
        let harness = Harness::with(database, &fleet.world(), options).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let old = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&old, &fleet.ids()).await;
        let new = harness.sandbox.token(Fleet::MANAGED).await;
        let reconnect = tenant.reconnect(&new, &fleet.ids()).await;
        Self {
            harness,
            tenant,
            fleet,
            reconnect,
        }
    }

    async fn small(database: TestDatabase) -> Self {
        Self::on(database, Fleet::new(1, 6, 1), Options::default()).await
    }

    fn id(&self) -> &str {
        id_of(&self.reconnect)
    }

    async fn undo(&self) -> Value {
        undo(&self.tenant, self.id(), &json!({ "wait_seconds": 60 })).await
    }
}

fn id_of(reconnect: &Value) -> &str {
    reconnect["id"].as_str().expect("an id")
}

/// Undoes a reconnect and waits until the undo has ended.
async fn undo(tenant: &Tenant, id: &str, order: &Value) -> Value {
    let (status, answer) = tenant
        .post(&format!("/v1/reconnects/{id}/undo"), order)
        .await;
    assert!(status == 200 || status == 202, "{status} {answer}");
    tenant.ended(id_of(&answer)).await
}

/// The served token of each asset.
async fn served(tenant: &Tenant, ids: &[String]) -> HashMap<String, Value> {
    let tokens = tenant.tokens(ids).await.into_iter();
    tokens
        .map(|(id, it)| (id, it["access_token"].clone()))
        .collect()
}

async fn each_of_500_assets_is_restored_or_keeps_its_token_exactly(database: TestDatabase) {
    let fleet = Fleet::new(1, 499, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let ids = fleet.ids();
    let (living, dying) = ids.split_at(300);
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, living)
        .await;
    let doomed = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&doomed, dying).await;
    let before = served(&tenant, &ids).await;
    let new = harness.sandbox.token(Fleet::MANAGED).await;
    let reconnect = tenant.reconnect(&new, &ids).await;
    assert_eq!(reconnect["counts"], json!({ "replaced": 500 }));
    let replaced = served(&tenant, &ids).await;
    harness.sandbox.revoke(&doomed).await;

    let undone = undo(&tenant, id_of(&reconnect), &json!({ "wait_seconds": 60 })).await;
    assert_eq!(undone["undo_of"], reconnect["id"]);
    assert_eq!(
        undone["counts"],
        json!({ "restored": 300, "previous_dead": 200 }),
        "{undone}"
    );
    let order: Vec<_> = undone["items"].as_array().expect("items").iter().collect();
    assert!(
        order
            .iter()
            .zip(&ids)
            .all(|(it, id)| it["asset_id"] == **id)
    );
    let after = served(&tenant, &ids).await;
    for id in living {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(asset["person_id"], Fleet::PERSON, "{asset}");
    }
    for id in dying {
        assert_eq!(after[id], replaced[id], "a working token is never replaced");
    }
    for (id, token) in tenant.tokens(living).await {
        assert_ne!(token["access_token"], replaced[&id]);
        assert_eq!(token["access_token"], before[&id], "{id}");
        assert_eq!(harness.sandbox.tries(&id, &token).await, 200, "{id}");
    }
}

async fn what_a_second_undo_finds_is_the_answer_of_the_first(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let ids = stage.fleet.ids();
    let some = json!({ "asset_ids": &ids[..2], "wait_seconds": 60 });
    let first = undo(&stage.tenant, stage.id(), &some).await;
    assert_eq!(first["counts"], json!({ "restored": 2 }), "{first}");
    let repeated = undo(&stage.tenant, stage.id(), &some).await;
    assert_eq!(repeated["id"], first["id"]);

    let rest = stage.undo().await;
    assert_ne!(rest["id"], first["id"], "the other assets were not undone");
    assert_eq!(rest["counts"], json!({ "restored": 5 }), "{rest}");
    let again = stage.undo().await;
    assert_eq!(again["id"], first["id"], "nothing is left to undo");
    let asset = stage.tenant.get(&format!("/v1/assets/{}", ids[0])).await;
    let generation = &asset["slots"]["active"]["generation"];
    assert_eq!(generation, &json!(3), "each was restored once: {asset}");
}

async fn a_parked_token_is_dropped_and_the_old_one_serves_on(database: TestDatabase) {
    let stage = Stage::on(database, Fleet::new(2, 6, 1), Options::default()).await;
    assert_eq!(
        stage.reconnect["counts"],
        json!({ "replaced": 7, "parked": 7 })
    );
    let ids = stage.fleet.ids();
    let before = served(&stage.tenant, &ids).await;
    let undone = stage.undo().await;
    assert_eq!(undone["counts"], json!({ "restored": 14 }), "{undone}");
    let after = served(&stage.tenant, &ids).await;
    for item in undone["items"].as_array().expect("items") {
        let id = item["asset_id"].as_str().expect("an id");
        let asset = stage.tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(asset["slots"]["candidate"], Value::Null, "{asset}");
        assert_eq!(asset["slots"]["active"]["person_id"], Fleet::PERSON);
        let was_parked = item["reason"]["code"] == "parked_token_dropped";
        assert_eq!(after[id] == before[id], was_parked, "{item}");
    }
    let again = undo(
        &stage.tenant,
        id_of(&undone),
        &json!({ "wait_seconds": 60 }),
    )
    .await;
    assert_eq!(
        again["counts"],
        json!({ "restored": 7, "nothing_to_undo": 7 }),
        "a dropped token is gone: {again}"
    );
}

async fn a_later_reconnect_wins_over_an_undo(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let ids = stage.fleet.ids();
    let newer = stage.harness.sandbox.token(Fleet::PERSON).await;
    stage.tenant.reconnect(&newer, &ids[..3]).await;
    let before = served(&stage.tenant, &ids).await;
    let undone = stage.undo().await;
    assert_eq!(
        undone["counts"],
        json!({ "superseded": 3, "restored": 4 }),
        "{undone}"
    );
    let after = served(&stage.tenant, &ids).await;
    for id in &ids[..3] {
        assert_eq!(after[id], before[id], "the newer token serves {id}");
    }
}

async fn an_undo_can_be_undone(database: TestDatabase) {
    let stage = Stage::small(database).await;
    let ids = stage.fleet.ids();
    let replaced = served(&stage.tenant, &ids).await;
    let undone = stage.undo().await;
    let again = undo(
        &stage.tenant,
        id_of(&undone),
        &json!({ "wait_seconds": 60 }),
    )
    .await;
    assert_eq!(again["counts"], json!({ "restored": 7 }), "{again}");
    assert_eq!(again["undo_of"], undone["id"]);
    assert_eq!(served(&stage.tenant, &ids).await, replaced);
}

async fn a_throttled_undo_is_deferred_and_continues(database: TestDatabase) {
    let graph = regrant_graph::Settings {
        throttle_pause: std::time::Duration::from_secs(4),
        max_wait: std::time::Duration::from_millis(100),
        ..Default::default()
    };
    let options = Options {
        graph,
        ..Options::default()
    };
    let stage = Stage::on(database, Fleet::new(1, 6, 1), options).await;
    let page = stage.fleet.ids()[1].clone();
    let throttle = json!({
        "match": { "asset": page, "batch_item": true }, "effect": { "throttle": { "code": 32 } }, "times": 1,
    });
    stage.harness.sandbox.fault(throttle).await;
    let path = format!("/v1/reconnects/{}/undo", stage.id());
    let (status, running) = stage
        .tenant
        .post(&path, &json!({ "wait_seconds": 2 }))
        .await;
    let item = &running["items"][1];
    assert_eq!(
        (status, &item["outcome"]),
        (202, &json!("deferred")),
        "{running}"
    );
    assert_eq!(item["reason"]["code"], "throttled", "{item}");
    assert!(item["retry_at"].is_string(), "{item}");
    let ended = stage.tenant.ended(id_of(&running)).await;
    assert_eq!(ended["counts"], json!({ "restored": 7 }), "{ended}");
}
