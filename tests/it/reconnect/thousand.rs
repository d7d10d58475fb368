//! A reconnect of a thousand assets of five businesses, with every kind of outcome and failure.

use std::collections::BTreeMap;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options};

const NOT_MIGRATED: &str = "200000000000005";

/// 1,000 assets: five businesses with 199 others each; the managed account lacks a task on 20.
fn fleet() -> (Fleet, Vec<String>) {
    let mut fleet = Fleet::new(5, 199, 4);
    let tasked = |it: &&Value| {
        it["business_id"] == "200000000000001"
            && (it["kind"] == "page" || it["kind"] == "ad_account")
    };
    let assets = fleet.assets();
    let lacking: Vec<_> = assets.iter().filter(tasked).take(20).map(id_of).collect();
    let tasks: Vec<_> = lacking
        .iter()
        .map(|id| format!("{id:?}: [ANALYZE]"))
        .collect();
    fleet.new_roles[0] = format!(
        "{{business: \"200000000000001\", tasks_on: {{{}}}}}",
        tasks.join(", ")
    );
    (fleet, lacking)
}

fn id_of(asset: &Value) -> String {
    asset["id"].as_str().expect("an id").to_owned()
}

async fn a_thousand_assets(database: TestDatabase) {
    let (fleet, lacking) = fleet();
    let graph = regrant_graph::Settings {
        max_in_flight: 4,
        // The pause after a throttle that names no time.
        throttle_pause: std::time::Duration::from_millis(500),
        ..Default::default()
    };
    let options = Options {
        graph,
        ..Options::default()
    };
    let harness = Harness::with(database, &fleet.world(), options).await;
    let (tenant, other) = (harness.tenant("One").await, harness.tenant("Two").await);
    let assets = fleet.assets();
    let in_business =
        |n: usize| move |it: &&Value| it["business_id"] == format!("20000000000{n:04}");
    let foreign: Vec<_> = assets
        .iter()
        .filter(in_business(2))
        .skip(1)
        .take(3)
        .map(id_of)
        .collect();
    let (theirs, ours): (Vec<_>, Vec<_>) = assets
        .iter()
        .cloned()
        .partition(|it| foreign.contains(&id_of(it)));
    tenant.register(&ours).await;
    other.register(&theirs).await;

    let old = harness.sandbox.token(Fleet::PERSON).await;
    let first = tenant
        .reconnect(&old, &ours.iter().map(id_of).collect::<Vec<_>>())
        .await;
    assert_eq!(
        first["counts"],
        json!({ "replaced": 997 }),
        "{}",
        first["counts"]
    );

    let migrated: Vec<_> = assets.iter().filter(in_business(3)).map(id_of).collect();
    add_faults(&harness, &migrated).await;
    harness.sandbox.forget_calls().await;
    harness.sandbox.latency(20).await;

    let asked: Vec<_> = assets.iter().rev().map(id_of).collect();
    let new = harness.sandbox.token(Fleet::MANAGED).await;
    let before = tenant.tokens(&asked).await;
    let ended = tenant.reconnect(&new, &asked).await;

    let expected = |id: &str, asset: &Value| match () {
        () if foreign.iter().any(|it| it == id) => "unknown_asset",
        () if lacking.iter().any(|it| it == id) => "missing_permission",
        () if asset["business_id"] == NOT_MIGRATED => "parked",
        () => "replaced",
    };
    let items = ended["items"].as_array().expect("items");
    let order: Vec<_> = items
        .iter()
        .map(|it| it["asset_id"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(
        order,
        asked.iter().map(String::as_str).collect::<Vec<_>>(),
        "the caller's order is kept"
    );
    let mut counts = BTreeMap::new();
    for (item, asset) in items.iter().zip(assets.iter().rev()) {
        let wanted = expected(&id_of(asset), asset);
        assert_eq!(item["outcome"], wanted, "{item}");
        *counts.entry(wanted).or_insert(0) += 1;
    }
    assert_eq!(
        counts,
        BTreeMap::from([
            ("missing_permission", 20),
            ("parked", 200),
            ("replaced", 777),
            ("unknown_asset", 3)
        ])
    );
    assert_eq!(
        ended["counts"],
        json!(counts),
        "the totals are those of the items"
    );

    let calls = harness.sandbox.calls().await;
    assert!(
        calls["max_batch"].as_u64().is_some_and(|n| n <= 50),
        "{}",
        calls["max_batch"]
    );
    assert!(
        calls["max_in_flight"]
            .as_u64()
            .is_some_and(|n| (2..=4).contains(&n)),
        "{}",
        calls["max_in_flight"]
    );
    only_what_was_replaced_changed(&harness, &tenant, &asked, &before, items).await;
}

/// Throttles ten of these assets and leaves five without an answer, each once.
async fn add_faults(harness: &Harness, migrated: &[String]) {
    harness
        .sandbox
        .fault(json!({
            "match": { "asset": &migrated[..10], "batch_item": true }, "times": 1, "per_asset": true,
            "effect": { "throttle": { "code": 80004, "minutes": 0 } },
        }))
        .await;
    harness
        .sandbox
        .fault(json!({
            "match": { "asset": &migrated[20..25], "batch_item": true }, "times": 1, "per_asset": true,
            "effect": "null_item",
        }))
        .await;
}

/// Asserts that replaced assets serve a new token that works, and all others the same token as before.
async fn only_what_was_replaced_changed(
    harness: &Harness,
    tenant: &crate::harness::Tenant,
    asked: &[String],
    before: &std::collections::HashMap<String, Value>,
    items: &[Value],
) {
    harness.sandbox.latency(0).await;
    let after = tenant.tokens(asked).await;
    for item in items {
        let id = item["asset_id"].as_str().unwrap_or_default();
        let token = |from: &std::collections::HashMap<String, Value>| {
            from[id]["access_token"].as_str().map(ToOwned::to_owned)
        };
        if item["outcome"] == "replaced" {
            assert_ne!(token(&after), token(before), "{item}");
            let (proof, time) = (&after[id]["appsecret_proof"], &after[id]["appsecret_time"]);
            let (proof, time) = (
                proof.as_str().expect("a proof"),
                time.as_i64().expect("a time"),
            );
            let status = harness
                .sandbox
                .reads(id, &token(&after).expect("a token"), proof, time)
                .await;
            assert_eq!(status, 200, "the token of {id} works");
        } else {
            assert_eq!(token(&after), token(before), "{item}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_assets_end_with_the_expected_outcomes_on_sqlite() {
    a_thousand_assets(TestDatabase::create_sqlite().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_assets_end_with_the_expected_outcomes_on_postgresql() {
    if let Some(database) = TestDatabase::create_postgres().await {
        a_thousand_assets(database).await;
    }
}
