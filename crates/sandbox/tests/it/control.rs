//! Controls refuse invalid input and then change nothing.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use chrono::{DateTime, Utc};
use regrant_sandbox::{Clock, Error, Sandbox, Settings, World};
use reqwest::Method;
use serde_json::{Value, json};

use crate::bench::{APP, BUSINESS, Bench, MANAGED, PERSON};

#[tokio::test]
async fn it_listens_on_loopback_only() {
    let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
    let refused = Sandbox::start(Settings {
        listen,
        world: World::demo(),
        clock: Clock::new(),
    })
    .await;
    assert!(matches!(refused, Err(Error::NotLoopback(address)) if address == listen));
}

#[tokio::test]
async fn a_stopped_sandbox_does_not_respond() {
    let bench = Bench::start().await;
    let url = bench.url("sandbox/clock");
    assert_eq!(bench.get("sandbox/clock").await.0, 200);
    bench.sandbox.stop().await;
    // A connection accepted before may still get a response, and another test may use the port now.
    for _ in 0..100 {
        if bench.http.get(&url).send().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it still responds");
}

#[tokio::test]
async fn refused_controls_name_the_field() {
    let bench = Bench::start().await;
    let controls = [
        ("tokens", json!({"person": "1", "app": APP.0}), "person"),
        ("tokens", json!({"person": PERSON, "app": "1"}), "app"),
        ("tokens", json!({"person": PERSON}), "app"),
        (
            "tokens",
            json!({"person": PERSON, "app": APP.0, "assets": ["1"]}),
            "assets",
        ),
        (
            "tokens",
            json!({"person": PERSON, "app": APP.0, "scope": "x"}),
            "scope",
        ),
        ("clock", json!({"advance": "soon"}), "advance"),
        ("clock", json!({"now": "soon"}), "now"),
        (
            "migrations",
            json!({"person": PERSON, "business": "1", "new_person": MANAGED}),
            "business",
        ),
        (
            "migrations",
            json!({"person": PERSON, "business": BUSINESS, "new_person": PERSON}),
            "new_person",
        ),
        ("faults", json!({"effect": "explode"}), "effect"),
        ("faults", json!({"effect": "drop", "when": 1}), "when"),
    ];
    let before = bench.get("sandbox/world").await.1["migrations"].clone();
    for (path, control, field) in controls {
        let (status, body) = bench.post_control(path, control.clone()).await;
        assert_eq!(
            (status, body["error"]["field"].as_str()),
            (400, Some(field)),
            "{control}: {body}"
        );
    }
    assert_eq!(bench.get("sandbox/world").await.1["migrations"], before);
    assert_eq!(bench.get("sandbox/faults").await.1["data"], json!([]));
}

#[tokio::test]
async fn a_bad_world_does_not_replace_the_old_one() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    for (scenario, field) in [
        (
            "businesses: [{id: '1', name: A}, {id: '1', name: B}]",
            "businesses[1].id",
        ),
        (
            "persons: [{id: '1', name: A, roles: [{business: '7'}]}]",
            "persons[\"1\"].roles[0].business",
        ),
        ("apps: [{id: '1', name: A}]", "apps[0]"),
    ] {
        let call = bench
            .http
            .request(Method::PUT, bench.url("sandbox/world"))
            .body(scenario);
        let answer = call.send().await.unwrap();
        assert_eq!(answer.status(), 400);
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["error"]["field"], field, "{body}");
    }
    assert_eq!(bench.read(&token, "me").await.0, 200);
}

#[tokio::test]
async fn the_clock_can_be_advanced_and_set() {
    let bench = Bench::start().await;
    bench.post_control("clock", json!({"advance": "30d"})).await;
    bench.post_control("clock", json!({"advance": 60})).await;
    let (_, clock) = bench
        .post_control("clock", json!({"now": "2031-05-01T00:00:00Z"}))
        .await;
    // The clock runs on from there.
    let now: DateTime<Utc> = clock["now"].as_str().unwrap().parse().unwrap();
    let set: DateTime<Utc> = "2031-05-01T00:00:00Z".parse().unwrap();
    assert!((0..60).contains(&(now - set).num_seconds()), "{now}");
    assert_eq!(bench.clock.now().format("%Y-%m").to_string(), "2031-05");
}

