//! Data keys: a new one seals, the worker seals older records again, and the old one is deleted.

use std::{collections::BTreeMap, time::Duration};

use regrant_domain::TenantId;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, Conflict, Error, KeyOwners, RotationReason, Vault};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, answer, on_both, problem_code, watch};

on_both!(
    after_a_rotation_every_record_is_under_the_new_key_and_serves_as_before,
    a_reconnect_that_runs_meanwhile_wins,
    an_old_data_key_is_deleted_when_nothing_is_left_under_it,
    a_data_key_that_is_too_old_is_rotated,
    the_same_token_is_the_same_after_a_rotation,
    an_imported_token_is_the_same_after_a_rotation,
    a_token_that_an_undo_restores_after_a_rotation_is_the_same,
    a_shredded_tenant_gets_no_new_data_key,
);

const EACH: usize = 130;

pub(super) fn id_of(tenant: &Tenant) -> TenantId {
    tenant.id.parse().expect("a tenant's id")
}

async fn rotate(vault: &Vault, tenant: &Tenant) {
    let of_one = KeyOwners::Tenant(id_of(tenant));
    let rotated = vault
        .rotate_data_keys(Actor::CommandLine, of_one, RotationReason::Routine)
        .await;
    rotated.expect("a new data key");
}

pub(super) async fn reseal_all(vault: &Vault) -> u64 {
    let mut all = 0;
    loop {
        match vault.reseal_due_records().await.expect("a pass") {
            0 => return all,
            done => all += done,
        }
    }
}

/// The token of each asset that has one.
async fn texts(tenant: &Tenant, fleet: &Fleet) -> BTreeMap<String, String> {
    let tokens = tenant.tokens(&fleet.ids()).await;
    let text = |it: &Value| it["access_token"].as_str().map(ToOwned::to_owned);
    tokens
        .into_iter()
        .filter_map(|(id, it)| Some((id, text(&it)?)))
        .collect()
}

/// How many records of tenants are not under the newest data key of their tenant.
async fn count_outdated(harness: &Harness) -> i64 {
    count_outdated_in(&harness.database).await
}

pub(super) async fn count_outdated_in(database: &TestDatabase) -> i64 {
    let columns = [
        ("credentials", "sealed"),
        ("grants", "sealed"),
        ("webhook_endpoints", "sealed"),
        ("webhook_endpoints", "older_sealed"),
        ("clients", "proof_key_sealed"),
        ("clients", "previous_proof_key_sealed"),
    ];
    let key = if database.url().starts_with("sqlite") {
        "k.key_id"
    } else {
        "uuid_send(k.key_id)"
    };
    let mut outdated = 0;
    for (table, column) in columns {
        let sql = format!(
            "SELECT count(*) FROM {table} t JOIN tenant_keys k ON k.tenant_id = t.tenant_id AND k.state = 'active'
             WHERE substr(t.{column}, 5, 16) <> {key}"
        );
        outdated += database.count_as_superuser(&sql).await;
    }
    outdated
}

/// How many secrets of the installation are not under its newest data key.
pub(super) async fn count_outdated_of_installation(database: &TestDatabase) -> i64 {
    let (key, nil) = if database.url().starts_with("sqlite") {
        ("k.key_id", "zeroblob(16)")
    } else {
        (
            "uuid_send(k.key_id)",
            "'00000000-0000-0000-0000-000000000000'",
        )
    };
    let mut outdated = 0;
    for (table, column) in [
        ("apps", "secret_sealed"),
        ("apps", "previous_secret_sealed"),
        ("apps", "verify_token_sealed"),
        ("audit_keys", "sealed"),
        ("signing_keys", "sealed"),
    ] {
        let sql = format!(
            "SELECT count(*) FROM {table} t JOIN tenant_keys k ON k.tenant_id = {nil} AND k.state = 'active'
             WHERE substr(t.{column}, 5, 16) <> {key}"
        );
        outdated += database.count_as_superuser(&sql).await;
    }
    outdated
}

async fn count_keys(harness: &Harness) -> i64 {
    let sql = "SELECT count(*) FROM tenant_keys";
    harness.database.count_as_superuser(sql).await
}

