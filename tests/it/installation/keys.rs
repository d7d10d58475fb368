//! Key-encryption keys (KEKs): stage, promote, wrap again, verify, retire, through the admin API and in one process.
//! `processes.rs` does it with several processes, and kills them, `killed_rotation.rs` the same with thousands of tenants;
//! `data.rs` has the data keys, `resealing.rs` those of a hundred thousand credentials,
//! `destruction.rs` and `copies.rs` what a deletion waits for, `retirement.rs` the approval of two owners,
//! `cut_off.rs` retirements that did not get to their end, `absent.rs` keys that a service does not find,
//! `own_key.rs` the installation's own data key, `moving.rs` the way from one provider to another and `former.rs` the end of
//! the former one's key.

mod absent;
mod copies;
mod cut_off;
mod data;
mod destruction;
mod former;
mod killed_rotation;
mod moving;
mod own_key;
mod processes;
mod resealing;
mod retirement;

use regrant_domain::Clock;
use regrant_storage::Node;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, AuditQuery, Conflict, Error, KekState};
use regrant_worker::Worker;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Operator, answer, on_both, problem_code};

on_both!(
    a_rotation_through_the_admin_api_leaves_nothing_under_the_old_version,
    steps_out_of_their_order_change_nothing,
    a_data_key_that_does_not_open_keeps_no_other_from_being_wrapped_again,
    a_process_that_cannot_open_the_staged_version_holds_the_promotion_back,
    a_new_tenant_is_wrapped_by_the_promoted_version,
);

async fn harness(database: TestDatabase) -> Harness {
    Harness::start(database, &Fleet::new(1, 2, 0).world()).await
}

/// Calls a step without a body.
async fn step(owner: &Operator, name: &str) -> (u16, Value) {
    answer(owner.call(Method::POST, &format!("/keys/{name}"))).await
}

/// The states of the versions and how many data keys each wraps.
fn states(status: &Value) -> Vec<(String, u64)> {
    let keys = status["keys"].as_array().expect("versions");
    let of = |it: &Value| {
        (
            it["state"].as_str().expect("a state").to_owned(),
            it["data_keys"].as_u64().expect("a count"),
        )
    };
    keys.iter().map(of).collect()
}

fn owned(states: &[(&str, u64)]) -> Vec<(String, u64)> {
    states
        .iter()
        .map(|(it, n)| ((*it).to_owned(), *n))
        .collect()
}

async fn a_rotation_through_the_admin_api_leaves_nothing_under_the_old_version(
    database: TestDatabase,
) {
    let harness = harness(database).await;
    let (owner, one) = (harness.owner().await, harness.tenant("One").await);
    let _two = harness.tenant("Two").await;
    let fleet = Fleet::new(1, 2, 0);
    one.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    one.reconnect(&token, &fleet.ids()).await;
    let read = async || {
        let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
        one.get(&path).await["access_token"].clone()
    };
    let kept = read().await;
    assert!(kept.is_string());
    let (_, before) = owner.get("/keys/encryption").await;
    assert_eq!(states(&before), owned(&[("active", 3)]));
    let old = before["keys"][0]["key"]
        .as_str()
        .expect("a name")
        .to_owned();

    let (_, staged) = step(&owner, "stage").await;
    assert_eq!(states(&staged), owned(&[("active", 3), ("staged", 0)]));
    let (_, again) = step(&owner, "stage").await;
    assert_eq!(states(&again), states(&staged), "one is staged already");
    let (_, promoted) = step(&owner, "promote").await;
    assert_eq!(
        states(&promoted),
        owned(&[("active", 0), ("decrypt_only", 3)])
    );
    assert_eq!(promoted["to_rewrap"], 3);
    let (_, verdict) = step(&owner, "verify").await;
    assert_eq!(
        (&verdict["whole"], &verdict["outdated"]),
        (&json!(false), &json!(3))
    );

    let worker = Worker::new(&harness.vault, regrant_worker::Settings::default());
    worker.run_pass().await.total_processed().expect("a pass");
    let (_, verdict) = step(&owner, "verify").await;
    let whole = json!({ "whole": true, "opened": 3, "outdated": 0, "unreadable": 0, "faults": [] });
    assert_eq!(verdict, whole);
    harness.retire_kek(&old).await;
    let retire = json!({ "key": old, "confirm": old });
    let (status, retired) = owner.post("/keys/retire", &retire).await;
    assert_eq!(status, 200, "{retired}");
    assert_eq!(states(&retired), owned(&[("active", 3), ("destroyed", 0)]));
    assert_eq!(
        actions(&harness).await,
        [
            "kek.staged",
            "kek.promoted",
            "kek.rewrapped",
            "kek.retirement_requested",
            "kek.retiring",
            "kek.retired"
        ]
    );
    assert_eq!(read().await, kept);
}

/// What the installation's audit says about KEKs, the oldest first.
async fn actions(harness: &Harness) -> Vec<String> {
    let system = regrant_domain::TenantId::SYSTEM;
    let query = AuditQuery::default();
    let rows = harness.vault.read_export_step_of(system, query).await;
    let rows = rows.expect("the audit is read").data;
    let all = rows.into_iter().map(|it| it.action);
    all.filter(|it| it.starts_with("kek.")).collect()
}

