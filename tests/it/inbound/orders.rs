//! Deletions that an operator orders by a list of ids (case 44 of the field).

use serde_json::{Value, json};

use super::{Scene, answer, each_database, status_of};
use crate::harness::{APP, Fleet, Operator, problem_code};

async fn order(operator: &Operator, ids: &[&str]) -> Vec<Value> {
    let body = json!({ "app_id": APP, "person_ids": ids });
    let (status, answer) = operator.post("/deletions", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer["data"].as_array().expect("a list").clone()
}

fn text<'a>(it: &'a Value, field: &str) -> &'a str {
    it[field].as_str().expect("a text")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_deletes_persons_by_their_ids_and_gets_codes_that_they_can_read_with() {
    each_database(async |scene| {
        let owner = scene.harness.owner().await;
        let ids = [Fleet::STRANGER, Fleet::PERSON, Fleet::STRANGER];
        let ordered = order(&owner, &ids).await;
        for (it, id) in ordered.iter().zip(ids) {
            assert_eq!(text(it, "person_id"), id);
            let page = format!("{}/meta/data-deletion/{APP}/", scene.harness.api);
            assert_eq!(text(it, "url"), page + text(it, "confirmation_code"));
        }
        assert_eq!(ordered[0], ordered[2], "the same person, the same code");
        assert_ne!(text(&ordered[0], "url"), text(&ordered[1], "url"));
        scene.harness.erase().await;
        assert_eq!(
            status_of(text(&ordered[0], "url")).await,
            "Completed",
            "no tenant knows it"
        );
        assert_eq!(status_of(text(&ordered[1], "url")).await, "Received");
        assert_eq!(scene.receive().await, 2);
        assert_eq!(status_of(text(&ordered[1], "url")).await, "Completed");
        for tenant in [&scene.one, &scene.two] {
            assert_eq!(
                tenant
                    .status(&format!("/v1/assets/{}/token", scene.ids[0]))
                    .await,
                409
            );
        }
        let kept = format!("/v1/assets/{}/token", scene.ids[0]);
        assert_eq!(scene.third.status(&kept).await, 200);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_covers_what_was_granted_since_a_deletion_that_is_open() {
    each_database(async |scene| {
        let pause = || {
            let seconds = chrono::Duration::seconds(30);
            scene.harness.clock.advance_by(seconds);
        };
        let owner = scene.harness.owner().await;
        let first = scene.request_deletion().await;
        pause();
        let consent = scene.harness.sandbox.token(Fleet::PERSON).await;
        scene.one.reconnect(&consent, &scene.ids).await;
        pause();
        let ordered = order(&owner, &[Fleet::PERSON]).await;
        let second = text(&ordered[0], "url");
        assert_ne!(second, first, "a deletion of its own");
        assert_eq!(scene.receive().await, 4, "both, in two tenants");
        for url in [first.as_str(), second] {
            assert_eq!(status_of(url).await, "Completed");
        }
        let token = format!("/v1/assets/{}/token", scene.ids[0]);
        assert_eq!(scene.one.status(&token).await, 409, "the later consent");
        pause();
        let later = order(&owner, &[Fleet::PERSON]).await;
        assert_ne!(text(&later[0], "url"), second);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_order_gives_the_same_codes_and_neither_audit_nor_key_names_the_persons() {
    each_database(async |scene| {
        let owner = scene.harness.owner().await;
        let body = json!({ "app_id": APP, "person_ids": ["990000000000077"] });
        let send = async |body: &Value| {
            let call = owner.call(reqwest::Method::POST, "/deletions").json(body);
            answer(call.header("Idempotency-Key", "once")).await
        };
        let first = send(&body).await;
        assert_eq!(first.0, 200, "{}", first.1);
        scene
            .harness
            .clock
            .advance_by(chrono::Duration::seconds(30));
        assert_eq!(send(&body).await, first);
        let (status, refused) = send(&json!({ "app_id": APP, "person_ids": ["78"] })).await;
        assert!(
            status == 422 && refused.contains("idempotency_key_reused"),
            "{refused}"
        );
        let (_, events) = owner.get("/audit-events?action=deletions.ordered").await;
        assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{events}");
        assert_eq!(
            events["data"][0]["detail"],
            json!({ "persons": 1, "new": 1 })
        );
        for sql in [
            "SELECT count(*) FROM idempotency WHERE response LIKE '%990000000000077%'",
            "SELECT count(*) FROM audit_events WHERE detail LIKE '%990000000000077%'",
            "SELECT count(*) FROM inbox WHERE person_id IS NOT NULL",
        ] {
            let named = scene.harness.database.count_as_superuser(sql).await;
            assert_eq!(named, 0, "{sql}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faulty_orders_are_refused_with_the_paths_of_their_fields() {
    each_database(async |scene| {
        let (owner, support) = (scene.harness.owner().await, scene.harness.support().await);
        let many: Vec<_> = (1..=1_001).map(|n| n.to_string()).collect();
        for (body, code, path) in [
            (
                json!({ "app_id": APP, "person_ids": [] }),
                "invalid_request",
                "person_ids",
            ),
            (json!({ "app_id": APP }), "invalid_request", "person_ids"),
            (
                json!({ "app_id": "x", "person_ids": ["1"] }),
                "invalid_request",
                "app_id",
            ),
            (
                json!({ "app_id": APP, "person_ids": ["1", "../2"] }),
                "invalid_request",
                "person_ids[1]",
            ),
            (
                json!({ "app_id": APP, "person_ids": ["1"], "why": 1 }),
                "invalid_request",
                "why",
            ),
            (
                json!({ "app_id": APP, "person_ids": many }),
                "too_many_items",
                "person_ids",
            ),
        ] {
            let (status, problem) = owner.post("/deletions", &body).await;
            assert_eq!((status, problem_code(&problem)), (422, code), "{problem}");
            assert_eq!(problem["errors"][0]["field"], path, "{problem}");
        }
        let body = json!({ "app_id": "999", "person_ids": ["1"] });
        let (status, problem) = owner.post("/deletions", &body).await;
        assert_eq!((status, problem_code(&problem)), (404, "not_found"));
        let body = json!({ "app_id": APP, "person_ids": ["1"] });
        assert_eq!(support.post("/deletions", &body).await.0, 403);
        assert_eq!(count_notices(&scene).await, 0);
    })
    .await;
}

async fn count_notices(scene: &Scene) -> i64 {
    let sql = "SELECT count(*) FROM inbox";
    scene.harness.database.count_as_superuser(sql).await
}