async fn after_a_rotation_every_record_is_under_the_new_key_and_serves_as_before(
    database: TestDatabase,
) {
    let fleet = Fleet::new(1, EACH, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("One").await);
    tenant.register(&fleet.assets()).await;
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let token = harness.sandbox.token(person).await;
        tenant.reconnect(&token, &fleet.ids()).await;
    }
    let endpoint = json!({ "url": "https://hooks.example.com/x", "kinds": ["webhook.test"] });
    let (_, made) = tenant.post("/v1/webhook-endpoints", &endpoint).await;
    let path = format!(
        "/v1/webhook-endpoints/{}",
        made["id"].as_str().expect("an id")
    );
    let overlap = json!({ "overlap_seconds": 3_600 });
    tenant
        .post(&format!("{path}/rotate-secret"), &overlap)
        .await;
    let before = texts(&tenant, &fleet).await;
    assert_eq!(count_outdated(&harness).await, 0);

    let body = json!({ "tenant_id": tenant.id });
    let (status, rotated) = owner.post("/keys/data/rotate", &body).await;
    assert_eq!((status, rotated), (200, json!({ "rotated": 1 })));
    assert!(count_outdated(&harness).await > i64::try_from(2 * EACH).expect("a number"));
    assert_eq!(
        texts(&tenant, &fleet).await,
        before,
        "reads go on meanwhile"
    );
    reseal_all(&harness.vault).await;
    assert_eq!(count_outdated(&harness).await, 0);
    assert_eq!(texts(&tenant, &fleet).await, before);
    let verdict = harness
        .vault
        .verify_audit(id_of(&tenant), &harness.vault.read_checkpoints(&[]).await)
        .await
        .expect("a verdict");
    assert!(verdict.is_whole(), "{verdict:?}");
    let again = tenant.log_in_again().await;
    assert_eq!(texts(&again, &fleet).await, before);
}