async fn steps_out_of_their_order_change_nothing(database: TestDatabase) {
    let harness = harness(database).await;
    let owner = harness.owner().await;
    let (status, refused) = step(&owner, "promote").await;
    assert_eq!((status, problem_code(&refused)), (409, "key_state"));
    let (_, before) = owner.get("/keys/encryption").await;
    let active = before["keys"][0]["key"]
        .as_str()
        .expect("a name")
        .to_owned();
    let retire = async |key: &str, confirm: &str| {
        let body = json!({ "key": key, "confirm": confirm });
        let (status, refused) = owner.post("/keys/retire", &body).await;
        (status, problem_code(&refused).to_owned())
    };
    let refused = |code: &str| (409, code.to_owned());
    assert_eq!(retire(&active, &active).await, refused("key_state"));
    let unknown = "00000000-0000-0000-0000-000000000001/7";
    assert_eq!(retire(unknown, unknown).await, refused("key_state"));
    assert_eq!(retire(&active, "yes").await.0, 422);
    assert_eq!(retire("1", "1").await.0, 422);
    step(&owner, "stage").await;
    step(&owner, "promote").await;
    assert_eq!(
        retire(&active, &active).await,
        refused("key_state"),
        "it wraps a key"
    );
    let (_, after) = owner.get("/keys/encryption").await;
    assert_eq!(states(&after), owned(&[("active", 0), ("decrypt_only", 1)]));
    assert_eq!(actions(&harness).await, ["kek.staged", "kek.promoted"]);
}

async fn a_data_key_that_does_not_open_keeps_no_other_from_being_wrapped_again(
    database: TestDatabase,
) {
    let harness = harness(database).await;
    let damaged = harness.tenant("Damaged").await;
    for n in 0..4 {
        harness.tenant(&format!("Whole {n}")).await;
    }
    let id: regrant_domain::TenantId = damaged.id.parse().expect("a tenant's id");
    let hex = id.uuid().simple().to_string();
    let sql = if harness.database.url().starts_with("sqlite") {
        format!(
            "UPDATE tenant_keys SET wrapped = CAST(substr(wrapped, 1, 156) || x'00000000' AS BLOB) WHERE hex(tenant_id) = upper('{hex}')"
        )
    } else {
        format!(
            "UPDATE tenant_keys SET wrapped = substr(wrapped, 1, 156) || '\\x00000000'::bytea WHERE tenant_id = '{}'",
            id.uuid()
        )
    };
    harness.database.run_as_superuser(&sql).await;
    let by = Actor::CommandLine;
    harness.vault.stage_kek(by).await.expect("a staged version");
    let promoted = harness.vault.promote_kek(by).await.expect("promoted");
    assert_eq!(promoted.to_rewrap, 6);
    assert!(matches!(
        harness.vault.rewrap_data_keys().await,
        Err(Error::Internal(_))
    ));
    let status = harness.vault.key_status().await.expect("a status");
    assert_eq!(status.to_rewrap, 1);
    let verdict = harness.vault.verify_data_keys().await.expect("a verdict");
    assert_eq!((verdict.opened, verdict.unreadable), (5, 1));
    assert_eq!(verdict.faults.first().map(|it| it.tenant), Some(id));
    let old = status
        .keks
        .iter()
        .find(|it| it.state == KekState::DecryptOnly);
    let old = old.expect("the old version").kek.to_string();
    assert!(matches!(
        harness.vault.retire_kek(by, &old, &old).await,
        Err(Error::Conflict(Conflict::KeyInUse(1)))
    ));
}

async fn a_process_that_cannot_open_the_staged_version_holds_the_promotion_back(
    database: TestDatabase,
) {
    let harness = harness(database).await;
    let (by, store) = (Actor::CommandLine, harness.store().await);
    let active = harness.vault.key_status().await.expect("a status").keks[0].kek;
    let mut node = Node {
        id: uuid::Uuid::now_v7(),
        name: "machine/7".to_owned(),
        opens: vec![active],
        wraps_with: active,
        seen_at: Clock::system_time(),
    };
    let before = chrono::DateTime::UNIX_EPOCH;
    store.announce_node(&node, before).await.expect("announced");
    let status = harness.vault.stage_kek(by).await.expect("a staged version");
    let staged = status.keks[1].kek;
    assert_eq!(status.nodes[0].lacks, [staged]);
    let refused = harness.vault.promote_kek(by).await;
    let Err(Error::Conflict(Conflict::NodesLackKey(names))) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(names, ["machine/7"]);
    let status = harness.vault.key_status().await.expect("a status");
    assert_eq!(status.keks[0].kek, active);

    node.opens.push(staged);
    store.announce_node(&node, before).await.expect("announced");
    harness.vault.promote_kek(by).await.expect("promoted");
    node.opens.pop();
    store.announce_node(&node, before).await.expect("announced");
    harness
        .vault
        .rewrap_data_keys()
        .await
        .expect("wrapped again");
    let old = active.to_string();
    let refused = harness.vault.retire_kek(by, &old, &old).await;
    assert!(
        matches!(refused, Err(Error::Conflict(Conflict::NodesLackKey(_)))),
        "the process lacks the active version: {refused:?}"
    );
    node.opens.push(staged);
    store.announce_node(&node, before).await.expect("announced");
    harness.retire_kek(&old).await;
}

async fn a_new_tenant_is_wrapped_by_the_promoted_version(database: TestDatabase) {
    let harness = harness(database).await;
    let by = Actor::CommandLine;
    harness.vault.stage_kek(by).await.expect("a staged version");
    harness.tenant("Before").await;
    let promoted = harness.vault.promote_kek(by).await.expect("promoted");
    assert_eq!(promoted.to_rewrap, 2, "the installation's and the tenant's");
    harness.tenant("After").await;
    let status = harness.vault.key_status().await.expect("a status");
    assert_eq!((status.to_rewrap, status.keks[0].data_keys), (2, 1));
}
