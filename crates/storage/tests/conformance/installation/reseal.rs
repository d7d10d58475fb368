//! Rotations of data keys: which records are left, compare-and-set, and when an old key may be deleted.

use regrant_domain::{GrantId, SealedRecord, Slot};
use regrant_storage::{
    Error, InstallationColumn, NewDataKey, ResealedCredential, ResealedInstallationSecret,
    ResealedSecret, SealedSecret, SecretColumn, SlottedCredential, TenantScope, TenantTx,
};
use uuid::Uuid;

use crate::bench::{Bench, activation, day, grant, id, new_key, on_both, sealed};

on_both!(
    a_new_data_key_seals_and_the_one_before_it_only_opens,
    a_record_is_replaced_only_if_it_is_what_was_read,
    records_of_clients_are_replaced_with_the_seal_of_their_row,
    a_resealed_credential_keeps_its_generation_and_is_intact,
    a_credential_that_left_its_slot_is_not_resealed,
    rows_that_others_hold_are_left_out,
    an_old_key_is_in_use_until_nothing_is_left_under_it,
    a_secret_of_the_installation_is_replaced_only_if_it_is_what_was_read,
    a_key_that_leaked_is_listed_until_it_is_deleted,
);

/// The key that the bench's records name.
const OLD: Uuid = Uuid::from_bytes([9; 16]);
const NEW: Uuid = Uuid::from_bytes([8; 16]);

/// The head of a record under the new key.
fn resealed(filler: u8) -> SealedRecord {
    let head = [
        b"RG\x01\x01".as_slice(),
        NEW.as_bytes(),
        &2_u32.to_be_bytes(),
    ]
    .concat();
    SealedRecord::from_bytes([head, vec![filler; 40]].concat())
}

fn next_key(version: u32) -> NewDataKey {
    NewDataKey {
        version,
        created_at: day(5),
        ..new_key()
    }
}

async fn a_new_data_key_seals_and_the_one_before_it_only_opens(bench: Bench) {
    let tx = bench.acme().await;
    let first = tx.list_data_keys().await.unwrap();
    tx.replace_data_key(&next_key(2)).await.unwrap();
    tx.commit().await.unwrap();
    let tx = bench.acme().await;
    let keys = tx.list_data_keys().await.unwrap();
    let facts: Vec<_> = keys.iter().map(|it| (it.version, it.is_active)).collect();
    assert_eq!(facts, [(2, true), (1, false)]);
    assert!(matches!(
        tx.replace_data_key(&next_key(2)).await,
        Err(Error::Stale)
    ));
    drop(tx);
    let of_state = async |is_active: bool, before: i64| {
        let all = bench
            .store
            .list_scopes_with_keys(is_active, day(before))
            .await;
        let all: Vec<_> = all.unwrap().iter().map(TenantScope::tenant).collect();
        all
    };
    let (acme, bolt) = (bench.acme.tenant(), bench.bolt.tenant());
    assert_eq!(of_state(false, 9).await, [acme]);
    assert_eq!(of_state(true, 1).await, [bolt]);
    assert_eq!(of_state(true, 9).await.len(), 2);
    let tx = bench.bolt().await;
    assert!(
        !tx.delete_data_key(first[0].id, day(1)).await.unwrap(),
        "another tenant's"
    );
    drop(tx);
    let tx = bench.acme().await;
    assert!(
        !tx.delete_data_key(keys[0].id, day(1)).await.unwrap(),
        "it seals"
    );
    assert!(tx.delete_data_key(first[0].id, day(1)).await.unwrap());
    tx.commit().await.unwrap();
    assert!(of_state(false, 9).await.is_empty());
}

/// Grants of acme with a token.
async fn insert_grants(bench: &Bench, count: usize) -> Vec<GrantId> {
    let tx = bench.acme().await;
    let mut ids = Vec::new();
    for _ in 0..count {
        let grant = grant();
        tx.insert_grant(&grant, day(1)).await.unwrap();
        tx.store_grant_token(grant.id, &sealed(3)).await.unwrap();
        ids.push(grant.id);
    }
    tx.commit().await.unwrap();
    ids
}

async fn lock(tx: &TenantTx, column: SecretColumn) -> Vec<SealedSecret> {
    tx.lock_secrets_to_reseal(column, NEW, None, 10)
        .await
        .unwrap()
}

fn reseal(read: &[SealedSecret]) -> Vec<ResealedSecret> {
    let one = |it: &SealedSecret| ResealedSecret {
        read: it.clone(),
        sealed: resealed(6),
    };
    read.iter().map(one).collect()
}