async fn a_reconnect_that_runs_meanwhile_wins(database: TestDatabase) {
    let fleet = Fleet::new(1, EACH, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let token = harness.sandbox.token(Fleet::MANAGED).await;
    harness.sandbox.latency(10).await;
    let (replacing, ids) = (tenant.clone(), fleet.ids());
    let running = tokio::spawn(async move { replacing.reconnect(&token, &ids).await });
    for _ in 0..4 {
        rotate(&harness.vault, &tenant).await;
        let done = harness.vault.reseal_due_records().await;
        done.expect("a pass");
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let ended = running.await.expect("it ends");
    assert_eq!(ended["counts"], json!({ "replaced": fleet.ids().len() }));
    reseal_all(&harness.vault).await;
    assert_eq!(count_outdated(&harness).await, 0);
    let asset = tenant.get(&format!("/v1/assets/{}", fleet.ids()[0])).await;
    assert_eq!(asset["person_id"], Fleet::MANAGED, "{asset}");
    assert_eq!(texts(&tenant, &fleet).await.len(), fleet.ids().len());
}

async fn an_old_data_key_is_deleted_when_nothing_is_left_under_it(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let repeatable = tenant
        .call(Method::POST, "/v1/assets")
        .header("Idempotency-Key", "once")
        .json(&json!({ "assets": fleet.assets() }));
    assert_eq!(answer(repeatable).await.0, 200);
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let before = texts(&tenant, &fleet).await;
    rotate(&harness.vault, &tenant).await;
    // The credentials, and the token that they come from.
    let records = u64::try_from(fleet.ids().len()).expect("a number") + 1;
    assert_eq!(reseal_all(&harness.vault).await, records);
    assert_eq!(
        count_keys(&harness).await,
        3,
        "processes may have the old key in their cache"
    );
    harness.clock.advance_by(chrono::Duration::hours(2));
    reseal_all(&harness.vault).await;
    assert_eq!(
        count_keys(&harness).await,
        3,
        "an idempotency key is hashed under it"
    );
    harness.clock.advance_by(chrono::Duration::hours(25));
    harness.vault.purge_expired().await.expect("a purge");
    assert_eq!(reseal_all(&harness.vault).await, 1);
    assert_eq!(count_keys(&harness).await, 2);
    let again = tenant.log_in_again().await;
    assert_eq!(texts(&again, &fleet).await, before);
}

async fn a_data_key_that_is_too_old_is_rotated(database: TestDatabase) {
    let mut options = Options::default();
    options.vault.keys.rotate_every = Some(chrono::TimeDelta::days(30));
    let harness = Harness::with(database, &Fleet::new(1, 2, 0).world(), options).await;
    let _tenant = harness.tenant("One").await;
    reseal_all(&harness.vault).await;
    assert_eq!(count_keys(&harness).await, 2);
    harness.clock.advance_by(chrono::Duration::days(31));
    assert!(
        reseal_all(&harness.vault).await > 2,
        "new keys, and what is under them"
    );
    let of_both = "new ones of the tenant and of the installation";
    assert_eq!(count_keys(&harness).await, 4, "{of_both}");
    assert_eq!(count_outdated(&harness).await, 0);
    assert_eq!(count_outdated_of_installation(&harness.database).await, 0);
    reseal_all(&harness.vault).await;
    assert_eq!(count_keys(&harness).await, 4);
}

/// A page's credential carries the fingerprint of the token that it was minted from; an import that of its own token.
async fn the_same_token_is_the_same_after_a_rotation(database: TestDatabase) {
    let fleet = Fleet::new(1, 12, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let unchanged = async || {
        let order = json!({ "access_token": token, "asset_ids": fleet.ids() });
        let (status, preview) = tenant.post("/v1/reconnect-previews", &order).await;
        assert_eq!(status, 200, "{preview}");
        let mut data = preview["data"].clone();
        for it in data.as_array_mut().into_iter().flatten() {
            it.as_object_mut().map(|it| it.remove("checked_at"));
        }
        data
    };
    let before: Value = unchanged().await;
    rotate(&harness.vault, &tenant).await;
    assert_eq!(
        unchanged().await,
        before,
        "the records are under the old key"
    );
    let again = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(again["counts"], json!({ "unchanged": fleet.ids().len() }));
    rotate(&harness.vault, &tenant).await;
    reseal_all(&harness.vault).await;
    assert_eq!(unchanged().await, before);
}

async fn an_imported_token_is_the_same_after_a_rotation(database: TestDatabase) {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let import =
        json!({ "assets": [{ "id": fleet.ids()[0], "kind": "business", "token": token }] });
    let slot = async || tenant.post("/v1/assets", &import).await.1["data"][0]["slot"].clone();
    assert_eq!(slot().await, "active");
    rotate(&harness.vault, &tenant).await;
    assert_eq!(slot().await, "active", "it is known under the old key");
    // Its owner is found meanwhile, so that it is sealed again.
    watch(&harness).await;
    let tenant = delete_old_keys(&harness, &tenant).await;
    let (_, registered) = tenant.post("/v1/assets", &import).await;
    assert_eq!(registered["data"][0]["slot"], "active", "{registered}");
    let asset = tenant.get(&format!("/v1/assets/{}", fleet.ids()[0])).await;
    assert_eq!(asset["slots"]["candidate"], Value::Null, "{asset}");
}

async fn a_token_that_an_undo_restores_after_a_rotation_is_the_same(database: TestDatabase) {
    let fleet = Fleet::new(1, 6, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let managed = harness.sandbox.token(Fleet::MANAGED).await;
    let replaced = tenant.reconnect(&managed, &fleet.ids()).await;
    let id = replaced["id"].as_str().expect("an id");
    rotate(&harness.vault, &tenant).await;
    let undo = format!("/v1/reconnects/{id}/undo");
    let (status, undone) = tenant.post(&undo, &json!({ "wait_seconds": 60 })).await;
    let counts = json!({ "restored": fleet.ids().len() });
    assert_eq!((status, &undone["counts"]), (200, &counts), "{undone}");
    let tenant = delete_old_keys(&harness, &tenant).await;
    let again = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(again["counts"], json!({ "unchanged": fleet.ids().len() }));
}

/// Seals again what is under old keys, and deletes them.
async fn delete_old_keys(harness: &Harness, tenant: &Tenant) -> Tenant {
    reseal_all(&harness.vault).await;
    harness.clock.advance_by(chrono::Duration::hours(2));
    reseal_all(&harness.vault).await;
    assert_eq!(count_keys(harness).await, 2, "the installation has one");
    tenant.log_in_again().await
}

async fn a_shredded_tenant_gets_no_new_data_key(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("One").await);
    let (by, reason) = (Actor::CommandLine, RotationReason::Routine);
    let path = format!("/tenants/{}", tenant.id);
    owner.post(&format!("{path}/suspend"), &json!({})).await;
    let confirm = json!({ "confirm": tenant.id });
    assert_eq!(owner.post(&format!("{path}/shred"), &confirm).await.0, 200);
    assert!(matches!(
        harness
            .vault
            .rotate_data_keys(by, KeyOwners::Tenant(id_of(&tenant)), reason)
            .await,
        Err(Error::Conflict(Conflict::TenantGone))
    ));
    let body = json!({ "tenant_id": tenant.id });
    let (status, refused) = owner.post("/keys/data/rotate", &body).await;
    assert_eq!((status, problem_code(&refused)), (409, "tenant_gone"));
    assert_eq!(count_keys(&harness).await, 1, "the installation's");
    let all = harness.vault.rotate_data_keys(by, KeyOwners::All, reason);
    assert_eq!(all.await.expect("a pass"), 1, "the installation's");
}
