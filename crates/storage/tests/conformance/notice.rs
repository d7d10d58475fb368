//! The directory of persons, notices from Meta, and the rows of a person who revokes consent.

mod deleted_tenant;

use chrono::Duration;
use regrant_domain::{MetaNotice, NoticeKind, NoticeSubject, PersonId, Slot};
use regrant_storage::{
    DueKind, Error, GrantedConsent, NewNotice, PersonHash, RevokedConsent, TenantStatus,
};

use crate::bench::{Bench, activation, credential, day, grant, id, on_both};

on_both!(
    a_notice_reaches_every_tenant_that_knows_its_person_and_no_other,
    the_same_notice_again_changes_nothing,
    a_notice_is_done_and_its_person_erased_when_no_work_is_left,
    a_notice_reaches_a_suspended_tenant_too,
    credentials_issued_after_the_notice_stay,
    erasing_a_person_keeps_data_that_is_not_personal,
    a_notice_about_a_person_reaches_tenants_with_unattributed_tokens,
    the_unattributed_entry_stays_while_a_token_has_no_answer,
    a_revocation_is_opened_again_for_a_token_that_was_issued_before_it,
);

const ADA: PersonHash = PersonHash([7; 16]);

fn notice(digest: u8) -> NewNotice {
    let person_id = "77".parse().unwrap();
    let meta_notice = MetaNotice {
        kind: NoticeKind::DataDeletion,
        subject: NoticeSubject::Person(person_id),
        cut_off: None,
        sent_at: day(3),
    };
    let code_hash = Some([digest; 16]);
    NewNotice {
        app_id: "1".parse().unwrap(),
        notice: meta_notice,
        digest: [digest; 16],
        subject: ADA,
        code_hash,
    }
}

