//! The installation's own data key: it is replaced, and everything that it sealed opens as before.

use chrono::Duration;
use regrant_domain::TenantId;
use regrant_testdb::{Kind, TestDatabase};
use regrant_vault::{
    AccessAtMeta, AuditFault, AuditQuery, KeptCheckpoints, KeyOwners, Parts, RotationReason,
    Settings, Vault,
};
use serde_json::{Value, json};

use super::{
    data::{count_outdated_in, count_outdated_of_installation, id_of, reseal_all},
    destruction::BY,
};
use crate::harness::{
    APP, Fleet, Harness, Operator, Options, PASSWORD, create_keyring, on_both, open_keyring,
    problem_code,
};

on_both!(
    a_process_that_starts_after_the_old_key_is_deleted_opens_and_knows_everything,
    records_under_a_key_that_leaked_go_first,
    the_installation_and_a_tenant_are_not_named_together,
    another_key_links_every_chain_and_one_that_was_cut_back_is_found,
    the_data_key_and_the_key_of_the_chains_are_replaced_together_or_not_at_all,
);

async fn rotate(harness: &Harness, owners: KeyOwners, reason: RotationReason) -> u64 {
    let rotated = harness.vault.rotate_data_keys(BY, owners, reason).await;
    rotated.expect("new data keys")
}

async fn a_process_that_starts_after_the_old_key_is_deleted_opens_and_knows_everything(
    database: TestDatabase,
) {
    let directory = tempfile::tempdir().expect("a directory");
    create_keyring(directory.path());
    let options = Options {
        provider: open_keyring(directory.path()),
        ..Options::default()
    };
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::with(database, &fleet.world(), options).await;
    harness.owner().await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;

    let reason = RotationReason::Routine;
    assert_eq!(rotate(&harness, KeyOwners::Installation, reason).await, 1);
    assert!(count_outdated_of_installation(&harness.database).await > 4);
    assert!(reseal_all(&harness.vault).await > 4);
    assert_eq!(count_outdated_of_installation(&harness.database).await, 0);
    let status = harness.vault.key_status().await.expect("a status");
    assert!(status.installation_has_old_key, "other processes cache it");
    harness.clock.advance_by(Duration::hours(26));
    harness.vault.purge_expired().await.expect("a purge");
    reseal_all(&harness.vault).await;
    let status = harness.vault.key_status().await.expect("a status");
    assert!(!status.installation_has_old_key);

    let parts = Parts {
        store: harness.store().await,
        provider: open_keyring(directory.path()),
        graph: harness.graph.clone(),
        clock: harness.clock.clone(),
        settings: Settings::default(),
    };
    let fresh = Vault::open(parts).await.expect("it starts");
    for chain in [TenantId::SYSTEM, id_of(&tenant)] {
        let verdict = fresh.verify_audit(chain, &KeptCheckpoints::default()).await;
        let verdict = verdict.expect("the chain is read");
        assert!(verdict.is_whole(), "{verdict:?}");
    }
    assert_eq!(
        fresh.statement_key_set().await,
        harness.vault.statement_key_set().await
    );
    let (app, person) = (APP.parse().expect("an app"), Fleet::PERSON.parse());
    let persons = vec![person.expect("a person")];
    let ordered = fresh
        .order_deletions(BY, &app, persons, AccessAtMeta::Keep, None)
        .await;
    ordered.expect("it is ordered");
    while fresh.apply_due_notices(50).await.expect("a pass") > 0 {}
    let again = tenant.log_in_again().await;
    let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
    let gone = again.get(&path).await;
    assert_eq!(
        gone["access_token"],
        Value::Null,
        "the person is found by the hash: {gone}"
    );
    Operator::log_in(&harness.admin, "owner", PASSWORD).await;
}

async fn records_under_a_key_that_leaked_go_first(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (owner, mut tenants) = (harness.owner().await, Vec::new());
    for name in ["Routine", "Leaked"] {
        let tenant = harness.tenant(name).await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        tenants.push(tenant);
    }
    let of_one = KeyOwners::Tenant(id_of(&tenants[0]));
    rotate(&harness, of_one, RotationReason::Routine).await;
    let body = json!({ "tenant_id": tenants[1].id, "compromised": true });
    let (status, rotated) = owner.post("/keys/data/rotate", &body).await;
    assert_eq!((status, rotated), (200, json!({ "rotated": 1 })));
    let both = count_outdated_in(&harness.database).await;

    let vault = &harness.vault;
    let urgent = vault.reseal_compromised_records().await.expect("a pass");
    let left = count_outdated_in(&harness.database).await;
    assert_eq!(i64::try_from(urgent), Ok(both - left));
    assert_eq!(left, both / 2, "those of the other tenant");
    assert_eq!(vault.reseal_compromised_records().await.expect("a pass"), 0);
    reseal_all(vault).await;
    assert_eq!(count_outdated_in(&harness.database).await, 0);
    harness.clock.advance_by(Duration::hours(26));
    vault.purge_expired().await.expect("a purge");
    assert_eq!(
        vault.reseal_compromised_records().await.expect("a pass"),
        1,
        "the key that leaked is deleted"
    );
}