#[tokio::test]
async fn ten_thousand_assets_take_two_lines() {
    let scenario = r#"
apps: [{id: "400100200300499", secret: fedcba9876543210fedcba9876543210, name: App}]
businesses: [{id: "2", name: Two}]
persons: [{id: "100000000000001", name: One, roles: [{business: "2"}]}]
generate: [{kind: page, business: "2", count: 10000, first_id: "300000000000000", name: "Page {n}"}]
"#;
    let bench = Bench::start_with(World::from_yaml(scenario).unwrap()).await;
    let (_, world) = bench.get("sandbox/world").await;
    assert_eq!(world["assets"].as_array().unwrap().len(), 10_001);
    let token = bench.person_token().await;
    let (_, page) = bench
        .read(&token, "300000000009999?fields=name,tasks")
        .await;
    assert_eq!(page["name"], "Page 10000");
}

#[tokio::test]
async fn a_world_is_made_of_a_tenants_assets() {
    let bench = Bench::start().await;
    let pages = concat!(
        r#"{"data":[{"id":"31","kind":"page","name":"Shop","business_id":"21","person_id":"11","state":"healthy"}],"#,
        r#""has_more":true,"next_cursor":"x"}"#,
        r#"{"data":[{"id":"21","kind":"business","name":"Firm","business_id":null,"person_id":null}],"has_more":false}"#,
    );
    let call = bench
        .http
        .put(bench.url("sandbox/world/assets"))
        .body(pages);
    let answer = call.send().await.unwrap();
    let world: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(world["businesses"], json!([{"id": "21", "name": "Firm"}]));
    let token = bench
        .issue_token(json!({"person": "11", "app": APP.0}))
        .await;
    let (_, page) = bench.read(&token, "31?fields=name,business{name}").await;
    assert_eq!(
        page,
        json!({"id": "31", "name": "Shop", "business": {"id": "21", "name": "Firm"}})
    );
}

#[tokio::test]
async fn a_list_without_assets_makes_no_world() {
    let bench = Bench::start().await;
    for body in [
        r#"{"data":[]}"#,
        "",
        r#"{"data":[{"id":"1","kind":"group"}]}"#,
    ] {
        let call = bench.http.put(bench.url("sandbox/world/assets")).body(body);
        assert_eq!(call.send().await.unwrap().status(), 400, "{body}");
    }
    assert_eq!(
        bench.get("sandbox/world").await.1["persons"][0]["id"],
        PERSON
    );
}

#[tokio::test]
async fn the_business_permissions_of_a_test_user_are_transferred() {
    let bench = Bench::start().await;
    let order = json!({"app": APP.0, "businesses": [BUSINESS], "installed": true});
    let (_, user) = bench.post_control("test-users", order).await;
    let managed = json!({"app": APP.0, "is_work_account": true});
    let (_, account) = bench.post_control("test-users", managed.clone()).await;
    assert_eq!(account["is_work_account"], true);
    let (status, second) = bench.post_control("test-users", managed).await;
    assert_eq!(
        (status, &second["error"]["field"]),
        (400, &json!("is_work_account"))
    );
    let path = format!("test-users/{}/transfer", user["id"].as_str().unwrap());
    let (_, moved) = bench
        .post_control(&path, json!({"new_person": account["id"]}))
        .await;
    assert_eq!(moved["migrations"][0]["business"], BUSINESS);
    let token = user["access_token"].as_str().unwrap();
    let (_, page) = bench
        .read(token, "300000000010001?fields=user_access_expire_time")
        .await;
    assert!(page["user_access_expire_time"].is_string(), "{page}");
}

#[tokio::test]
async fn a_test_user_without_what_meta_asks_for_is_not_transferred() {
    let bench = Bench::start().await;
    let without_grant = json!({"app": APP.0, "businesses": [BUSINESS]});
    let without_business = json!({"app": APP.0, "installed": true});
    for order in [without_grant, without_business] {
        let (_, user) = bench.post_control("test-users", order).await;
        let path = format!("test-users/{}/transfer", user["id"].as_str().unwrap());
        let (status, body) = bench
            .post_control(&path, json!({"new_person": MANAGED}))
            .await;
        assert_eq!(status, 400, "{body}");
    }
    let (status, _) = bench
        .post_control(
            &format!("test-users/{PERSON}/transfer"),
            json!({"new_person": MANAGED}),
        )
        .await;
    assert_eq!(status, 404, "no test user");
}
