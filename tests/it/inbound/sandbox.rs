//! The notices that the simulated Meta sends.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{Scene, answer};
use crate::harness::{APP, Fleet, http};

#[tokio::test(flavor = "multi_thread")]
async fn notices_of_the_sandbox_are_accepted() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let (api, sandbox) = (&scene.harness.api, &scene.harness.sandbox);
    sandbox
        .put(
            &format!("apps/{APP}/webhook"),
            json!({ "url": format!("{api}/meta/webhooks/{APP}") }),
        )
        .await;
    let callbacks = json!({
        "deauthorize_url": format!("{api}/meta/deauthorize/{APP}"),
        "data_deletion_url": format!("{api}/meta/data-deletion/{APP}"),
    });
    sandbox
        .put(&format!("apps/{APP}/callbacks"), callbacks)
        .await;
    let business = crate::harness::business(1);
    let order =
        json!({ "person": Fleet::PERSON, "business": business, "new_person": Fleet::MANAGED });
    sandbox.post("migrations", order).await;
    delivered(&scene, 1).await;
    assert_eq!(scene.receive().await, 2);
    assert_ne!(scene.cut_off(&scene.one).await, Value::Null);
    let change = json!({ "app": APP, "permission": "ads_read", "verb": "revoked" });
    sandbox
        .post(&format!("persons/{}/permissions", Fleet::PERSON), change)
        .await;
    delivered(&scene, 2).await;
    assert_eq!(scene.receive().await, 2);
    sandbox
        .post(
            &format!("persons/{}/deauthorize", Fleet::PERSON),
            json!({ "app": APP }),
        )
        .await;
    delivered(&scene, 3).await;
    assert_eq!(scene.receive().await, 2);
    assert_eq!(
        scene
            .two
            .status(&format!("/v1/assets/{}/token", scene.ids[0]))
            .await,
        409
    );
    sandbox
        .post(
            &format!("persons/{}/data-deletion", Fleet::PERSON),
            json!({ "app": APP }),
        )
        .await;
    let deletion = delivered(&scene, 4).await;
    assert_eq!(scene.receive().await, 2);
    let url = deletion["answer"]["url"].as_str().expect("a page");
    assert!(answer(http().get(url)).await.1.contains("Completed"));
}

/// Waits until the sandbox has delivered `n` notices, each at the first attempt, and returns the last one.
async fn delivered(scene: &Scene, n: usize) -> Value {
    for _ in 0..200 {
        let sent = scene.harness.sandbox.get("webhooks").await;
        let sent = sent["data"].as_array().expect("a list");
        if sent.len() >= n {
            assert!(sent.iter().all(|it| it["status"] == 200), "{sent:?}");
            return sent[n - 1].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the sandbox delivers nothing")
}
