//! A hostile tenant: what happens to its own persons decides nothing for other tenants.

use chrono::Duration;
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness, Tenant, business, ids, leap, on_both, watch};

on_both!(dying_tokens_of_one_tenant_do_not_suspend_the_app_for_another);

/// How many persons the hostile tenant has; five that die in a minute made the app suspected.
const PERSONS: usize = 7;

/// Connects each business's page with the token of the business's own person.
async fn connect(harness: &Harness, tenant: &Tenant, fleet: &Fleet, n: usize) {
    let assets = fleet.assets_of(n);
    tenant.register(&assets).await;
    let token = harness.sandbox.token(&Fleet::person_of(n)).await;
    let reconnect = tenant.reconnect(&token, &ids(&assets)).await;
    assert_eq!(reconnect["items"][1]["outcome"], "replaced", "{reconnect}");
}

async fn dying_tokens_of_one_tenant_do_not_suspend_the_app_for_another(database: TestDatabase) {
    let fleet = Fleet::new(PERSONS + 1, 1, 0);
    let harness = Harness::start(database, &fleet.world_of_many()).await;
    let (hostile, honest) = (
        harness.tenant("Hostile").await,
        harness.tenant("Honest").await,
    );
    for n in 1..=PERSONS {
        connect(&harness, &hostile, &fleet, n).await;
    }
    let assets = fleet.assets_of(PERSONS + 1);
    honest.register(&assets).await;
    // The hostile tenant lets every token of its own die at once.
    leap(&harness, &hostile, Duration::hours(25)).await;
    for n in 1..=PERSONS {
        let path = format!("persons/{}/password-change", Fleet::person_of(n));
        harness.sandbox.post(&path, json!({})).await;
    }
    let started = Clock::system_time();
    let pass = watch(&harness).await;
    assert!(pass.doubted >= PERSONS, "the deaths are counted: {pass:?}");
    assert_eq!(harness.graph.suspected_apps(), [], "the app works");
    let honest = honest.log_in_again().await;
    let token = harness.sandbox.token(&Fleet::person_of(PERSONS + 1)).await;
    let reconnect = honest.reconnect(&token, &ids(&assets)).await;
    for item in reconnect["items"].as_array().expect("items") {
        assert_eq!(item["outcome"], "replaced", "{reconnect}");
    }
    assert!(Clock::system_time() - started < Duration::minutes(1));
    assert_eq!(assets[0]["id"], business(PERSONS + 1));
}
