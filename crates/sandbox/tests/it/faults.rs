//! Fault rules and the record of calls.

use serde_json::{Value, json};

use crate::bench::{AD_ACCOUNT, APP, Bench, CATALOG, PAGE, error_codes};

#[tokio::test]
async fn a_throttle_has_its_headers_and_ends() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench.post_control("faults", json!({"match": {"asset": AD_ACCOUNT}, "effect": {"throttle": {"code": 80004, "minutes": 7}}, "times": 1})).await;
    let answer = bench
        .http
        .get(bench.url(AD_ACCOUNT))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let usage: Value = serde_json::from_str(
        answer.headers()["x-business-use-case-usage"]
            .to_str()
            .unwrap(),
    )
    .unwrap();
    let entry = &usage[AD_ACCOUNT.trim_start_matches("act_")][0];
    assert_eq!(entry["estimated_time_to_regain_access"], 7);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(error_codes(&body), (80004, None));
    assert_eq!(bench.read(&token, AD_ACCOUNT).await.0, 200);
}

#[tokio::test]
async fn a_throttle_of_a_business_names_the_business() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench
        .post_control(
            "faults",
            json!({"effect": {"throttle": {"code": 80004, "business": true}}, "times": 1}),
        )
        .await;
    let answer = bench
        .http
        .get(bench.url(AD_ACCOUNT))
        .bearer_auth(&token)
        .send()
        .await
        .unwrap();
    let usage: Value = serde_json::from_str(
        answer.headers()["x-business-use-case-usage"]
            .to_str()
            .unwrap(),
    )
    .unwrap();
    assert_eq!(
        usage[crate::bench::BUSINESS][0]["call_count"],
        100,
        "{usage}"
    );
}

#[tokio::test]
async fn errors_raw_responses_and_dropped_connections() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let error = json!({"error": {"code": 190, "subcode": 459, "message": "Checkpoint"}});
    bench
        .post_control(
            "faults",
            json!({"match": {"path": "me"}, "effect": error, "times": 1}),
        )
        .await;
    bench.post_control("faults", json!({"match": {"path": "me*"}, "effect": {"status": 503, "body": "Service Unavailable"}, "times": 1})).await;
    bench
        .post_control(
            "faults",
            json!({"match": {"path": "me"}, "effect": "drop", "times": 1}),
        )
        .await;
    assert_eq!(
        error_codes(&bench.read(&token, "me").await.1),
        (190, Some(459))
    );
    assert_eq!(
        bench.read(&token, "me").await,
        (503, json!("Service Unavailable"))
    );
    let dropped = bench
        .http
        .post(bench.url("me"))
        .bearer_auth(&token)
        .send()
        .await;
    assert!(dropped.is_err_and(|error| error.status().is_none()));
    assert_eq!(bench.read(&token, "me").await.0, 200);
}

#[tokio::test]
async fn per_asset_faults_fire_for_each() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let rule = json!({"match": {"asset": [PAGE, CATALOG], "batch_item": true}, "effect": {"error": {"code": 960}},
                      "times": 1, "per_asset": true});
    bench.post_control("faults", rule).await;
    let items = json!([{"method": "GET", "relative_url": PAGE}, {"method": "GET", "relative_url": CATALOG}]);
    let codes = |body: &Value| {
        [
            body[0]["code"].as_u64().unwrap(),
            body[1]["code"].as_u64().unwrap(),
        ]
    };
    assert_eq!(codes(&bench.batch(&token, &items).await.1), [400, 400]);
    assert_eq!(codes(&bench.batch(&token, &items).await.1), [200, 200]);
    assert_eq!(
        bench.get("sandbox/faults").await.1["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn calls_are_counted_and_show_no_secret() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench
        .post_control("faults", json!({"effect": {"latency_ms": 150}}))
        .await;
    let reads = (0..4).map(|_| bench.read(&token, PAGE));
    futures_util::future::join_all(reads).await;
    bench
        .http
        .delete(bench.url("sandbox/faults"))
        .send()
        .await
        .unwrap();
    let items: Value = (0..3)
        .map(|_| json!({"method": "GET", "relative_url": format!("{PAGE}?access_token={token}")}))
        .collect();
    bench.batch(&token, &items).await;
    bench.debug_token(&token).await;
    bench.read(&token, &token).await;
    let calls = bench.calls().await;
    assert_eq!(
        (
            calls["total"].as_u64(),
            calls["batches"].as_u64(),
            calls["max_batch"].as_u64()
        ),
        (Some(7), Some(1), Some(3))
    );
    assert_eq!(calls["probes_by_asset"][PAGE], 7);
    assert_eq!(calls["by_path"]["/{page}"], 7);
    assert_eq!(calls["debug_tokens"], 1);
    assert!(
        calls["max_in_flight"].as_u64().unwrap() >= 3,
        "{}",
        calls["max_in_flight"]
    );
    let text = calls.to_string();
    assert!(
        !text.contains(&token) && !text.contains(APP.1),
        "a secret is in the log"
    );
}

#[tokio::test]
async fn an_app_over_its_quota_is_throttled_until_the_hour_passes() {
    let bench = Bench::start().await;
    let world = json!({"apps": [{"id": APP.0, "secret": APP.1, "name": "App", "calls_per_hour": 3}],
                       "persons": [{"id": "100000000000001", "name": "One"}]});
    bench
        .http
        .put(bench.url("sandbox/world"))
        .json(&world)
        .send()
        .await
        .unwrap();
    let token = bench.person_token().await;
    let mut codes = Vec::new();
    for _ in 0..4 {
        codes.push(error_codes(&bench.read(&token, "me").await.1).0);
    }
    assert_eq!(codes, [0, 0, 0, 4]);
    bench.post_control("clock", json!({"advance": "1h"})).await;
    assert_eq!(bench.read(&token, "me").await.0, 200);
}
