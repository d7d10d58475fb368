//! Whole rows: older ones put back, deleted ones put back, slots swapped.

use regrant_domain::TenantId;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, KeptCheckpoints, RowFault};
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, on_both};

on_both!(
    an_older_client_is_named,
    a_session_that_was_logged_out_is_named,
    a_swapped_slot_is_refused,
    a_secret_written_into_the_database_opens_nothing,
    an_accepted_row_is_used_again,
);

async fn tampered(harness: &Harness, tenant: TenantId) -> Vec<(String, RowFault)> {
    let verdict = harness
        .vault
        .verify_audit(tenant, &KeptCheckpoints::default())
        .await;
    verdict.expect("the chain is read").tampered
}

async fn only_tenant(harness: &Harness) -> TenantId {
    harness.vault.list_all_tenants().await.expect("a list")[0].id
}

async fn an_older_client_is_named(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let tenant = harness.tenant("One").await;
    let (owner, id) = (harness.owner().await, only_tenant(&harness).await);
    let keep = "CREATE TABLE kept AS SELECT * FROM clients";
    harness.database.run_as_superuser(keep).await;
    let (_, clients) = owner.get(&format!("/tenants/{id}/clients")).await;
    let client = clients["data"][0]["id"].as_str().expect("an id");
    let path = format!("/tenants/{id}/clients/{client}");
    let (status, _) = owner
        .patch(&path, &json!({ "scopes": ["assets:read"] }))
        .await;
    assert_eq!(status, 200);
    assert_eq!(tampered(&harness, id).await, Vec::new());
    let back = "UPDATE clients SET scopes = (SELECT k.scopes FROM kept k), seal = (SELECT k.seal FROM kept k)";
    harness.database.run_as_superuser(back).await;
    let named = tampered(&harness, id).await;
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!(named[0].1, RowFault::PutBack);
    drop(tenant);
}

async fn a_session_that_was_logged_out_is_named(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let owner = harness.owner().await;
    let keep = "CREATE TABLE kept AS SELECT * FROM operator_sessions";
    harness.database.run_as_superuser(keep).await;
    let answer = owner
        .call(Method::DELETE, "/session")
        .send()
        .await
        .expect("an answer");
    assert!(answer.status().is_success(), "{}", answer.status());
    assert_eq!(tampered(&harness, TenantId::SYSTEM).await, Vec::new());
    let back = "INSERT INTO operator_sessions SELECT * FROM kept";
    harness.database.run_as_superuser(back).await;
    let named = tampered(&harness, TenantId::SYSTEM).await;
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!(named[0].1, RowFault::PutBack);
}

async fn a_swapped_slot_is_refused(database: TestDatabase) {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (tenant, ids) = (harness.tenant("One").await, fleet.ids());
    tenant.register(&fleet.assets()).await;
    for _ in 0..2 {
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let ended = tenant.reconnect(&token, &ids).await;
        assert_eq!(ended["counts"]["replaced"], ids.len(), "{ended}");
    }
    let path = format!("/v1/assets/{}/token", ids[0]);
    assert_eq!(tenant.status(&path).await, 200);
    let swaps = [
        "UPDATE credentials SET slot = 'standby' WHERE slot = 'active'",
        "UPDATE credentials SET slot = 'active' WHERE slot = 'previous'",
    ];
    for swap in swaps {
        harness.database.run_as_superuser(swap).await;
    }
    assert_ne!(tenant.status(&path).await, 200);
    let generations = "UPDATE assets SET generation = (SELECT c.generation FROM credentials c
        WHERE c.tenant_id = assets.tenant_id AND c.asset_id = assets.id AND c.slot = 'active')";
    harness.database.run_as_superuser(generations).await;
    assert_ne!(
        tenant.status(&path).await,
        200,
        "with the generation edited too"
    );
    let id = only_tenant(&harness).await;
    let named = tampered(&harness, id).await;
    assert!(
        named.iter().any(|(row, _)| row.starts_with("credentials/")),
        "{named:?}"
    );
}

async fn a_secret_written_into_the_database_opens_nothing(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let tenant = harness.tenant("One").await;
    let forge = "UPDATE clients SET previous_secret_hash = secret_hash, previous_secret_until = 4000000000000000,
        token_version = 0";
    assert_eq!(tenant.status("/v1/assets").await, 200);
    harness.database.run_as_superuser(forge).await;
    assert_eq!(tenant.status("/v1/assets").await, 401);
    let named = tampered(&harness, only_tenant(&harness).await).await;
    assert_eq!(named.len(), 1, "{named:?}");
}

async fn an_accepted_row_is_used_again(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let (tenant, id) = (harness.tenant("One").await, only_tenant(&harness).await);
    let rename = "UPDATE clients SET name = 'renamed by hand'";
    harness.database.run_as_superuser(rename).await;
    assert_eq!(tenant.status("/v1/assets").await, 401);
    let named = tampered(&harness, id).await;
    let accepted = harness
        .vault
        .accept_row(Actor::CommandLine, id, &named[0].0)
        .await;
    accepted.expect("the row is there");
    assert_eq!(tenant.status("/v1/assets").await, 200);
    assert_eq!(tampered(&harness, id).await, Vec::new());
}
