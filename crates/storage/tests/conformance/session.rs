//! Reconnect sessions, links, listed origins and quotas.

mod link;

mod consents;

use regrant_domain::{ReconnectSessionId, ReconnectStatus};
use regrant_storage::{Error, NewReconnectSession, Quota, TenantStatus};
use regrant_testdb::TestDatabase;
use uuid::Uuid;

use crate::bench::{Bench, day, id, on_both, set_status};

on_both!(
    a_session_is_inserted_listed_and_ended,
    a_use_is_taken_while_one_is_left_and_the_session_is_open,
    previews_are_counted_apart_from_uses,
    a_use_that_is_rolled_back_was_not_taken,
    a_refreshed_session_knows_which_of_its_tokens_are_valid,
    an_ended_session_is_not_refreshed,
    a_calling_session_is_found_with_its_client,
    another_tenants_session_does_not_exist,
    old_sessions_are_deleted_in_bounded_steps,
    an_origin_is_listed_for_its_tenant_while_that_is_active,
    a_quota_counts_existing_rows,
);

fn session(bench: &Bench, uses: u32) -> NewReconnectSession {
    NewReconnectSession {
        id: ReconnectSessionId::mint(),
        client: bench.client,
        person_id: Some("77".parse().unwrap()),
        require_person: true,
        asset_ids: vec![id("1"), id("act_2")],
        uses,
        previews: 1,
        created_at: day(1),
        expires_at: day(2),
    }
}

