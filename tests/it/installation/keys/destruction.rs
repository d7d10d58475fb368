//! What a deletion waits for: every version of the key that wrapped a data key is destroyed, everywhere.

use regrant_domain::{Clock, TenantId};
use regrant_storage::Node;
use regrant_testdb::TestDatabase;
use regrant_vault::{
    AccessAtMeta, Actor, AuditQuery, DeletionStatus, KekState, KeyOwners, RotationReason,
};
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Operator, PASSWORD, Tenant, answer, on_both};

on_both!(
    a_shred_is_effective_once_every_version_that_wrapped_the_tenants_keys_is_retired,
    a_deleted_tenant_waits_as_a_shredded_one_does,
    a_version_that_a_process_still_opens_is_waited_for,
    a_retirement_that_was_cut_off_is_noted_by_the_worker,
    a_repeated_call_says_what_holds_now,
    a_persons_deletion_waits_for_data_keys_and_for_what_wrapped_them,
    a_person_of_whom_nothing_is_kept_waits_for_nothing,
);

pub(super) const BY: Actor = Actor::CommandLine;

pub(super) fn id_of(tenant: &Tenant) -> TenantId {
    tenant.id.parse().expect("a tenant's id")
}

/// Promotes another version, and wraps every data key with it. Returns the name of the version before.
pub(super) async fn replace_kek(harness: &Harness) -> String {
    let vault = &harness.vault;
    let before = vault.key_status().await.expect("a status").keks[0].kek;
    vault.stage_kek(BY).await.expect("a staged version");
    vault.promote_kek(BY).await.expect("promoted");
    vault.rewrap_data_keys().await.expect("wrapped again");
    before.to_string()
}

pub(super) async fn shred(owner: &Operator, tenant: &Tenant) -> Value {
    let own = format!("/tenants/{}", tenant.id);
    owner.post(&format!("{own}/suspend"), &Value::Null).await;
    let confirm = json!({ "confirm": tenant.id });
    let (status, shredded) = owner.post(&format!("{own}/shred"), &confirm).await;
    assert_eq!(status, 200, "{shredded}");
    shredded
}

pub(super) async fn deletion_of(owner: &Operator, tenant: &Tenant) -> Value {
    owner.get(&format!("/tenants/{}", tenant.id)).await.1["deletion"].clone()
}

async fn start(database: TestDatabase) -> (Harness, Operator, Tenant) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    (harness, owner, tenant)
}

/// How often the tenant's audit says that a deletion is effective.
async fn count_effective(harness: &Harness, tenant: &Tenant) -> usize {
    let query = AuditQuery {
        actions: vec!["deletion.effective".to_owned()],
        ..AuditQuery::default()
    };
    let rows = harness
        .vault
        .read_export_step_of(id_of(tenant), query)
        .await;
    rows.expect("the audit is read").data.len()
}

async fn a_shred_is_effective_once_every_version_that_wrapped_the_tenants_keys_is_retired(
    database: TestDatabase,
) {
    let (harness, owner, tenant) = start(database).await;
    assert_eq!(deletion_of(&owner, &tenant).await, Value::Null);
    let first = replace_kek(&harness).await;
    let shredded = shred(&owner, &tenant).await;
    let second = replace_kek(&harness).await;
    let waits = json!({ "effective_at": null, "waits_for": [first, second] });
    assert_eq!(
        json!({ "effective_at": shredded["effective_at"], "waits_for": shredded["waits_for"] }),
        waits
    );
    assert_eq!(deletion_of(&owner, &tenant).await, waits);
    harness.retire_kek(&second).await;
    let waits = json!({ "effective_at": null, "waits_for": [first] });
    assert_eq!(deletion_of(&owner, &tenant).await, waits);
    assert_eq!(count_effective(&harness, &tenant).await, 0);
    harness.clock.advance_by(chrono::Duration::minutes(10));
    let before = harness.clock.now();
    harness.retire_kek(&first).await;
    let deletion = deletion_of(&owner, &tenant).await;
    let at: chrono::DateTime<chrono::Utc> =
        serde_json::from_value(deletion["effective_at"].clone()).expect("a time");
    assert!(
        before <= at && at <= harness.clock.now(),
        "the moment of the retirement"
    );
    assert_eq!(deletion["waits_for"], json!([]));
    assert_eq!(
        shred(&owner, &tenant).await["effective_at"],
        deletion["effective_at"]
    );
    harness.vault.settle_deletions().await.expect("a pass");
    assert_eq!(count_effective(&harness, &tenant).await, 1);
}

async fn a_deleted_tenant_waits_as_a_shredded_one_does(database: TestDatabase) {
    let (harness, _, tenant) = start(database).await;
    let scheduled = harness.vault.schedule_deletion(BY, id_of(&tenant)).await;
    scheduled.expect("it is scheduled");
    harness.clock.advance_by(chrono::Duration::days(31));
    assert_eq!(harness.vault.delete_due_tenants().await.expect("a pass"), 1);
    // The token of the first log-in has expired.
    let owner = Operator::log_in(&harness.admin, "owner", PASSWORD).await;
    let first = replace_kek(&harness).await;
    let waits = json!({ "effective_at": null, "waits_for": [first] });
    assert_eq!(deletion_of(&owner, &tenant).await, waits);
    harness.retire_kek(&first).await;
    assert!(deletion_of(&owner, &tenant).await["effective_at"].is_string());
}

