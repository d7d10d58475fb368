//! After a completed deletion no credential of the person is left: every kind, in every slot, attributed or not.

use regrant_domain::{CredentialKind, Slot};
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{answer, apply_notices, page_token, probe, signed_request, status_of};
use crate::harness::{APP, Fleet, Harness, SECRET, Tenant, http, on_both};

on_both!(
    no_credential_of_the_person_survives_a_completed_deletion,
    the_token_of_the_person_before_serves_after_a_deletion,
);

/// The combinations of kind and slot, each with an asset of its own.
fn combinations() -> Vec<(CredentialKind, Slot)> {
    let slots = |kind| Slot::ALL.into_iter().map(move |slot| (kind, slot));
    CredentialKind::ALL.into_iter().flat_map(slots).collect()
}

/// Registers an asset for each combination with a token of the person, declared as that kind.
async fn import(harness: &Harness, tenant: &Tenant, assets: &[Value]) {
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let mut registrations = Vec::new();
    for (asset, (kind, _)) in assets.iter().zip(combinations()) {
        let mut registration = asset.clone();
        let page = asset["id"].as_str().filter(|_| asset["kind"] == "page");
        registration["token"] = match page {
            Some(page) => page_token(harness, &token, page).await.into(),
            None => token.clone().into(),
        };
        registration["token_kind"] = kind.as_str().into();
        registrations.push(registration);
    }
    tenant.register(&registrations).await;
}

/// Moves the credential of each asset into the slot of its combination.
async fn move_into_slots(harness: &Harness, assets: &[Value]) {
    for (asset, (_, slot)) in assets.iter().zip(combinations()) {
        let id = asset["id"].as_str().expect("an id");
        let sql = format!("UPDATE credentials SET slot = '{slot}' WHERE asset_id = '{id}'");
        harness.database.run_as_superuser(&sql).await;
    }
}

async fn no_credential_of_the_person_survives_a_completed_deletion(database: TestDatabase) {
    let fleet = Fleet::new(2, combinations().len(), 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let generated = |n| -> Vec<Value> {
        let assets = fleet.assets_of(n);
        assets
            .into_iter()
            .filter(|it| it["kind"] != "business")
            .collect()
    };
    let (attributed, unattributed) = (generated(1), generated(2));
    let others = json!({ "id": crate::harness::business(1), "kind": "business",
        "token": harness.sandbox.token(Fleet::MANAGED).await });
    tenant.register(&[others]).await;
    import(&harness, &tenant, &attributed).await;
    probe(&harness).await;
    import(&harness, &tenant, &unattributed).await;
    move_into_slots(&harness, &attributed).await;
    move_into_slots(&harness, &unattributed).await;
    let count = async |condition: &str| {
        let sql = format!("SELECT count(*) FROM credentials WHERE {condition}");
        harness.database.count_as_superuser(&sql).await
    };
    let all = i64::try_from(2 * combinations().len()).expect("a small number");
    assert_eq!(count("1 = 1").await, all + 1);
    assert!(
        count("grant_id IS NULL").await >= all / 2,
        "half of them have no person yet"
    );

    let said = json!({ "algorithm": "HMAC-SHA256", "issued_at": harness.clock.now().timestamp(),
        "user_id": Fleet::PERSON });
    let call = http()
        .post(format!("{}/meta/data-deletion/{APP}", harness.api))
        .form(&[("signed_request", signed_request(SECRET, &said))]);
    let receipt: Value = serde_json::from_str(&answer(call).await.1).expect("json");
    assert_eq!(apply_notices(&harness).await, 2, "again with the owners");
    assert_eq!(
        status_of(receipt["url"].as_str().expect("a url")).await,
        "Completed"
    );
    assert_eq!(count("1 = 1").await, 1, "only another person's is left");
    let left = format!("person_id = '{}'", Fleet::MANAGED);
    assert_eq!(count(&left).await, 1);
}

async fn the_token_of_the_person_before_serves_after_a_deletion(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let personal = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&personal, &fleet.ids()).await;
    let order = json!({ "person": Fleet::PERSON, "new_person": Fleet::MANAGED,
        "business": crate::harness::business(1) });
    let begun = harness.sandbox.post("migrations", order).await;
    let path = format!(
        "migrations/{}/complete",
        begun["id"].as_str().expect("an id")
    );
    harness.sandbox.post(&path, json!({})).await;
    let managed = harness.sandbox.token(Fleet::MANAGED).await;
    let ended = tenant.reconnect(&managed, &fleet.ids()).await;
    assert_eq!(ended["counts"], json!({ "replaced": 4 }));

    let said = json!({ "algorithm": "HMAC-SHA256", "issued_at": harness.clock.now().timestamp(),
        "user_id": Fleet::MANAGED });
    let call = http()
        .post(format!("{}/meta/data-deletion/{APP}", harness.api))
        .form(&[("signed_request", signed_request(SECRET, &said))]);
    assert_eq!(answer(call).await.0, 200);
    apply_notices(&harness).await;
    probe(&harness).await;
    for id in fleet.ids() {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(asset["person_id"], Fleet::PERSON, "{asset}");
        assert_eq!(tenant.status(&format!("/v1/assets/{id}/token")).await, 200);
    }
}
