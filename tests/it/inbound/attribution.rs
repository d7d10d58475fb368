//! Notices wait for the owners of imported tokens, and say so.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Scene, answer, each_database, imported::import_page_token, signed_request, status_of};
use crate::harness::{APP, Fleet, OTHER_APP, SECRET, http};

async fn stop_debug_token(scene: &Scene) {
    let down =
        json!({ "match": { "path": "debug_token" }, "effect": { "status": 503, "body": "" } });
    scene.harness.sandbox.fault(down).await;
}

async fn make_notices_due(scene: &Scene) {
    let sql = "UPDATE due SET due_at = 1 WHERE kind = 'inbox'";
    scene.harness.database.run_as_superuser(sql).await;
}

/// Applies notices until the deletion is completed.
async fn receive_until_completed(scene: &Scene, url: &str) {
    for _ in 0..100 {
        make_notices_due(scene).await;
        scene.receive().await;
        if status_of(url).await == "Completed" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the deletion is never completed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_is_in_progress_while_graph_does_not_say_whose_a_token_is() {
    each_database(async |scene| {
        let (importer, page) = import_page_token(&scene).await;
        let token = format!("/v1/assets/{page}/token");
        stop_debug_token(&scene).await;
        let url = scene.request_deletion().await;
        let soon = regrant_domain::Clock::system_time().timestamp_micros() + 2_000_000;
        assert_eq!(scene.receive().await, 3);
        let (_, body) = answer(http().get(&url)).await;
        assert!(
            body.contains("In progress") && body.contains("Some tokens are being attributed"),
            "{body}"
        );
        for tenant in [&scene.one, &scene.two] {
            assert_eq!(
                tenant.status(&token).await,
                409,
                "what is known is deleted at once"
            );
        }
        let pending = importer.get(&token).await;
        assert_eq!(
            pending["reason"]["code"], "not_probed",
            "a token without an owner is not served as a page's: {pending}"
        );
        let early = "SELECT count(*) FROM due WHERE kind = 'inbox' AND owner IS NULL AND due_at > ";
        let query = format!("{early}{soon}");
        let waiting = scene.harness.database.count_as_superuser(&query);
        assert_eq!(waiting.await, 1, "it is tried again later");
        scene.harness.sandbox.clear_faults().await;
        receive_until_completed(&scene, &url).await;
        assert_eq!(importer.status(&token).await, 409);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_that_waits_for_graph_delays_no_notice_of_another_tenant() {
    each_database(async |scene| {
        import_page_token(&scene).await;
        stop_debug_token(&scene).await;
        let url = scene.request_deletion().await;
        let mut said = scene.said(0);
        said["user_id"] = Value::from(Fleet::MANAGED);
        let path = format!("/meta/deauthorize/{APP}");
        assert_eq!(
            scene
                .callback(&path, &signed_request(SECRET, &said))
                .await
                .0,
            200
        );
        scene.receive().await;
        let other = format!("/v1/assets/{}/token", scene.ids[1]);
        assert_eq!(scene.third.status(&other).await, 409);
        assert_eq!(status_of(&url).await, "In progress");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_token_of_the_person_is_deleted_and_a_token_of_another_app_is_kept() {
    each_database(async |scene| {
        let importer = scene.harness.tenant("Importer").await;
        let dead = scene.harness.sandbox.token(Fleet::PERSON).await;
        scene.harness.sandbox.revoke(&dead).await;
        let foreign = json!({ "person": Fleet::PERSON, "app": OTHER_APP });
        let foreign = scene.harness.sandbox.token_of(foreign).await;
        let assets = [
            json!({ "id": scene.ids[0], "kind": "business", "token": dead }),
            json!({ "id": scene.ids[2], "kind": "ad_account", "token": foreign }),
            json!({ "id": scene.ids[3], "kind": "product_catalog", "token": "no-token-at-all" }),
        ];
        importer.register(&assets).await;
        let url = scene.request_deletion().await;
        scene.receive().await;
        assert_eq!(status_of(&url).await, "Completed");
        let slots = async |id: &str| {
            importer.get(&format!("/v1/assets/{id}")).await["slots"]["active"].clone()
        };
        assert_eq!(slots(&scene.ids[0]).await, Value::Null);
        assert_ne!(slots(&scene.ids[2]).await, Value::Null);
        assert_ne!(slots(&scene.ids[3]).await, Value::Null);

        stop_debug_token(&scene).await;
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        let again = scene.request_deletion().await;
        scene.receive().await;
        assert_eq!(
            status_of(&again).await,
            "Completed",
            "an answered question is not asked again"
        );
    })
    .await;
}
