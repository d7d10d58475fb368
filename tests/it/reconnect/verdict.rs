//! The verdict of a reconnect, and its sentences in the caller's language.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, on_both};

on_both!(
    a_reconnect_says_what_came_of_it,
    a_reconnect_is_read_in_the_language_of_the_caller,
);

async fn a_reconnect_says_what_came_of_it(database: TestDatabase) {
    let fleet = Fleet::new(2, 6, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let verdict = async |person: &str| {
        let token = harness.sandbox.token(person).await;
        tenant.reconnect(&token, &fleet.ids()).await["verdict"].clone()
    };
    assert_eq!(verdict(Fleet::STRANGER).await, "nothing_changed");
    assert_eq!(verdict(Fleet::PERSON).await, "all_done");
    assert_eq!(verdict(Fleet::MANAGED).await, "some_need_someone");

    harness.sandbox.latency(300).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let (status, running) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(
        (status, &running["verdict"]),
        (202, &Value::Null),
        "{running}"
    );
    let id = running["id"].as_str().expect("an id");
    let call = tenant.call(Method::GET, &format!("/v1/reconnects/{id}/events"));
    let text = call.send().await.expect("an answer").text().await;
    let text = text.expect("the stream ends");
    let (_, end) = text.split_once("event: reconnect").expect("its last event");
    assert!(end.contains(r#""verdict":"all_done""#), "{end}");
    let listed = tenant.get("/v1/reconnects").await;
    assert_eq!(listed["data"][0]["verdict"], "all_done", "{listed}");
}

async fn a_reconnect_is_read_in_the_language_of_the_caller(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::STRANGER).await;
    let ended = tenant.reconnect(&token, &fleet.ids()).await;
    let id = ended["id"].as_str().expect("an id");
    let english = &ended["items"][0]["reason"];
    for path in [
        format!("/v1/reconnects/{id}"),
        format!("/v1/reconnects/{id}/events"),
    ] {
        let call = tenant.call(Method::GET, &path);
        let answer = call.header("Accept-Language", "de").send().await;
        let text = answer.expect("an answer").text().await.expect("a body");
        assert!(
            text.contains("Das Token erreicht dieses Asset nicht."),
            "{text}"
        );
        let code = format!("\"next_step_code\":{}", english["next_step_code"]);
        assert!(text.contains(&code), "{text}");
    }
    assert_eq!(english["heals"], "admin", "{english}");
    assert!(
        english["detail"]
            .as_str()
            .is_some_and(|it| it.starts_with("The token"))
    );
}