async fn a_version_that_a_process_still_opens_is_waited_for(database: TestDatabase) {
    let (harness, owner, tenant) = start(database).await;
    shred(&owner, &tenant).await;
    let first = replace_kek(&harness).await;
    let keks = harness.vault.key_status().await.expect("a status").keks;
    let mut node = Node {
        id: uuid::Uuid::now_v7(),
        name: "machine/7".to_owned(),
        opens: keks.iter().map(|it| it.kek).collect(),
        wraps_with: keks[0].kek,
        seen_at: Clock::system_time(),
    };
    let (store, gone) = (harness.store().await, chrono::DateTime::UNIX_EPOCH);
    store.announce_node(&node, gone).await.expect("announced");
    harness.retire_kek(&first).await;
    let waits = json!({ "effective_at": null, "waits_for": [first] });
    assert_eq!(
        deletion_of(&owner, &tenant).await,
        waits,
        "its copy of the keyring opens it"
    );
    node.opens.truncate(1);
    store.announce_node(&node, gone).await.expect("announced");
    assert_eq!(harness.vault.settle_deletions().await.expect("a pass"), 1);
    assert!(deletion_of(&owner, &tenant).await["effective_at"].is_string());
}

async fn a_retirement_that_was_cut_off_is_noted_by_the_worker(database: TestDatabase) {
    let (harness, owner, tenant) = start(database).await;
    shred(&owner, &tenant).await;
    let first = replace_kek(&harness).await;
    harness.retire_kek(&first).await;
    // As if the process had ended after it had destroyed the key.
    for sql in [
        "DELETE FROM destroyed_keks",
        "UPDATE deletions SET effective_at = NULL",
    ] {
        harness.database.run_as_superuser(sql).await;
    }
    let waits = json!({ "effective_at": null, "waits_for": [first] });
    assert_eq!(deletion_of(&owner, &tenant).await, waits);
    assert_eq!(harness.vault.settle_deletions().await.expect("a pass"), 1);
    assert!(deletion_of(&owner, &tenant).await["effective_at"].is_string());
}

async fn a_repeated_call_says_what_holds_now(database: TestDatabase) {
    let (harness, owner, tenant) = start(database).await;
    let own = format!("/tenants/{}", tenant.id);
    owner.post(&format!("{own}/suspend"), &Value::Null).await;
    let call = async || {
        let call = owner.call(reqwest::Method::POST, &format!("{own}/shred"));
        let call = call.header("Idempotency-Key", "once");
        answer(call.json(&json!({ "confirm": tenant.id }))).await.1
    };
    assert_eq!(call().await["effective_at"], Value::Null);
    let first = replace_kek(&harness).await;
    harness.retire_kek(&first).await;
    assert!(call().await["effective_at"].is_string());
}

async fn order_deletion(harness: &Harness, person: &str) -> String {
    let (app, person) = (
        APP.parse().expect("an app"),
        person.parse().expect("a person"),
    );
    let ordered = harness
        .vault
        .order_deletions(BY, &app, vec![person], AccessAtMeta::Keep, None)
        .await;
    while harness.vault.apply_due_notices(50).await.expect("a pass") > 0 {}
    harness.erase().await;
    ordered.expect("it is ordered").remove(0).code
}

async fn status_of(harness: &Harness, code: &str) -> DeletionStatus {
    let app = APP.parse().expect("an app");
    let status = harness.vault.find_deletion_status(&app, code).await;
    status.expect("the code is known")
}

async fn a_persons_deletion_waits_for_data_keys_and_for_what_wrapped_them(database: TestDatabase) {
    let (harness, _, tenant) = start(database).await;
    let first = harness.vault.key_status().await.expect("a status").keks[0].kek;
    let code = order_deletion(&harness, Fleet::PERSON).await;
    let status = status_of(&harness, &code).await;
    assert!(status.completed_at.is_some(), "{status:?}");
    assert_eq!((status.effective_at, status.waits_for), (None, vec![first]));
    assert_eq!(status.data_keys_to_rotate, [id_of(&tenant)]);

    let second = replace_kek(&harness).await;
    assert_eq!(second, first.to_string());
    let status = status_of(&harness, &code).await;
    assert_eq!(
        status.waits_for.len(),
        2,
        "the data key lives on, under the next version"
    );
    harness.retire_kek(&second).await;
    assert_eq!(status_of(&harness, &code).await.waits_for.len(), 1);

    harness.clock.advance_by(chrono::Duration::minutes(1));
    let of_one = KeyOwners::Tenant(id_of(&tenant));
    let rotated = harness
        .vault
        .rotate_data_keys(BY, of_one, RotationReason::Routine)
        .await;
    rotated.expect("a new data key");
    harness.vault.reseal_due_records().await.expect("a pass");
    harness.clock.advance_by(chrono::Duration::hours(26));
    harness.vault.purge_expired().await.expect("a purge");
    harness.vault.reseal_due_records().await.expect("a pass");
    let status = status_of(&harness, &code).await;
    assert_eq!(
        status.data_keys_to_rotate,
        [],
        "the old data key is deleted"
    );
    assert_eq!((status.effective_at, status.waits_for.len()), (None, 1));

    let third = replace_kek(&harness).await;
    harness.retire_kek(&third).await;
    let status = status_of(&harness, &code).await;
    assert!(
        status.effective_at.is_some() && status.waits_for.is_empty(),
        "{status:?}"
    );
    assert_eq!(count_effective(&harness, &tenant).await, 1);
    let keks = harness.vault.key_status().await.expect("a status").keks;
    assert!(keks.iter().any(|it| it.state == KekState::Active));
}

async fn a_person_of_whom_nothing_is_kept_waits_for_nothing(database: TestDatabase) {
    let (harness, ..) = start(database).await;
    let code = order_deletion(&harness, Fleet::STRANGER).await;
    let status = status_of(&harness, &code).await;
    assert!(status.completed_at.is_some());
    assert_eq!(status.effective_at, status.completed_at);
    assert_eq!(
        (status.waits_for, status.data_keys_to_rotate),
        (vec![], vec![])
    );
}