async fn know_ada(bench: &Bench, scopes: &[&regrant_storage::TenantScope]) {
    for scope in scopes {
        let tx = bench.store.begin(scope).await.unwrap();
        for _ in 0..2 {
            tx.add_to_directory(scope.app_id(), &[ADA]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

async fn claim(bench: &Bench) -> Vec<regrant_storage::Claim> {
    bench
        .store
        .claim_due(DueKind::Inbox, day(4), "a", Duration::hours(1), 9)
        .await
        .unwrap()
}

async fn a_notice_reaches_every_tenant_that_knows_its_person_and_no_other(bench: Bench) {
    know_ada(&bench, &[&bench.acme]).await;
    assert_eq!(
        bench
            .store
            .receive_notices(&[notice(1)], day(3), day(3))
            .await
            .unwrap(),
        1
    );
    let claims = claim(&bench).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].scope.tenant(), bench.acme.tenant());
    know_ada(&bench, &[&bench.bolt]).await;
    assert_eq!(
        bench
            .store
            .receive_notices(&[notice(2)], day(3), day(3))
            .await
            .unwrap(),
        1
    );
    assert_eq!(claim(&bench).await.len(), 2);
    let stored = bench
        .store
        .start_notice(claims[0].object, day(4))
        .await
        .unwrap();
    assert_eq!(
        (stored.notice, stored.received_at),
        (notice(1).notice, day(3))
    );
}

async fn the_same_notice_again_changes_nothing(bench: Bench) {
    know_ada(&bench, &[&bench.acme]).await;
    assert_eq!(
        bench
            .store
            .receive_notices(&[notice(1), notice(2)], day(3), day(3))
            .await
            .unwrap(),
        2
    );
    assert_eq!(
        bench
            .store
            .receive_notices(&[notice(2), notice(1)], day(5), day(3))
            .await
            .unwrap(),
        0
    );
    assert_eq!(claim(&bench).await.len(), 2);
    let deletion = bench
        .store
        .find_deletion(&"1".parse().unwrap(), [1; 16])
        .await
        .unwrap();
    assert_eq!(
        (deletion.received_at, deletion.begun_at, deletion.done_at),
        (day(3), None, None)
    );
}

async fn a_notice_is_done_and_its_person_erased_when_no_work_is_left(bench: Bench) {
    know_ada(&bench, &[&bench.acme, &bench.bolt]).await;
    bench
        .store
        .receive_notices(&[notice(1)], day(3), day(3))
        .await
        .unwrap();
    let app = "1".parse().unwrap();
    for (n, claim) in claim(&bench).await.into_iter().enumerate() {
        bench
            .store
            .start_notice(claim.object, day(4 + i64::try_from(n).unwrap()))
            .await
            .unwrap();
        assert_eq!(bench.store.finish_notices(day(8)).await.unwrap(), 0);
        let tx = bench.store.begin(&claim.scope).await.unwrap();
        tx.hold_lease(&claim.lease).await.unwrap();
        tx.finish_notice_of_tenant(&claim.lease).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(bench.store.finish_notices(day(9)).await.unwrap(), 1);
    let deletion = bench.store.find_deletion(&app, [1; 16]).await.unwrap();
    assert_eq!(
        (deletion.begun_at, deletion.done_at),
        (Some(day(4)), Some(day(9)))
    );
    assert!(matches!(
        bench.store.find_deletion(&app, [2; 16]).await,
        Err(Error::NotFound)
    ));
    assert!(matches!(
        bench
            .store
            .find_deletion(&"2".parse().unwrap(), [1; 16])
            .await,
        Err(Error::NotFound)
    ));
    let unknown = NewNotice {
        subject: PersonHash([8; 16]),
        ..notice(3)
    };
    bench
        .store
        .receive_notices(&[unknown], day(10), day(10))
        .await
        .unwrap();
    assert_eq!(
        bench
            .store
            .find_deletion(&app, [3; 16])
            .await
            .unwrap()
            .done_at,
        Some(day(10)),
        "no tenant has work"
    );
}

async fn a_notice_reaches_a_suspended_tenant_too(bench: Bench) {
    know_ada(&bench, &[&bench.acme]).await;
    bench
        .store
        .receive_notices(&[notice(1)], day(3), day(3))
        .await
        .unwrap();
    crate::bench::set_status(&bench.store, bench.acme.tenant(), TenantStatus::Suspended).await;
    assert_eq!(claim(&bench).await.len(), 1);
}

async fn credentials_issued_after_the_notice_stay(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let (early, late) = (
        grant(),
        regrant_domain::Grant {
            facts: regrant_domain::TokenFacts {
                issued_at: Some(day(5)),
                ..grant().facts
            },
            ..grant()
        },
    );
    let ada: PersonId = "77".parse().unwrap();
    let tx = bench.acme().await;
    for grant in [&early, &late] {
        tx.insert_grant(grant, day(1)).await.unwrap();
    }
    let mut activations = [activation("1", 0, 1), activation("2", 0, 1)];
    activations[0].credential.credential.grant_id = Some(early.id);
    activations[1].credential.credential.grant_id = Some(late.id);
    tx.activate_credentials(&activations, 1, day(5))
        .await
        .unwrap();
    tx.park_credentials(&[credential("1", Slot::Candidate, 0, 2)])
        .await
        .unwrap();
    let ids = tx.list_assets_of_person(&ada, None, 9).await.unwrap();
    assert_eq!(ids, [id("1"), id("2")]);
    assert_eq!(
        tx.list_assets_of_person(&ada, Some(&id("1")), 9)
            .await
            .unwrap(),
        [id("2")]
    );
    assert_eq!(
        tx.list_assets_served_by(&ada, None, 1).await.unwrap(),
        [id("1")]
    );

    let revoked = RevokedConsent {
        person: &ada,
        before: day(3),
    };
    let ended = tx.find_revoked_active_assets(revoked, &ids).await.unwrap();
    assert_eq!(ended.into_iter().collect::<Vec<_>>(), [id("1")]);
    assert_eq!(
        tx.delete_revoked_credentials(revoked, &ids, false)
            .await
            .unwrap(),
        1
    );
    assert_eq!(tx.find_active_credentials(&ids).await.unwrap().len(), 2);
    assert_eq!(
        tx.delete_revoked_credentials(revoked, &ids, true)
            .await
            .unwrap(),
        1
    );
    assert_eq!(tx.find_active_credentials(&ids).await.unwrap().len(), 1);
    tx.erase_serving_person(&[id("1")]).await.unwrap();
    assert_eq!(
        tx.list_assets_served_by(&ada, None, 9).await.unwrap(),
        [id("2")]
    );
}

async fn erasing_a_person_keeps_data_that_is_not_personal(bench: Bench) {
    let (grant, ada): (_, PersonId) = (grant(), "77".parse().unwrap());
    let tx = bench.acme().await;
    tx.insert_grant(&grant, day(1)).await.unwrap();
    tx.erase_personal_data(RevokedConsent {
        person: &ada,
        before: day(3),
    })
    .await
    .unwrap();
    assert_eq!(
        tx.wipe_revoked_grant_tokens(RevokedConsent {
            person: &ada,
            before: day(3)
        })
        .await
        .unwrap(),
        0
    );
    let kept = tx.find_grant(grant.id).await.unwrap();
    assert_eq!(
        (kept.facts.person_name, kept.facts.scopes),
        (None, grant.facts.scopes)
    );
}

async fn a_notice_about_a_person_reaches_tenants_with_unattributed_tokens(bench: Bench) {
    let tx = bench.acme().await;
    tx.add_unattributed_entry(bench.acme.app_id())
        .await
        .unwrap();
    tx.add_unattributed_entry(bench.acme.app_id())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let tenants = [bench.acme.tenant(), bench.bolt.tenant()];
    let found = bench.store.find_tenants_with_unattributed_tokens(&tenants);
    assert_eq!(
        found.await.unwrap().into_iter().collect::<Vec<_>>(),
        [bench.acme.tenant()]
    );
    let stored = bench
        .store
        .receive_notices(&[notice(1)], day(3), day(3))
        .await;
    assert_eq!(stored.unwrap(), 1);
    let claims = claim(&bench).await;
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].scope.tenant(), bench.acme.tenant());
    let app = "1".parse().unwrap();
    let deletion = bench.store.find_deletion(&app, [1; 16]).await.unwrap();
    assert!(deletion.waits_for_owners && deletion.done_at.is_none());
}

async fn the_unattributed_entry_stays_while_a_token_has_no_answer(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    let mut activations = [activation("1", 0, 1), activation("2", 0, 1)];
    for it in &mut activations {
        it.credential.credential.grant_id = None;
        it.credential.credential.person_id = None;
    }
    tx.activate_credentials(&activations, 1, day(2))
        .await
        .unwrap();
    let app = bench.acme.app_id();
    tx.add_unattributed_entry(app).await.unwrap();
    tx.commit().await.unwrap();
    let ids = activations.map(|it| it.credential.credential.id);
    for (answered, is_listed) in [(&ids[..0], true), (&ids[..1], true), (&ids[..], false)] {
        let tx = bench.acme().await;
        tx.note_ownerless_credentials(answered, day(3))
            .await
            .unwrap();
        let open = tx.list_unattributed_credentials(None, 9).await.unwrap();
        assert_eq!(open.len(), 2 - answered.len());
        tx.remove_unattributed_entry(app).await.unwrap();
        tx.commit().await.unwrap();
        let tenants = [bench.acme.tenant()];
        let found = bench.store.find_tenants_with_unattributed_tokens(&tenants);
        assert_eq!(!found.await.unwrap().is_empty(), is_listed, "{answered:?}");
    }
}

async fn a_revocation_is_opened_again_for_a_token_that_was_issued_before_it(bench: Bench) {
    let stored = bench
        .store
        .receive_notices(&[notice(1)], day(3), day(3))
        .await;
    assert_eq!(stored.unwrap(), 1);
    let (app, person) = ("1".parse().unwrap(), "77".parse().unwrap());
    let done_at = async || {
        bench
            .store
            .find_deletion(&app, [1; 16])
            .await
            .unwrap()
            .done_at
    };
    assert_eq!(done_at().await, Some(day(3)), "no tenant knows the person");
    let reopen = async |hash, revoked_after| {
        let consent = GrantedConsent {
            app_id: &app,
            person: &person,
            hash,
            revoked_after,
        };
        let tx = bench.acme().await;
        let is_open = tx.reopen_revocation(consent, day(3)).await.unwrap();
        tx.commit().await.unwrap();
        is_open
    };
    assert!(!reopen(ADA, day(3)).await, "a token that was issued later");
    assert!(
        !reopen(PersonHash([8; 16]), day(2)).await,
        "another person's"
    );
    assert_eq!(done_at().await, Some(day(3)));
    for _ in 0..2 {
        assert!(reopen(ADA, day(2)).await);
    }
    assert_eq!(done_at().await, None);
    assert_eq!(bench.store.finish_notices(day(4)).await.unwrap(), 0);
    let claims = claim(&bench).await;
    assert_eq!(claims.len(), 1);
    let started = bench
        .store
        .start_notice(claims[0].object, day(4))
        .await
        .unwrap();
    assert_eq!(started.notice, notice(1).notice);
    let tx = bench.acme().await;
    tx.hold_lease(&claims[0].lease).await.unwrap();
    tx.commit().await.unwrap();
    assert!(reopen(ADA, day(2)).await);
    let tx = bench.acme().await;
    let held = tx.hold_lease(&claims[0].lease).await;
    assert!(matches!(held, Err(Error::Stale)), "its work begins again");
    drop(tx);
    assert_eq!(bench.store.finish_notices(day(4)).await.unwrap(), 0);
    let again = claim(&bench).await;
    assert_eq!(again.len(), 1, "it is due, and free");
    assert!(again[0].lease.fencing > claims[0].lease.fencing + 1);
}
