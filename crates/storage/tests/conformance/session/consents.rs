//! Consents of sessions and clients, and the codes that were exchanged for them.

use regrant_domain::{
    Consent, ConsentId, ConsentOwner, CredentialKind, ReconnectSessionId, SealedRecord,
};
use regrant_storage::{Error, NewConsentCode, StoredConsent};

use crate::bench::{Bench, day, on_both};

on_both!(
    a_consent_is_read_as_it_was_stored_by_its_owner_alone,
    a_newer_consent_replaces_the_one_of_a_session,
    a_consent_is_deleted_by_one_of_two_transactions,
    a_consent_that_ended_is_absent_and_purged,
    another_tenants_consent_does_not_exist,
    a_code_is_begun_once,
    old_codes_are_deleted,
);

fn consent(owner: ConsentOwner) -> StoredConsent {
    let consent = Consent {
        id: ConsentId::mint(),
        owner,
        person_id: "77".parse().unwrap(),
        person_name: Some("Ada".to_owned()),
        kind: CredentialKind::User,
        is_work_account: None,
        token_expires_at: Some(day(60)),
        missing_scopes: vec!["ads_read".to_owned()],
        created_at: day(1),
        ends_at: day(2),
    };
    StoredConsent {
        sealed: SealedRecord::from_bytes(consent.id.uuid().as_bytes().repeat(4)),
        consent,
    }
}

fn session() -> ConsentOwner {
    ConsentOwner::Session(ReconnectSessionId::mint())
}

async fn store(bench: &Bench, it: &StoredConsent) {
    let tx = bench.acme().await;
    tx.store_consent(it).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_consent_is_read_as_it_was_stored_by_its_owner_alone(bench: Bench) {
    let owner = ConsentOwner::Client(bench.client);
    let (first, second) = (consent(owner), consent(owner));
    store(&bench, &first).await;
    store(&bench, &second).await;
    let tx = bench.acme().await;
    let id = first.consent.id;
    assert_eq!(tx.find_consent(owner, id, day(1)).await.unwrap(), first);
    let other = tx.find_consent(session(), id, day(1)).await;
    assert!(matches!(other, Err(Error::NotFound)));
    let list = tx
        .list_consents(owner, None, 10, day(1))
        .await
        .unwrap()
        .rows;
    assert_eq!(list, [second.clone(), first.clone()]);
    let rest = tx
        .list_consents(owner, Some(second.consent.id), 10, day(1))
        .await
        .unwrap()
        .rows;
    assert_eq!(rest, [first]);
    assert_eq!(tx.count_consents(day(1)).await.unwrap(), 2);
    assert_eq!(tx.delete_consents_of_owner(owner).await.unwrap(), 2);
    tx.commit().await.unwrap();
}

async fn a_newer_consent_replaces_the_one_of_a_session(bench: Bench) {
    let owner = session();
    let (older, newer) = (consent(owner), consent(owner));
    store(&bench, &older).await;
    store(&bench, &newer).await;
    let tx = bench.acme().await;
    let list = tx
        .list_consents(owner, None, 10, day(1))
        .await
        .unwrap()
        .rows;
    assert_eq!(list, [newer]);
    tx.commit().await.unwrap();
}

async fn a_consent_is_deleted_by_one_of_two_transactions(bench: Bench) {
    let owner = session();
    let stored = consent(owner);
    store(&bench, &stored).await;
    let delete = async || {
        let tx = bench.acme().await;
        let is_deleted = tx.delete_consent(owner, stored.consent.id, day(1)).await;
        tx.commit().await.unwrap();
        is_deleted.unwrap()
    };
    let (one, other) = tokio::join!(delete(), delete());
    assert!(one != other, "{one} {other}");
}

async fn a_consent_that_ended_is_absent_and_purged(bench: Bench) {
    let owner = session();
    let stored = consent(owner);
    store(&bench, &stored).await;
    let (id, tx) = (stored.consent.id, bench.acme().await);
    let ended = tx.find_consent(owner, id, day(2)).await;
    assert!(matches!(ended, Err(Error::NotFound)));
    assert!(!tx.delete_consent(owner, id, day(2)).await.unwrap());
    assert_eq!(tx.count_consents(day(2)).await.unwrap(), 0);
    let before = chrono::Duration::microseconds(1);
    assert_eq!(tx.purge_consents(day(2) - before, 10).await.unwrap(), 0);
    assert_eq!(tx.purge_consents(day(2), 10).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn another_tenants_consent_does_not_exist(bench: Bench) {
    let owner = session();
    let stored = consent(owner);
    store(&bench, &stored).await;
    let tx = bench.store.begin(&bench.bolt).await.unwrap();
    let found = tx.find_consent(owner, stored.consent.id, day(1)).await;
    assert!(matches!(found, Err(Error::NotFound)));
    let deleted = tx.delete_consent(owner, stored.consent.id, day(1)).await;
    assert!(!deleted.unwrap());
    assert_eq!(tx.purge_consents(day(9), 10).await.unwrap(), 0);
    tx.commit().await.unwrap();
}

fn code(byte: u8) -> NewConsentCode {
    NewConsentCode {
        hash: [byte; 16],
        owner: session(),
        call_key: Some("key".to_owned()),
        begun_at: day(1),
    }
}

async fn a_code_is_begun_once(bench: Bench) {
    let code = code(1);
    let begin = async || {
        let tx = bench.acme().await;
        let begun = tx.begin_consent_code(&code).await;
        if begun.is_ok() {
            tx.commit().await.unwrap();
        }
        begun
    };
    begin().await.unwrap();
    assert!(matches!(begin().await, Err(Error::Taken(_))));
    let tx = bench.acme().await;
    let known = tx.find_consent_code(&code.hash).await.unwrap().unwrap();
    assert_eq!(
        (known.owner_id, known.call_key.as_deref(), known.ended_at),
        (code.owner.to_parts().1, Some("key"), None)
    );
    tx.end_consent_code(&code.hash, day(2)).await.unwrap();
    let known = tx.find_consent_code(&code.hash).await.unwrap().unwrap();
    assert_eq!((known.begun_at, known.ended_at), (day(1), Some(day(2))));
    tx.forget_consent_code(&code.hash).await.unwrap();
    assert_eq!(tx.find_consent_code(&code.hash).await.unwrap(), None);
    tx.commit().await.unwrap();
}

async fn old_codes_are_deleted(bench: Bench) {
    let tx = bench.acme().await;
    for byte in 1..=3 {
        tx.begin_consent_code(&code(byte)).await.unwrap();
    }
    assert_eq!(tx.purge_consent_codes(day(1), 10).await.unwrap(), 0);
    assert_eq!(tx.purge_consent_codes(day(2), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_consent_codes(day(2), 2).await.unwrap(), 1);
    tx.commit().await.unwrap();
}