async fn the_installation_and_a_tenant_are_not_named_together(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let (owner, tenant) = (harness.owner().await, harness.tenant("One").await);
    let body = json!({ "tenant_id": tenant.id, "installation": true });
    let (status, refused) = owner.post("/keys/data/rotate", &body).await;
    assert_eq!((status, problem_code(&refused)), (422, "invalid_request"));
    let body = json!({ "installation": true });
    let (_, rotated) = owner.post("/keys/data/rotate", &body).await;
    assert_eq!(rotated, json!({ "rotated": 1 }));
    let (_, status) = owner.get("/keys/encryption").await;
    assert_eq!(
        (
            &status["installation_has_old_key"],
            &status["tenants_with_old_keys"]
        ),
        (&json!(true), &json!(0))
    );
}

async fn another_key_links_every_chain_and_one_that_was_cut_back_is_found(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let (tenant, vault) = (harness.tenant("One").await, &harness.vault);
    rotate(&harness, KeyOwners::Installation, RotationReason::Routine).await;
    reseal_all(vault).await;
    let none = KeptCheckpoints::default();
    let faults = async |chain| {
        let verdict = vault.verify_audit(chain, &none).await;
        verdict.expect("the chain is read").faults
    };
    harness.clock.advance_by(Duration::minutes(2));
    rotate(&harness, KeyOwners::Installation, RotationReason::Routine).await;
    harness.clock.advance_by(Duration::minutes(2));
    assert!(vault.reseal_due_records().await.expect("a pass") >= 2);
    let chains = [TenantId::SYSTEM, id_of(&tenant)];
    for chain in chains {
        assert_eq!(faults(chain).await, []);
    }
    let cut = "
        UPDATE audit_heads SET key_version = 1, seq = seq - 1, hash = (SELECT e.hash FROM audit_events e
            WHERE e.tenant_id = audit_heads.tenant_id AND e.seq = audit_heads.seq - 1)
        WHERE tenant_id = (SELECT id FROM tenants WHERE name = 'One');
        DELETE FROM audit_events WHERE action = 'audit.key_replaced'
            AND tenant_id = (SELECT id FROM tenants WHERE name = 'One')";
    for sql in cut.split(';') {
        harness.database.run_as_superuser(sql).await;
    }
    assert_eq!(
        faults(chains[1]).await,
        [],
        "the chains may be on their way"
    );
    harness.clock.advance_by(Duration::hours(2));
    let outdated = faults(chains[1]).await;
    assert!(
        matches!(outdated.as_slice(), [(_, AuditFault::OutdatedKey)]),
        "{outdated:?}"
    );
    assert_eq!(faults(chains[0]).await, []);
}

async fn the_data_key_and_the_key_of_the_chains_are_replaced_together_or_not_at_all(
    database: TestDatabase,
) {
    let harness = Harness::start(database, &Fleet::new(1, 1, 0).world()).await;
    let bytes = match harness.database.kind() {
        Kind::Sqlite => "x'00'",
        Kind::Postgres => "'\\x00'",
    };
    // A key of the next number is there, and does not open.
    let damaged =
        format!("INSERT INTO audit_keys (name, sealed, created_at) VALUES ('2', {bytes}, 0)");
    harness.database.run_as_superuser(&damaged).await;
    let of_installation = KeyOwners::Installation;
    let rotated = harness
        .vault
        .rotate_data_keys(BY, of_installation, RotationReason::Compromise)
        .await;
    assert!(rotated.is_err(), "{rotated:?}");
    let status = harness.vault.key_status().await.expect("a status");
    assert!(!status.installation_has_old_key, "no data key is replaced");

    let repaired = "DELETE FROM audit_keys WHERE name = '2'";
    harness.database.run_as_superuser(repaired).await;
    rotate(&harness, of_installation, RotationReason::Compromise).await;
    assert_eq!(
        rotation_actions(&harness).await,
        ["data_key.rotated", "audit_key.created"]
    );
}

/// What the installation's audit says about its data key and the key of the chains, the oldest first.
async fn rotation_actions(harness: &Harness) -> Vec<String> {
    let rows = harness
        .vault
        .read_export_step_of(TenantId::SYSTEM, AuditQuery::default())
        .await;
    let rows = rows.expect("the audit is read").data;
    let all = rows.into_iter().map(|it| it.action);
    all.filter(|it| it.starts_with("data_key.") || it.starts_with("audit_key."))
        .collect()
}