async fn a_record_is_replaced_only_if_it_is_what_was_read(bench: Bench) {
    let ids = insert_grants(&bench, 3).await;
    let tx = bench.acme().await;
    let read = lock(&tx, SecretColumn::GrantToken).await;
    assert_eq!((read.len(), read[0].generation), (3, 0));
    tx.store_grant_token(ids[1], &sealed(7)).await.unwrap();
    let replaced = tx
        .reseal_secrets(SecretColumn::GrantToken, &reseal(&read))
        .await;
    assert_eq!(replaced.unwrap(), 2, "one was replaced meanwhile");
    let left = lock(&tx, SecretColumn::GrantToken).await;
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].row, &left[0].sealed), (ids[1].uuid(), &sealed(7)));
    assert_eq!(
        tx.find_grant_token(ids[0]).await.unwrap().sealed,
        Some(resealed(6))
    );
    tx.commit().await.unwrap();
    let tx = bench.bolt().await;
    assert!(lock(&tx, SecretColumn::GrantToken).await.is_empty());
    let foreign = tx
        .reseal_secrets(SecretColumn::GrantToken, &reseal(&left))
        .await;
    assert_eq!(foreign.unwrap(), 0, "another tenant's");
}

/// Gives each client a key of proofs, as earlier builds did.
async fn give_proof_keys(bench: &Bench) {
    let record = hex::encode(sealed(4).as_bytes());
    let record = if bench.database.url().starts_with("sqlite") {
        format!("X'{record}'")
    } else {
        format!("'\\x{record}'")
    };
    let sql = format!("UPDATE clients SET proof_key_sealed = {record}, seal = NULL");
    bench.database.run_as_superuser(&sql).await;
}

async fn records_of_clients_are_replaced_with_the_seal_of_their_row(bench: Bench) {
    give_proof_keys(&bench).await;
    let tx = bench.acme().await;
    assert_eq!(tx.adopt_unsealed_rows().await.unwrap(), 1);
    let read = lock(&tx, SecretColumn::ProofKey).await;
    assert_eq!(read.len(), 1);
    let replaced = tx
        .reseal_secrets(SecretColumn::ProofKey, &reseal(&read))
        .await;
    assert_eq!(replaced.unwrap(), 1);
    assert!(lock(&tx, SecretColumn::OlderProofKey).await.is_empty());
    assert!(lock(&tx, SecretColumn::WebhookSecret).await.is_empty());
    assert!(lock(&tx, SecretColumn::OlderWebhookSecret).await.is_empty());
    tx.commit().await.unwrap();
    let found = bench.store.find_client_for_login(bench.client).await;
    assert!(found.unwrap().is_some(), "the row is intact");
}

async fn serving(bench: &Bench) -> Vec<SlottedCredential> {
    let ids = [id("1"), id("2")];
    let found = bench.store.read_served_assets(&bench.acme, &ids).await;
    found
        .unwrap()
        .into_iter()
        .filter_map(|it| it.active)
        .collect()
}

async fn a_resealed_credential_keeps_its_generation_and_is_intact(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    let activations = [activation("1", 0, 1), activation("2", 0, 1)];
    tx.activate_credentials(&activations, 1, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let tx = bench.acme().await;
    let read = tx.lock_credentials_to_reseal(NEW, None, 10).await.unwrap();
    assert_eq!(read.len(), 2);
    let after = Some(read[0].stored.credential.id);
    let rest = tx.lock_credentials_to_reseal(NEW, after, 10).await.unwrap();
    assert_eq!(rest.len(), 1);
    let mut again: Vec<_> = read
        .iter()
        .map(|it| {
            let mut credential = it.stored.credential.clone();
            credential.sealed = resealed(6);
            credential.fingerprint = vec![6; 16];
            ResealedCredential {
                read: it.stored.credential.sealed.clone(),
                resealed: credential,
            }
        })
        .collect();
    again[1].read = sealed(99);
    let replaced = tx.reseal_credentials(&again).await.unwrap();
    assert_eq!(replaced, [again[0].resealed.id]);
    tx.commit().await.unwrap();
    let found = serving(&bench).await;
    assert!(found.iter().all(|it| it.is_intact));
    let of = |n: usize| {
        let wanted = again[n].resealed.id;
        let it = found.iter().find(|it| it.stored.credential.id == wanted);
        it.unwrap().stored.credential.clone()
    };
    assert_eq!(
        (of(0).sealed, of(0).generation, of(0).slot),
        (resealed(6), 1, Slot::Active)
    );
    assert_eq!(
        (of(0).fingerprint, of(1).fingerprint),
        (vec![6; 16], vec![5; 16])
    );
    assert_eq!(of(1).sealed, sealed(2));
}

async fn a_credential_that_left_its_slot_is_not_resealed(bench: Bench) {
    bench.pages(&["1"]).await;
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    // SQLite locks no rows: a reconnect may come between reading and replacing.
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let read = tx.lock_credentials_to_reseal(NEW, None, 10).await.unwrap();
    let mut resealed = read[0].stored.credential.clone();
    assert_eq!(resealed.slot, Slot::Active);
    drop(tx);
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 1, 2)], 2, day(2))
        .await
        .unwrap();
    let previous = tx.find_previous_credentials(&[id("1")]).await.unwrap();
    assert_eq!(previous[0].credential.sealed, resealed.sealed);
    let read = std::mem::replace(&mut resealed.sealed, self::resealed(6));
    let again = [ResealedCredential { read, resealed }];
    assert_eq!(tx.reseal_credentials(&again).await.unwrap(), []);
}