async fn keep(bench: &Bench, session: &NewReconnectSession) {
    let tx = bench.acme().await;
    tx.insert_reconnect_session(session).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_session_is_inserted_listed_and_ended(bench: Bench) {
    let (first, second) = (session(&bench, 1), session(&bench, 2));
    keep(&bench, &first).await;
    keep(&bench, &second).await;
    let tx = bench.acme().await;
    let read = tx.find_reconnect_session(first.id).await.unwrap();
    assert_eq!(
        (read.asset_ids.clone(), read.uses_left, read.ended_at),
        (first.asset_ids.clone(), 1, None)
    );
    assert!(
        read.is_open(day(1)) && !read.is_open(day(2)),
        "it ends at its end"
    );
    let list = tx
        .list_reconnect_sessions(None, None, 10)
        .await
        .unwrap()
        .rows;
    assert_eq!(
        list.iter().map(|it| it.id).collect::<Vec<_>>(),
        [second.id, first.id]
    );
    let rest = tx
        .list_reconnect_sessions(Some(bench.client), Some(second.id), 10)
        .await
        .unwrap()
        .rows;
    assert_eq!(rest.iter().map(|it| it.id).collect::<Vec<_>>(), [first.id]);
    let stranger = regrant_domain::ClientId::mint();
    assert!(
        tx.list_reconnect_sessions(Some(stranger), None, 10)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(tx.end_reconnect_session(first.id, day(1)).await.unwrap());
    assert!(
        !tx.end_reconnect_session(first.id, day(1)).await.unwrap(),
        "it has ended"
    );
    assert!(
        !tx.end_reconnect_session(second.id, day(3)).await.unwrap(),
        "it ended by itself"
    );
    assert!(
        !tx.find_reconnect_session(first.id)
            .await
            .unwrap()
            .is_open(day(1))
    );
    tx.commit().await.unwrap();
}

async fn a_use_is_taken_while_one_is_left_and_the_session_is_open(bench: Bench) {
    let (two, ended) = (session(&bench, 2), session(&bench, 2));
    keep(&bench, &two).await;
    keep(&bench, &ended).await;
    let tx = bench.acme().await;
    assert!(
        !tx.take_session_use(two.id, day(2)).await.unwrap(),
        "it has ended by then"
    );
    assert!(tx.take_session_use(two.id, day(1)).await.unwrap());
    assert!(tx.take_session_use(two.id, day(1)).await.unwrap());
    assert!(
        !tx.take_session_use(two.id, day(1)).await.unwrap(),
        "both are taken"
    );
    assert!(tx.end_reconnect_session(ended.id, day(1)).await.unwrap());
    assert!(!tx.take_session_use(ended.id, day(1)).await.unwrap());
    tx.commit().await.unwrap();
}

async fn previews_are_counted_apart_from_uses(bench: Bench) {
    let one = session(&bench, 2);
    keep(&bench, &one).await;
    let tx = bench.acme().await;
    assert!(
        !tx.take_session_preview(one.id, day(2)).await.unwrap(),
        "it has ended by then"
    );
    assert!(tx.take_session_preview(one.id, day(1)).await.unwrap());
    assert!(
        !tx.take_session_preview(one.id, day(1)).await.unwrap(),
        "there was one"
    );
    let read = tx.find_reconnect_session(one.id).await.unwrap();
    assert_eq!((read.uses_left, read.previews_left), (2, 0));
    tx.commit().await.unwrap();
}

async fn a_use_that_is_rolled_back_was_not_taken(bench: Bench) {
    let one = session(&bench, 1);
    keep(&bench, &one).await;
    let tx = bench.acme().await;
    assert!(tx.take_session_use(one.id, day(1)).await.unwrap());
    drop(tx);
    let tx = bench.acme().await;
    assert!(tx.take_session_use(one.id, day(1)).await.unwrap());
    tx.commit().await.unwrap();
}

async fn a_refreshed_session_knows_which_of_its_tokens_are_valid(bench: Bench) {
    let kept = session(&bench, 1);
    keep(&bench, &kept).await;
    let (opened, first, second) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let refresh = async |token, until| {
        let tx = bench.acme().await;
        let done = tx.refresh_reconnect_session(kept.id, token, until, day(4));
        assert!(done.await.unwrap());
        tx.commit().await.unwrap();
        let acme = bench.acme.tenant();
        let found = bench.store.find_session_for_call(acme, kept.id).await;
        found.unwrap().expect("its seal fits").session
    };
    let once = refresh(first, day(2)).await;
    assert_eq!((once.expires_at, once.uses_left), (day(4), 1));
    let tokens = once.tokens.unwrap();
    assert!(tokens.accepts_token(first, day(3)));
    assert!(tokens.accepts_token(opened, day(1)), "within the overlap");
    assert!(!tokens.accepts_token(opened, day(2)));
    let tokens = refresh(second, day(3)).await.tokens.unwrap();
    assert!(tokens.accepts_token(second, day(3)) && tokens.accepts_token(first, day(2)));
    assert!(!tokens.accepts_token(opened, day(2)), "only the one before");
}

async fn an_ended_session_is_not_refreshed(bench: Bench) {
    let kept = session(&bench, 1);
    keep(&bench, &kept).await;
    let tx = bench.acme().await;
    assert!(tx.end_reconnect_session(kept.id, day(1)).await.unwrap());
    let done = tx.refresh_reconnect_session(kept.id, Uuid::now_v7(), day(2), day(4));
    assert!(!done.await.unwrap());
}

async fn a_calling_session_is_found_with_its_client(bench: Bench) {
    let kept = session(&bench, 1);
    keep(&bench, &kept).await;
    let (acme, bolt) = (bench.acme.tenant(), bench.bolt.tenant());
    let found = bench
        .store
        .find_session_for_call(acme, kept.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.session.client, bench.client);
    assert!(
        found.reach.is_all() && found.client_until.is_none() && found.requests_per_second.is_none()
    );
    assert!(
        found.into_scope_of(bolt).is_none(),
        "a token of another tenant opens nothing"
    );
    assert!(
        bench
            .store
            .find_session_for_call(bolt, kept.id)
            .await
            .unwrap()
            .is_none()
    );
    let stranger = ReconnectSessionId::mint();
    assert!(
        bench
            .store
            .find_session_for_call(acme, stranger)
            .await
            .unwrap()
            .is_none()
    );
    set_status(&bench.store, acme, TenantStatus::Suspended).await;
    assert!(
        bench
            .store
            .find_session_for_call(acme, kept.id)
            .await
            .unwrap()
            .is_none()
    );
    set_status(&bench.store, acme, TenantStatus::Active).await;
    assert!(
        bench
            .store
            .find_session_for_call(acme, kept.id)
            .await
            .unwrap()
            .is_some()
    );
}

async fn another_tenants_session_does_not_exist(bench: Bench) {
    let kept = session(&bench, 1);
    keep(&bench, &kept).await;
    let tx = bench.bolt().await;
    assert!(matches!(
        tx.find_reconnect_session(kept.id).await,
        Err(Error::NotFound)
    ));
    assert!(
        tx.list_reconnect_sessions(None, None, 10)
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    assert!(!tx.take_session_use(kept.id, day(1)).await.unwrap());
    assert!(!tx.end_reconnect_session(kept.id, day(1)).await.unwrap());
    assert_eq!(tx.purge_reconnect_sessions(day(9), 10).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(
        bench
            .acme()
            .await
            .find_reconnect_session(kept.id)
            .await
            .unwrap()
            .uses_left,
        1
    );
}

async fn old_sessions_are_deleted_in_bounded_steps(bench: Bench) {
    for _ in 0..3 {
        keep(&bench, &session(&bench, 1)).await;
    }
    let tx = bench.acme().await;
    assert_eq!(
        tx.purge_reconnect_sessions(day(2), 10).await.unwrap(),
        0,
        "not old yet"
    );
    assert_eq!(tx.purge_reconnect_sessions(day(3), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_reconnect_sessions(day(3), 2).await.unwrap(), 1);
    tx.commit().await.unwrap();
}

async fn an_origin_is_listed_for_its_tenant_while_that_is_active(bench: Bench) {
    let (acme, bolt) = (bench.acme.tenant(), bench.bolt.tenant());
    list_origin(&bench.database, "acme", "https://app.example").await;
    let store = &bench.store;
    assert!(store.is_origin_listed("https://app.example").await.unwrap());
    assert!(
        store
            .tenant_lists_origin(acme, "https://app.example")
            .await
            .unwrap()
    );
    assert!(
        !store
            .tenant_lists_origin(bolt, "https://app.example")
            .await
            .unwrap()
    );
    for other in [
        "https://App.example",
        "https://app.example/",
        "https://app.exampl_",
        "%",
        "",
    ] {
        assert!(!store.is_origin_listed(other).await.unwrap(), "{other}");
        assert!(
            !store.tenant_lists_origin(acme, other).await.unwrap(),
            "{other}"
        );
    }
    set_status(store, acme, TenantStatus::Suspended).await;
    assert!(!store.is_origin_listed("https://app.example").await.unwrap());
}

async fn list_origin(database: &TestDatabase, tenant: &str, origin: &str) {
    let sql = format!(
        "INSERT INTO tenant_origins (tenant_id, origin) SELECT id, '{origin}' FROM tenants WHERE name = '{tenant}'"
    );
    database.run_as_superuser(&sql).await;
}

async fn a_quota_counts_existing_rows(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let (ended, _) = bench.accept(&["1"]).await;
    bench.accept(&["2"]).await;
    let tx = bench.acme().await;
    tx.lock_tenant_row().await.unwrap();
    assert_eq!(tx.find_asset_limit().await.unwrap(), None);
    for (most, counted) in [(1, 1), (2, 2), (3, 2)] {
        assert_eq!(tx.count_assets(most).await.unwrap(), counted);
    }
    assert_eq!(
        tx.read_running_quota().await.unwrap(),
        Quota {
            used: 2,
            limit: None
        }
    );
    tx.finish_reconnect(ended, ReconnectStatus::Completed, day(1))
        .await
        .unwrap();
    assert_eq!(
        tx.read_running_quota().await.unwrap(),
        Quota {
            used: 1,
            limit: None
        }
    );
    tx.commit().await.unwrap();
    let set = "UPDATE tenants SET max_assets = 7, max_running_reconnects = 3 WHERE name = 'acme'";
    bench.database.run_as_superuser(set).await;
    let tx = bench.acme().await;
    assert_eq!(tx.find_asset_limit().await.unwrap(), Some(7));
    assert_eq!(tx.read_running_quota().await.unwrap().limit, Some(3));
    drop(tx);
    let other = bench.bolt().await;
    assert_eq!(other.find_asset_limit().await.unwrap(), None);
    assert_eq!(other.count_assets(9).await.unwrap(), 0);
    assert_eq!(
        other.read_running_quota().await.unwrap(),
        Quota {
            used: 0,
            limit: None
        }
    );
}
