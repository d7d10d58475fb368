//! Signed receipts of deletions: what they say, and that they verify with what is published.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_crypto::{JwtRefusal, Receipt, Verifier};
use regrant_testdb::TestDatabase;
use regrant_vault::Actor;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Operator, Tenant, http, on_both, problem_code};

on_both!(
    a_receipt_of_a_shred_says_what_it_waits_for_and_then_when_it_was_effective,
    a_receipt_verifies_after_its_signer_is_retired,
    a_receipt_of_a_persons_deletion_names_its_code_and_not_the_person,
    a_tenant_that_lives_has_no_receipt,
);

async fn start(database: TestDatabase) -> (Harness, Operator, Tenant) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    (harness, owner, tenant)
}

async fn shred(owner: &Operator, tenant: &Tenant) -> Value {
    let own = format!("/tenants/{}", tenant.id);
    owner.post(&format!("{own}/suspend"), &Value::Null).await;
    let confirm = json!({ "confirm": tenant.id });
    owner.post(&format!("{own}/shred"), &confirm).await.1
}

async fn statement_of(owner: &Operator, tenant: &Tenant) -> String {
    let path = format!("/tenants/{}/deletion-receipt", tenant.id);
    let (status, receipt) = owner.get(&path).await;
    assert_eq!(status, 200, "{receipt}");
    receipt["statement"]
        .as_str()
        .expect("a statement")
        .to_owned()
}

async fn published(harness: &Harness, file: &str) -> Vec<Value> {
    let url = format!("{}/.well-known/{file}", harness.api);
    let answer = http().get(url).send().await.expect("an answer");
    let keys: Value = answer.json().await.expect("json");
    keys["keys"].as_array().expect("keys").clone()
}

/// Verifies as a stranger does: with the issuer's name and a published set of keys.
async fn verify(harness: &Harness, statement: &str, file: &str) -> Result<Receipt, JwtRefusal> {
    let mut verifier = Verifier::new(&harness.vault.settings().audit.issuer, "");
    for key in published(harness, file).await {
        assert!(verifier.add_public_jwk(&key), "{key}");
    }
    verifier.verify_receipt(statement)
}

async fn verified(harness: &Harness, statement: &str) -> Receipt {
    let receipt = verify(harness, statement, "statement-keys.json").await;
    receipt.expect("it is signed")
}

async fn a_receipt_of_a_shred_says_what_it_waits_for_and_then_when_it_was_effective(
    database: TestDatabase,
) {
    let (harness, owner, tenant) = start(database).await;
    let vault = &harness.vault;
    let shredded = shred(&owner, &tenant).await;
    let receipt = verified(&harness, &statement_of(&owner, &tenant).await).await;
    assert_eq!(
        (&*receipt.act, &receipt.sub),
        ("tenant.shredded", &tenant.id)
    );
    assert_eq!(receipt.detail["data_keys"], 1);
    assert_eq!(receipt.detail["effective_at"], Value::Null);
    assert_eq!(receipt.detail["waits_for"], shredded["waits_for"]);
    let id = tenant.id.parse().expect("a tenant's id");
    let checkpoint = vault.sign_checkpoint_of(id).await.expect("a checkpoint");
    assert_eq!(receipt.audit.len(), 1);
    assert_eq!(
        (receipt.audit[0].tenant, receipt.audit[0].seq),
        (id, checkpoint.seq)
    );
    let body = checkpoint.statement.split('.').nth(1).expect("its content");
    let body = URL_SAFE_NO_PAD.decode(body).expect("base64");
    let body: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!(
        body["hash"], receipt.audit[0].hash,
        "the link that a checkpoint names"
    );

    let by = Actor::CommandLine;
    vault.stage_kek(by).await.expect("a staged version");
    vault.promote_kek(by).await.expect("promoted");
    vault.rewrap_data_keys().await.expect("wrapped again");
    let old = shredded["waits_for"][0].as_str().expect("a version");
    harness.retire_kek(old).await;
    let receipt = verified(&harness, &statement_of(&owner, &tenant).await).await;
    assert!(receipt.detail["effective_at"].is_string(), "{receipt:?}");
    assert_eq!(receipt.detail["waits_for"], json!([]));
}

async fn a_receipt_verifies_after_its_signer_is_retired(database: TestDatabase) {
    let (harness, owner, tenant) = start(database).await;
    shred(&owner, &tenant).await;
    let statement = statement_of(&owner, &tenant).await;
    let rotated = harness
        .vault
        .rotate_signing_keys(Actor::CommandLine, true, None);
    rotated.await.expect("another key signs");
    let refused = verify(&harness, &statement, "jwks.json").await;
    assert_eq!(
        refused,
        Err(JwtRefusal::UnknownKey),
        "it signs no tokens any more"
    );
    assert_eq!(published(&harness, "statement-keys.json").await.len(), 2);
    let receipt = verified(&harness, &statement).await;
    let again = harness.vault.verify_receipt(&statement).await;
    assert_eq!(again, Ok(receipt));
}

async fn a_receipt_of_a_persons_deletion_names_its_code_and_not_the_person(database: TestDatabase) {
    let (harness, owner, tenant) = start(database).await;
    let body = json!({ "app_id": APP, "person_ids": [Fleet::PERSON] });
    let (_, ordered) = owner.post("/deletions", &body).await;
    let code = ordered["data"][0]["confirmation_code"].as_str();
    let path = format!("/apps/{APP}/deletions/{}", code.expect("a code"));
    let (status, open) = owner.get(&path).await;
    assert_eq!((status, &open["receipt"]), (200, &Value::Null), "{open}");
    while harness.vault.apply_due_notices(50).await.expect("a pass") > 0 {}
    harness.erase().await;
    let (_, done) = owner.get(&path).await;
    assert_eq!(done["effective_at"], Value::Null, "{done}");
    assert_eq!(done["data_keys_to_rotate"], json!([tenant.id]));
    let statement = done["receipt"]["statement"].as_str().expect("a receipt");
    let receipt = verified(&harness, statement).await;
    assert_eq!(
        (&*receipt.act, Some(&*receipt.sub)),
        ("person.data_deleted", code)
    );
    assert_eq!(receipt.detail["waits_for"], done["waits_for"]);
    assert_eq!(
        (&receipt.detail["tenants"], &receipt.detail["assets"]),
        (&json!(1), &json!(3))
    );
    assert!(!format!("{receipt:?}").contains(Fleet::PERSON));
    let unknown = owner
        .get(&format!("/apps/{APP}/deletions/{}", "0".repeat(32)))
        .await;
    assert_eq!((unknown.0, problem_code(&unknown.1)), (404, "not_found"));
}

async fn a_tenant_that_lives_has_no_receipt(database: TestDatabase) {
    let (_harness, owner, tenant) = start(database).await;
    let path = format!("/tenants/{}/deletion-receipt", tenant.id);
    let (status, refused) = owner.get(&path).await;
    assert_eq!((status, problem_code(&refused)), (404, "not_found"));
}