async fn rows_that_others_hold_are_left_out(bench: Bench) {
    if bench.store.is_sqlite() {
        // One transaction writes at a time.
        return;
    }
    insert_grants(&bench, 2).await;
    let (one, other) = (bench.acme().await, bench.acme().await);
    let first = one
        .lock_secrets_to_reseal(SecretColumn::GrantToken, NEW, None, 1)
        .await;
    assert_eq!(first.unwrap().len(), 1);
    assert_eq!(lock(&other, SecretColumn::GrantToken).await.len(), 1);
}

async fn an_old_key_is_in_use_until_nothing_is_left_under_it(bench: Bench) {
    give_proof_keys(&bench).await;
    let ids = insert_grants(&bench, 1).await;
    bench.pages(&["1"]).await;
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    bench.accept(&["1"]).await;
    let tx = bench.acme().await;
    // A credential, a grant's token, a submitted token and the client's proof key.
    assert_eq!(tx.count_sealed_under(OLD, 1).await.unwrap(), 4);
    assert_eq!(tx.count_sealed_under(NEW, 2).await.unwrap(), 0);
    tx.store_grant_token(ids[0], &resealed(1)).await.unwrap();
    assert_eq!(tx.count_sealed_under(OLD, 1).await.unwrap(), 3);
    assert_eq!(tx.count_sealed_under(NEW, 2).await.unwrap(), 1);
    drop(tx);
    let tx = bench.bolt().await;
    assert_eq!(tx.count_sealed_under(OLD, 1).await.unwrap(), 1);
}

async fn a_secret_of_the_installation_is_replaced_only_if_it_is_what_was_read(bench: Bench) {
    for (name, filler) in [("key-1", 1), ("key-2", 2)] {
        let record = sealed(filler);
        let inserted = bench.store.insert_audit_key(name, &record, day(0)).await;
        inserted.unwrap();
    }
    let column = InstallationColumn::AuditKey;
    let system = bench.store.system_scope();
    let tx = bench.store.begin(&system).await.unwrap();
    let list = async || {
        let listed = tx.list_installation_secrets(column, NEW, None, 10).await;
        listed.unwrap()
    };
    let mut read = list().await;
    assert_eq!(read.len(), 2);
    read[1].sealed = sealed(7);
    let again = read.into_iter().map(|read| ResealedInstallationSecret {
        read,
        sealed: resealed(1),
    });
    let again: Vec<_> = again.collect();
    let replaced = tx.reseal_installation_secrets(column, &again).await;
    assert_eq!(replaced.unwrap(), 1);
    let left = list().await;
    assert_eq!((left.len(), &*left[0].row), (1, "key-2"));
    assert_eq!(left[0].sealed, sealed(2));
    assert_eq!(tx.count_sealed_under(NEW, 2).await.unwrap(), 1);
}

async fn a_key_that_leaked_is_listed_until_it_is_deleted(bench: Bench) {
    let tx = bench.acme().await;
    let old = tx.list_data_keys().await.unwrap()[0].id;
    tx.replace_data_key(&next_key(2)).await.unwrap();
    assert_eq!(tx.mark_old_keys_compromised(day(5)).await.unwrap(), 1);
    assert_eq!(tx.mark_old_keys_compromised(day(6)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    let list = async || {
        let listed = bench.store.list_scopes_with_compromised_keys().await;
        let (scopes, is_installations) = listed.unwrap();
        let tenants: Vec<_> = scopes.iter().map(TenantScope::tenant).collect();
        (tenants, is_installations)
    };
    assert_eq!(list().await, (vec![bench.acme.tenant()], false));
    let tx = bench.acme().await;
    assert!(tx.delete_data_key(old, day(7)).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(list().await, (vec![], false));
}
