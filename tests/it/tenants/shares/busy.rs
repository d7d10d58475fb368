//! A database that does not become free is a response of its own, and nothing is changed.

use std::time::Duration;

use regrant_testdb::{Kind, TestDatabase};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, Options, on_both, problem_code};

on_both!(a_call_that_waits_for_a_busy_database_is_503_and_changes_nothing);

async fn a_call_that_waits_for_a_busy_database_is_503_and_changes_nothing(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let options = Options {
        database_patience: Duration::from_millis(300),
        ..Options::default()
    };
    let harness = Harness::with(database, &fleet.world(), options).await;
    let tenant = harness.tenant("One").await;
    let store = harness.store().await;
    let holder = match harness.database.kind() {
        Kind::Sqlite => {
            let tx = store
                .begin(&store.system_scope())
                .await
                .expect("the writer is free");
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_secs(4)).await;
                drop(tx);
            })
        }
        Kind::Postgres => hold_assets(&harness).await,
    };
    let body = json!({ "assets": fleet.assets() });
    let call = tenant.call(Method::POST, "/v1/assets").json(&body);
    let answer = call.send().await.expect("the server answers");
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    assert_eq!(
        problem_code(&answer.json().await.expect("json")),
        "database_busy"
    );
    holder.await.expect("the holder does not panic");
    let all = tenant.get("/v1/assets").await;
    assert_eq!(all["data"], json!([]), "{all}");
    tenant.register(&fleet.assets()).await;
}

/// Locks the table of assets for longer than a call waits for a lock.
async fn hold_assets(harness: &Harness) -> tokio::task::JoinHandle<()> {
    let url = harness.database.superuser_url().expect("a superuser");
    let holder = tokio::spawn(async move { regrant_testdb::hold_table(&url, "assets", 8).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    holder
}
