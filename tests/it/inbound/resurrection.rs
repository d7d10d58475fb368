//! A token that was issued before a deletion does not come back after it.

use serde_json::{Value, json};

use super::{each_database, page_token, probe, status_of};
use crate::harness::Fleet;

#[tokio::test(flavor = "multi_thread")]
async fn an_import_after_a_deletion_keeps_no_token_that_was_issued_before_it() {
    each_database(async |scene| {
        let old = scene.harness.sandbox.token(Fleet::PERSON).await;
        let old_page = page_token(&scene.harness, &old, &scene.ids[1]).await;
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let url = scene.request_deletion().await;
        assert_eq!(scene.receive().await, 2);
        assert_eq!(status_of(&url).await, "Completed");
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let new = scene.harness.sandbox.token(Fleet::PERSON).await;

        let importer = scene.harness.tenant("Importer").await;
        let assets = [
            json!({ "id": scene.ids[0], "kind": "business", "token": old }),
            json!({ "id": scene.ids[1], "kind": "page", "token": old_page }),
            json!({ "id": scene.ids[2], "kind": "ad_account", "token": new }),
        ];
        importer.register(&assets).await;
        probe(&scene.harness).await;
        assert_eq!(
            status_of(&url).await,
            "In progress",
            "the deletion is open again"
        );
        assert_eq!(scene.receive().await, 1);
        assert_eq!(status_of(&url).await, "Completed");
        let slot = async |id: &str| {
            importer.get(&format!("/v1/assets/{id}")).await["slots"]["active"].clone()
        };
        assert_eq!(slot(&scene.ids[0]).await, Value::Null);
        assert_eq!(slot(&scene.ids[1]).await, Value::Null);
        assert_ne!(
            slot(&scene.ids[2]).await,
            Value::Null,
            "a later log-in is a new consent"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_after_a_deletion_keeps_no_token_that_was_issued_before_it() {
    each_database(async |scene| {
        let old = scene.harness.sandbox.token(Fleet::PERSON).await;
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let url = scene.request_deletion().await;
        assert_eq!(scene.receive().await, 2);
        scene.one.reconnect(&old, &scene.ids).await;
        assert_eq!(scene.receive().await, 1);
        assert_eq!(status_of(&url).await, "Completed");
        for id in &scene.ids {
            let asset = scene.one.get(&format!("/v1/assets/{id}")).await;
            assert_eq!(asset["slots"]["active"], Value::Null);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_is_imported_again_after_a_deletion_and_serves_once_a_probe_has_seen_it_work() {
    each_database(async |scene| {
        let url = scene.request_deletion().await;
        scene.receive().await;
        assert_eq!(status_of(&url).await, "Completed");
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let new = scene.harness.sandbox.token(Fleet::PERSON).await;
        let asset = json!({ "id": scene.ids[2], "kind": "ad_account", "token": new });
        let fresh = json!({ "id": "act_4242", "kind": "ad_account", "token": new });
        let both = json!({ "assets": [asset, fresh] });
        let (status, registered) = scene.one.post("/v1/assets", &both).await;
        assert_eq!(status, 200, "{registered}");
        let slots = [
            &registered["data"][0]["slot"],
            &registered["data"][1]["slot"],
        ];
        assert_eq!(slots, ["candidate", "active"]);
        probe(&scene.harness).await;
        let asset = scene.one.get(&format!("/v1/assets/{}", scene.ids[2])).await;
        assert_eq!(asset["state"], "healthy", "{asset}");
        assert_eq!(asset["slots"]["active"]["person_id"], Fleet::PERSON);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconnect_that_waits_for_a_limit_ends_with_a_deletion_and_keeps_no_token() {
    each_database(async |scene| {
        let (one, sandbox) = (&scene.one, &scene.harness.sandbox);
        let token = sandbox.token(Fleet::PERSON).await;
        let limit = json!({
            "match": { "asset": scene.ids[1], "batch_item": true }, "times": 1_000,
            "effect": { "throttle": { "code": 32, "header": "none" } },
        });
        sandbox.fault(limit).await;
        let order = json!({ "access_token": token, "asset_ids": scene.ids, "wait_seconds": 0 });
        let (status, running) = one.post("/v1/reconnects", &order).await;
        assert_eq!(status, 202, "{running}");
        let path = format!("/v1/reconnects/{}", running["id"].as_str().expect("an id"));
        while one.get(&path).await["counts"] != json!({ "replaced": 3, "deferred": 1 }) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let url = scene.request_deletion().await;
        scene.receive().await;
        assert_eq!(status_of(&url).await, "Completed");
        let ended = one.get(&path).await;
        let counts = json!({ "replaced": 3, "failed": 1 });
        assert_eq!(
            (&ended["status"], &ended["counts"]),
            (&json!("completed"), &counts),
            "{ended}"
        );
        assert_eq!(ended["items"][1]["reason"]["code"], "revoked", "{ended}");
        let held = "SELECT count(*) FROM reconnects WHERE submitted IS NOT NULL";
        let database = &scene.harness.database;
        assert_eq!(database.count_as_superuser(held).await, 0);
        for id in &scene.ids {
            let asset = one.get(&format!("/v1/assets/{id}")).await;
            assert_eq!(asset["slots"]["active"], Value::Null);
        }
    })
    .await;
}
