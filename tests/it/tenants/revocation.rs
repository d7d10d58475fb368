//! The end of the app's access at Meta, where a deletion asks for it: whom it ends for, whom it does not, and where that
//! is recorded.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Operator, Tenant, answer, on_both, problem_code};

on_both!(
    a_shred_ends_the_access_of_its_persons_if_it_is_asked_to,
    a_person_whom_another_tenant_serves_keeps_the_access,
    a_token_whose_person_is_unknown_keeps_the_access_of_all,
    an_outage_at_meta_does_not_stop_a_shred,
    a_shred_that_is_refused_ends_no_access,
    a_persons_deletion_ends_the_access_if_it_is_asked_to,
);

async fn start(database: TestDatabase) -> (Harness, Operator, Tenant, Value) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
    let token = connect(&harness, &tenant).await;
    (harness, owner, tenant, token)
}

/// Connects the assets of the world by a token of the person. Returns what serves the first page.
async fn connect(harness: &Harness, tenant: &Tenant) -> Value {
    let fleet = Fleet::new(1, 2, 0);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
    tenant.get(&path).await
}

async fn shred(owner: &Operator, tenant: &Tenant) -> Value {
    let own = format!("/tenants/{}", tenant.id);
    owner.post(&format!("{own}/suspend"), &Value::Null).await;
    let order = json!({ "confirm": tenant.id, "revoke_at_meta": true });
    let (status, shredded) = owner.post(&format!("{own}/shred"), &order).await;
    assert_eq!(status, 200, "{shredded}");
    assert!(shredded["shredded_at"].is_string(), "{shredded}");
    shredded
}

fn kept(reason: &str) -> Value {
    json!({ "revoked": 0, "not_revoked": [{ "reason": reason, "persons": 1 }] })
}

/// Whether Meta still takes the token.
async fn is_alive(harness: &Harness, token: &Value) -> bool {
    let page = &Fleet::new(1, 2, 0).ids()[0];
    harness.sandbox.tries(page, token).await == 200
}

/// What a receipt says about the access.
async fn receipted(harness: &Harness, receipt: &Value) -> Value {
    let statement = receipt["statement"].as_str().expect("a statement");
    let verified = harness.vault.verify_receipt(statement).await;
    verified.expect("it is signed").detail["access_at_meta"].clone()
}

/// The actions of this name in the audit of the tenant, with their details.
async fn details(owner: &Operator, tenant: &str, action: &str) -> Vec<Value> {
    let path = format!("/audit-events?tenant_id={tenant}&action={action}");
    let (status, events) = owner.get(&path).await;
    assert_eq!(status, 200, "{events}");
    let events = events["data"].as_array().expect("events").clone();
    events.iter().map(|it| it["detail"].clone()).collect()
}

async fn a_shred_ends_the_access_of_its_persons_if_it_is_asked_to(database: TestDatabase) {
    let (harness, owner, tenant, token) = start(database).await;
    assert!(is_alive(&harness, &token).await);
    let shredded = shred(&owner, &tenant).await;
    let ended = json!({ "revoked": 1, "not_revoked": [] });
    assert_eq!(shredded["access_at_meta"], ended);
    assert!(!is_alive(&harness, &token).await);
    let began = details(&owner, &tenant.id, "access_revocation.began").await;
    assert_eq!(began, [json!({ "persons": 1 })]);
    let counted = json!({ "revoked": 1, "not_revoked": {} });
    let ended_events = details(&owner, &tenant.id, "access_revocation.ended").await;
    assert_eq!(ended_events, std::slice::from_ref(&counted));
    let path = format!("/tenants/{}/deletion-receipt", tenant.id);
    let (_, receipt) = owner.get(&path).await;
    assert_eq!(receipted(&harness, &receipt).await, counted);
    let again = shred(&owner, &tenant).await;
    assert_eq!(again["access_at_meta"], ended, "the first shred ended it");
}

