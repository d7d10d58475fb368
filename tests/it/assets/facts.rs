//! What an asset shows of the facts behind its state.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness};

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_shows_its_facts_with_source_and_time() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 1, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let path = format!("/v1/assets/{}", fleet.ids()[0]);
        let new = tenant.get(&path).await;
        assert_eq!(new["fact"], "registration", "{new}");

        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        let asset = tenant.get(&path).await;
        let facts = asset["facts"].as_array().expect("facts");
        let names: Vec<_> = facts.iter().map(|it| it["name"].clone()).collect();
        assert_eq!(
            names,
            ["registration", "proof", "token_expiry", "data_access"],
            "{asset}"
        );
        assert_eq!(asset["fact"], "proof", "{asset}");
        let expiry = &facts[2];
        assert_eq!(
            (&expiry["source"], &expiry["confidence"]),
            (&json!("debug_token"), &json!("certain"))
        );
        assert_eq!(
            expiry["at"], asset["slots"]["active"]["expires_at"],
            "{asset}"
        );
        assert!(
            facts.iter().all(|it| it["observed_at"].is_string()),
            "{asset}"
        );
        let listed = &tenant.get("/v1/assets").await["data"][0];
        assert_eq!(
            (&listed["fact"], &listed["facts"]),
            (&json!("proof"), &Value::Null),
            "{listed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_shows_the_condition_that_graph_names() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 0, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let path = format!("/v1/assets/{}", fleet.ids()[0]);
        assert_eq!(tenant.get(&path).await["condition"], Value::Null);
        let sql = "UPDATE assets SET condition = 'account_disabled', condition_read_at = 1795312800000000";
        harness.database.run_as_superuser(sql).await;
        let condition = tenant.get(&path).await["condition"].clone();
        assert_eq!(
            condition,
            json!({
                "code": "account_disabled",
                "detail": "Meta has disabled the ad account; the token works.",
                "observed_at": "2026-11-22T02:00:00Z",
            })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_shows_its_dates_as_they_were_read_last() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 0, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        // As a later reading writes them: the sealed copy keeps the older dates.
        let sql = "UPDATE assets SET expires_at = 4102444800000000, data_access_expires_at = 4102448400000000";
        harness.database.run_as_superuser(sql).await;
        let served = tenant
            .get(&format!("/v1/assets/{}/token", fleet.ids()[0]))
            .await;
        assert_eq!(served["expires_at"], "2100-01-01T00:00:00Z", "{served}");
        assert_eq!(
            served["data_access_expires_at"], "2100-01-01T01:00:00Z",
            "{served}"
        );
    }
}
