//! Meta's callbacks with a signed request: deauthorisation and data deletion.

use reqwest::Method;
use serde_json::{Value, json};

use super::{answer, each_database, signed_request};
use crate::harness::{APP, Fleet, OTHER_APP, SECRET, http};

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_not_signed_by_its_app_is_refused_and_changes_nothing() {
    each_database(async |scene| {
        let said = scene.said(5);
        let good = signed_request(SECRET, &said);
        let (mac, payload) = good.split_once('.').expect("two parts");
        let with = |field: &str, value: Value| {
            let mut said = said.clone();
            said[field] = value;
            signed_request(SECRET, &said)
        };
        let requests = [
            String::new(),
            ".".to_owned(),
            payload.to_owned(),
            mac.to_owned(),
            format!(".{payload}"),
            format!("{mac}."),
            format!("{payload}.{mac}"),
            format!("{}.{payload}", &mac[..42]),
            format!("{mac}.{payload}x"),
            format!("{mac}.{payload}.{payload}"),
            format!("{mac}.{payload}=="),
            format!("!!!.{payload}"),
            signed_request("another secret", &said),
            signed_request("other-secret-other-secret", &said),
            with("algorithm", json!("HMAC-SHA1")),
            with("algorithm", json!("none")),
            with("algorithm", Value::Null),
            with("issued_at", json!(scene.now() - 86_405)),
            with("issued_at", json!(scene.now() + 660)),
            with("issued_at", json!("yesterday")),
            with("user_id", json!("1/../me")),
            with("user_id", Value::Null),
            signed_request(SECRET, &json!([])),
            signed_request(SECRET, &json!("x")),
        ];
        let before = scene.contents().await;
        let refused = scene
            .callback(&format!("/meta/deauthorize/{APP}"), "x")
            .await;
        assert_eq!(refused.0, 403);
        for request in &requests {
            for path in ["/meta/deauthorize", "/meta/data-deletion"] {
                assert_eq!(
                    scene.callback(&format!("{path}/{APP}"), request).await,
                    refused,
                    "{path} {request}"
                );
            }
        }
        for app in [OTHER_APP, "999", "x"] {
            assert_eq!(
                scene
                    .callback(&format!("/meta/data-deletion/{app}"), &good)
                    .await,
                refused,
                "{app}"
            );
        }
        let bare = answer(
            scene
                .post(&format!("/meta/deauthorize/{APP}"))
                .body(good.clone()),
        )
        .await;
        assert_eq!(bare, refused, "a form without the field");
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "something was written");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deauthorisation_ends_the_persons_credentials_in_every_tenant() {
    each_database(async |scene| {
        let request = signed_request(SECRET, &scene.said(0));
        let path = format!("/meta/deauthorize/{APP}");
        assert_eq!(scene.callback(&path, &request).await.0, 200);
        assert_eq!(scene.receive().await, 2);
        for tenant in [&scene.one, &scene.two] {
            for id in &scene.ids {
                let asset = tenant.get(&format!("/v1/assets/{id}")).await;
                assert_eq!(
                    (&asset["state"], &asset["reason"]["code"]),
                    (&json!("disconnected"), &json!("revoked"))
                );
                assert_eq!(asset["who"], "person");
                assert_eq!(tenant.status(&format!("/v1/assets/{id}/token")).await, 409);
            }
        }
        for id in &scene.ids {
            assert_eq!(
                scene.third.status(&format!("/v1/assets/{id}/token")).await,
                200,
                "another person's"
            );
        }
        assert!(scene.holds("person.revoked").await && scene.holds("person.deauthorized").await);
        let before = scene.contents().await;
        assert_eq!(scene.callback(&path, &request).await.0, 200);
        assert_eq!(scene.receive().await, 0);
        assert!(scene.contents().await == before, "a replay wrote something");

        // A person who logs in after the notice stays connected, even if the notice arrives again.
        scene
            .harness
            .sandbox
            .post("clock", json!({ "advance": "5m" }))
            .await;
        let ended = scene
            .one
            .reconnect(
                &scene.harness.sandbox.token(Fleet::PERSON).await,
                &scene.ids,
            )
            .await;
        assert_eq!(ended["counts"]["replaced"], 4, "{ended}");
        assert_eq!(
            scene
                .callback(&path, &signed_request(SECRET, &scene.said(60)))
                .await
                .0,
            200
        );
        assert_eq!(scene.receive().await, 2);
        assert_eq!(
            scene
                .one
                .status(&format!("/v1/assets/{}/token", scene.ids[0]))
                .await,
            200
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_can_read_the_progress_of_their_data_deletion() {
    each_database(async |scene| {
        let request = signed_request(SECRET, &scene.said(0));
        let path = format!("/meta/data-deletion/{APP}");
        let (status, receipt) = scene.callback(&path, &request).await;
        assert_eq!(status, 200);
        let confirmation: Value = serde_json::from_str(&receipt).expect("json");
        let (url, code) = (
            confirmation["url"].as_str().expect("url"),
            confirmation["confirmation_code"].as_str().expect("code"),
        );
        assert_eq!(url, format!("{}{path}/{code}", scene.harness.api));
        assert_eq!(
            scene.callback(&path, &request).await,
            (200, receipt.clone()),
            "the same request, the same code"
        );
        let read = async |url: &str| answer(http().get(url).header("X-Request-Id", "same")).await;
        assert!(read(url).await.1.contains("<strong>Received</strong>"));
        assert!(!scene.holds(code).await, "the code itself is not kept");
        assert_eq!(
            scene
                .harness
                .vault
                .apply_due_notices(1)
                .await
                .expect("an answer"),
            1
        );
        assert!(read(url).await.1.contains("<strong>In progress</strong>"));
        assert_eq!(scene.receive().await, 1);
        let (status, page) = read(url).await;
        assert!(
            status == 200 && page.contains("<strong>Completed</strong>"),
            "{page}"
        );
        assert!(
            !page.contains(Fleet::PERSON) && !page.contains("Person"),
            "{page}"
        );

        for tenant in [&scene.one, &scene.two] {
            let asset = tenant.get(&format!("/v1/assets/{}", scene.ids[1])).await;
            assert_eq!(
                (&asset["slots"]["active"], &asset["person_id"]),
                (&Value::Null, &Value::Null)
            );
            assert_eq!(
                (&asset["state"], &asset["reason"]["code"]),
                (&json!("disconnected"), &json!("revoked"))
            );
        }
        assert_eq!(
            scene
                .third
                .status(&format!("/v1/assets/{}/token", scene.ids[0]))
                .await,
            200
        );

        let unknown = read(&format!("{}{path}/0000", scene.harness.api)).await;
        assert_eq!(unknown.0, 404);
        for path in [
            format!("/meta/data-deletion/{OTHER_APP}/{code}"),
            format!("/meta/data-deletion/x/{code}"),
            format!("{path}/{}", "0".repeat(32)),
            format!("{path}/%3Cscript%3E"),
            format!("{path}/{}", "0".repeat(900)),
        ] {
            assert_eq!(
                read(&format!("{}{path}", scene.harness.api)).await,
                unknown,
                "{path}"
            );
        }
        let answer = http()
            .request(Method::GET, url)
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.headers()["x-robots-tag"], "noindex, nofollow");
        assert_eq!(answer.headers()["cache-control"], "no-store");
    })
    .await;
}
