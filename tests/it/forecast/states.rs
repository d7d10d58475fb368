//! Every state and ending of an asset, with its reason.

use std::collections::BTreeMap;

use chrono::Duration;
use regrant_domain::{
    AssetFacts, Certainty, CutOff, CutOffSource, NextStep, Reason, ReasonCode, Who,
};
use regrant_storage::CountedRefusal;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{connected, list};
use crate::harness::Fleet;

/// Creates an asset in every state, partly by writing what the worker would write.
#[tokio::test(flavor = "multi_thread")]
async fn every_state_and_ending_carries_since_reason_who_and_next_check() {
    let fleet = Fleet::new(1, 3, 0);
    let (harness, tenant) = connected(TestDatabase::create_sqlite().await, &fleet).await;
    let ids = fleet.ids();
    harness.clock.advance_by(Duration::days(20));
    let tenant = tenant.log_in_again().await;
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &ids[..1])
        .await;
    harness.clock.advance_by(Duration::days(15));
    let tenant = tenant.log_in_again().await;
    tenant
        .register(&[json!({ "id": "200000000000777", "kind": "business", "token": "imported" })])
        .await;
    tenant
        .register(&[json!({ "id": "200000000000778", "kind": "business" })])
        .await;
    let store = harness.store().await;
    let scope = store
        .find_scope_for_operator(tenant.id.parse().expect("an id"))
        .await
        .expect("a tenant");
    let (tx, now) = (
        store.begin(&scope).await.expect("a transaction"),
        harness.clock.now(),
    );
    let cut_off = CutOff {
        at: now + Duration::days(9),
        source: CutOffSource::Probe,
        learned_at: now,
    };
    tx.set_cut_offs(&[ids[1].parse().expect("an id")], cut_off)
        .await
        .expect("written");
    let reason = Reason::new(ReasonCode::NotReached, Who::Person, "x", NextStep::Replace);
    let refusals =
        AssetFacts::default().after_refusal(reason, Certainty::Spaced, now, Duration::minutes(10));
    let refused = CountedRefusal {
        asset_id: ids[2].parse().expect("an id"),
        refusals: refusals.expect("it is counted"),
    };
    tx.write_refusals(&[refused], now).await.expect("written");
    tx.commit().await.expect("committed");

    let mut seen = BTreeMap::new();
    let listed = tenant.get("/v1/assets").await;
    for it in list(&listed, "data") {
        let state = it["state"].as_str().expect("a state").to_owned();
        assert_is_complete(it, &state);
        assert_is_complete(
            &tenant
                .get(&format!("/v1/assets/{}", it["id"].as_str().expect("an id")))
                .await,
            &state,
        );
        seen.insert(state, it["id"].as_str().expect("an id").to_owned());
    }
    let states: Vec<_> = seen.keys().map(String::as_str).collect();
    assert_eq!(
        states,
        [
            "disconnected",
            "expiring",
            "healthy",
            "migrating",
            "suspect",
            "unproven"
        ]
    );
    let ids: Vec<_> = seen.values().cloned().collect();
    for (id, it) in tenant.tokens(&ids).await {
        if it["status"] == "served" {
            assert_is_complete(&it, it["state"].as_str().expect("a state"));
        } else {
            assert_eq!(it["reason"]["code"], "never_connected", "{id}: {it}");
        }
    }
    for it in list(&tenant.get("/v1/forecast?all=true").await, "data") {
        assert_is_complete(it, it["state"].as_str().expect("a state"));
        assert!(it["ending"].is_object(), "{it}");
    }
}

fn assert_is_complete(it: &Value, state: &str) {
    assert_eq!(it["state"], state);
    for (field, inner) in [
        ("reason", "code"),
        ("reason", "detail"),
        ("reason", "next_step"),
    ] {
        assert!(it[field][inner].is_string(), "{field}.{inner}: {it}");
    }
    assert!(it["since"].is_string(), "{it}");
    assert!(
        it["who"].is_string() && it["who"] == it["reason"]["who"],
        "{it}"
    );
    assert!(
        it["next_check_at"].is_string() || state == "disconnected",
        "{it}"
    );
    if let Some(ending) = it["ending"].as_object() {
        for field in ["at", "cause", "since", "confidence", "who"] {
            assert!(
                ending.get(field).is_some_and(Value::is_string),
                "{field}: {it}"
            );
        }
        assert_eq!(
            ending["source"].is_string(),
            ending["cause"] == "cut_off",
            "{it}"
        );
    }
    let near = ["expiring", "migrating"].contains(&state);
    assert!(
        !near || it["ending"].is_object(),
        "{state} without an ending: {it}"
    );
}