async fn a_person_whom_another_tenant_serves_keeps_the_access(database: TestDatabase) {
    let (harness, owner, tenant, token) = start(database).await;
    let other = harness.tenant("Staying").await;
    let others = connect(&harness, &other).await;
    let shredded = shred(&owner, &tenant).await;
    assert_eq!(shredded["access_at_meta"], kept("used_by_another_tenant"));
    assert!(is_alive(&harness, &token).await && is_alive(&harness, &others).await);
    let shredded = shred(&owner, &other).await;
    assert_eq!(shredded["access_at_meta"]["revoked"], 1, "no other is left");
}

async fn a_token_whose_person_is_unknown_keeps_the_access_of_all(database: TestDatabase) {
    let (harness, owner, tenant, token) = start(database).await;
    let other = harness.tenant("Importing").await;
    let mut assets = Fleet::new(1, 2, 0).assets();
    assets.truncate(1);
    assets[0]["token"] = json!(harness.sandbox.token(Fleet::PERSON).await);
    other.register(&assets).await;
    let shredded = shred(&owner, &tenant).await;
    assert_eq!(shredded["access_at_meta"], kept("owners_unknown"));
    assert!(is_alive(&harness, &token).await);
}

async fn an_outage_at_meta_does_not_stop_a_shred(database: TestDatabase) {
    let (harness, owner, tenant, token) = start(database).await;
    harness
        .sandbox
        .fault(json!({ "effect": { "status": 500, "body": "" } }))
        .await;
    let shredded = shred(&owner, &tenant).await;
    assert_eq!(shredded["access_at_meta"], kept("unavailable"));
    harness.sandbox.clear_faults().await;
    assert!(is_alive(&harness, &token).await);
}

async fn a_shred_that_is_refused_ends_no_access(database: TestDatabase) {
    let (harness, owner, tenant, token) = start(database).await;
    let path = format!("/tenants/{}/shred", tenant.id);
    let order = json!({ "confirm": tenant.id, "revoke_at_meta": true });
    let (status, refused) = owner.post(&path, &order).await;
    assert_eq!(
        (status, problem_code(&refused)),
        (409, "tenant_not_suspended")
    );
    assert!(is_alive(&harness, &token).await);
    let began = details(&owner, &tenant.id, "access_revocation.began").await;
    assert_eq!(began, Vec::<Value>::new());
}

async fn a_persons_deletion_ends_the_access_if_it_is_asked_to(database: TestDatabase) {
    let (harness, owner, _, token) = start(database).await;
    connect(&harness, &harness.tenant("Other").await).await;
    let many: Vec<_> = (1..=51).map(|it| it.to_string()).collect();
    let too_many = json!({ "app_id": APP, "person_ids": many, "revoke_at_meta": true });
    let (status, refused) = owner.post("/deletions", &too_many).await;
    assert_eq!((status, problem_code(&refused)), (422, "too_many_items"));

    let persons = [Fleet::PERSON, Fleet::STRANGER];
    let order = json!({ "app_id": APP, "person_ids": persons, "revoke_at_meta": true });
    let call = owner.call(Method::POST, "/deletions");
    let call = call.header("Idempotency-Key", "once").json(&order);
    let (_, ordered) = answer(call).await;
    assert!(!is_alive(&harness, &token).await, "in every tenant");
    while harness.vault.apply_due_notices(50).await.expect("a pass") > 0 {}
    harness.erase().await;
    let outcomes = [json!({ "revoked": 1, "not_revoked": [] }), kept("no_token")];
    for (deletion, outcome) in ordered["data"]
        .as_array()
        .expect("two")
        .iter()
        .zip(outcomes)
    {
        let code = deletion["confirmation_code"].as_str().expect("a code");
        let (_, done) = owner.get(&format!("/apps/{APP}/deletions/{code}")).await;
        assert_eq!(done["access_at_meta"], outcome, "{done}");
        let receipted = receipted(&harness, &done["receipt"]).await;
        assert_eq!(receipted["revoked"], outcome["revoked"]);
    }
}
