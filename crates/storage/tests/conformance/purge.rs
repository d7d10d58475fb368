//! Retention: old rows are deleted in bounded steps, unless another row needs them.

use regrant_domain::{
    ClientId, CutOffSource, ReconnectSessionId, ReconnectStatus, Slot, Timestamp,
};
use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::{
    CutOffNote, Error, IdempotencyKey, NewEvent, NewReconnectSession, RECORD_ROW_BYTES, Store,
};
use regrant_testdb::TestDatabase;

use crate::{
    bench::{
        Bench, activation, credential, day, grant, id, item, new_reconnect, on_both, settings,
    },
    idempotency::begins,
};

on_both!(
    old_events_are_deleted_in_bounded_steps_the_oldest_first,
    a_key_of_a_running_reconnect_stays,
    each_asset_keeps_its_newest_cut_off,
    an_old_reconnect_is_deleted_with_its_items_and_a_running_one_stays,
    a_grant_token_stays_while_a_credential_or_reconnect_needs_it,
    records_are_measured_for_each_tenant_and_the_oldest_beyond_a_size_are_found,
    one_transaction_at_a_time_may_purge,
    suspended_tenants_are_skipped_and_pages_are_complete,
);

async fn old_events_are_deleted_in_bounded_steps_the_oldest_first(bench: Bench) {
    let event = |n: i64| NewEvent {
        kind: regrant_domain::EventKind::ReconnectCompleted,
        subject: n.to_string(),
        data: serde_json::json!({}),
    };
    for n in 1..=5 {
        let tx = bench.acme().await;
        tx.emit_events(&[event(n)], day(n)).await.unwrap();
        tx.commit().await.unwrap();
    }
    let other = bench.bolt().await;
    other.emit_events(&[event(1)], day(1)).await.unwrap();
    other.commit().await.unwrap();
    let tx = bench.acme().await;
    assert_eq!(tx.purge_events(day(4), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_events(day(4), 2).await.unwrap(), 1);
    assert_eq!(
        tx.purge_events(day(4), 2).await.unwrap(),
        0,
        "days 4 and 5 stay"
    );
    tx.commit().await.unwrap();
    let other = bench.bolt().await;
    assert_eq!(
        other.purge_events(day(4), 2).await.unwrap(),
        1,
        "the other tenant's was not touched"
    );
}

async fn a_key_of_a_running_reconnect_stays(bench: Bench) {
    let key = |name: &str| IdempotencyKey {
        caller: bench.client.uuid(),
        route: "a",
        key: name.to_owned(),
    };
    for (name, ends) in [("ended", true), ("running", false)] {
        let reconnect = new_reconnect(bench.client);
        let tx = bench.acme().await;
        tx.insert_idempotent_call(&key(name), &begins(reconnect.id, b"x"), day(1))
            .await
            .unwrap();
        tx.accept_reconnect(&reconnect, &[item("1")], None)
            .await
            .unwrap();
        if ends {
            tx.finish_reconnect(reconnect.id, ReconnectStatus::Completed, day(1))
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();
    }
    let tx = bench.acme().await;
    assert_eq!(
        tx.purge_idempotency(day(1), 10).await.unwrap(),
        0,
        "not old yet"
    );
    assert_eq!(tx.purge_idempotency(day(2), 10).await.unwrap(), 1);
    assert!(
        tx.find_idempotent_call(&key("running"))
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        tx.find_idempotent_call(&key("ended"))
            .await
            .unwrap()
            .is_none()
    );
}

async fn each_asset_keeps_its_newest_cut_off(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let note = |asset: &str, learned: i64| CutOffNote {
        asset_id: id(asset),
        person_id: None,
        at: Some(day(90)),
        source: CutOffSource::Probe,
        learned_at: day(learned),
    };
    let tx = bench.acme().await;
    tx.insert_cut_off_notes(&[note("1", 1), note("1", 2), note("1", 2), note("2", 1)])
        .await
        .unwrap();
    assert_eq!(tx.purge_cut_offs(day(3), 10).await.unwrap(), 2);
    assert_eq!(
        tx.list_cut_off_notes(&id("1"), 50).await.unwrap(),
        [note("1", 2)]
    );
    assert_eq!(
        tx.list_cut_off_notes(&id("2"), 50).await.unwrap(),
        [note("2", 1)]
    );
}

async fn an_old_reconnect_is_deleted_with_its_items_and_a_running_one_stays(bench: Bench) {
    bench.pages(&["1"]).await;
    let (old, _) = bench.accept(&["1"]).await;
    let (running, _) = bench.accept(&["1"]).await;
    let tx = bench.acme().await;
    tx.finish_reconnect(old, ReconnectStatus::Completed, day(1))
        .await
        .unwrap();
    assert_eq!(tx.purge_reconnects(day(2), 10).await.unwrap(), 1);
    assert!(matches!(tx.find_reconnect(old).await, Err(Error::NotFound)));
    assert_eq!(tx.list_items(old).await.unwrap(), []);
    assert_eq!(tx.list_items(running).await.unwrap().len(), 1);
}

async fn a_grant_token_stays_while_a_credential_or_reconnect_needs_it(bench: Bench) {
    bench.pages(&["1"]).await;
    let (used, running, idle) = (grant(), grant(), grant());
    let (reconnect, _) = bench.accept(&["1"]).await;
    let tx = bench.acme().await;
    for grant in [&used, &running, &idle] {
        tx.insert_grant(grant, day(1)).await.unwrap();
    }
    let mut stored = credential("1", Slot::Active, 1, 1);
    stored.credential.grant_id = Some(used.id);
    tx.activate_credentials(
        &[regrant_storage::Activation {
            credential: stored,
            ..activation("1", 0, 1)
        }],
        1,
        day(1),
    )
    .await
    .unwrap();
    tx.mark_token_validated(reconnect, running.id, &crate::bench::sealed(4))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let owner = open_to_migrate(
        bench
            .database
            .superuser_url()
            .as_deref()
            .unwrap_or(bench.database.owner_url()),
    )
    .await;
    let owner = owner.unwrap();
    owner
        .execute_unprepared("UPDATE grants SET sealed = '\\x00'")
        .await
        .ok();
    owner
        .execute_unprepared("UPDATE grants SET sealed = x'00'")
        .await
        .ok();
    owner.close().await.unwrap();
    let tx = bench.acme().await;
    assert_eq!(
        tx.wipe_idle_grant_tokens().await.unwrap(),
        1,
        "only the idle one"
    );
    tx.finish_reconnect(reconnect, ReconnectStatus::Cancelled, day(2))
        .await
        .unwrap();
    assert_eq!(
        tx.wipe_idle_grant_tokens().await.unwrap(),
        1,
        "its reconnect has ended"
    );
    assert_eq!(
        tx.wipe_idle_grant_tokens().await.unwrap(),
        0,
        "the one in use stays"
    );
}

async fn records_are_measured_for_each_tenant_and_the_oldest_beyond_a_size_are_found(bench: Bench) {
    let row = RECORD_ROW_BYTES;
    let key = IdempotencyKey {
        caller: bench.client.uuid(),
        route: "a",
        key: "k".to_owned(),
    };
    let mut bytes = 0;
    for n in 1..=3 {
        let (reconnect, _) = bench.accept(&["1", "2"]).await;
        let tx = bench.acme().await;
        tx.finish_reconnect(reconnect, ReconnectStatus::Completed, day(n))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        bytes += 3 * row;
    }
    let (running, _) = bench.accept(&["1"]).await;
    let call = begins(running, b"x");
    let tx = bench.acme().await;
    tx.insert_idempotent_call(&key, &call, day(1))
        .await
        .unwrap();
    for n in 1..=2 {
        let session = new_session(bench.client, &["1", "2"], day(n));
        tx.insert_reconnect_session(&session).await.unwrap();
        bytes += row + u64::try_from(r#"["1","2"]"#.len()).unwrap();
    }
    bytes += 3 * row + u64::try_from(call.response.len()).unwrap();
    assert_eq!(tx.measure_records().await.unwrap(), bytes);
    let excess = async |most| tx.find_excess_reconnects(most).await.unwrap();
    assert_eq!(excess(9 * row).await, None);
    assert_eq!(excess(9 * row - 1).await, Some(day(1)));
    assert_eq!(excess(5 * row).await, Some(day(2)));
    assert_eq!(excess(0).await, Some(day(3)), "the running one is none");
    let excess = async |most, now| tx.find_excess_sessions(most, now).await.unwrap();
    assert_eq!(excess(2 * row, day(9)).await, Some(day(1)));
    assert_eq!(excess(0, day(1)).await, Some(day(1)), "the other is open");
    assert_eq!(excess(4 * row, day(9)).await, None);
    tx.commit().await.unwrap();
    let other = bench.bolt().await;
    assert_eq!(other.measure_records().await.unwrap(), 0);
    assert_eq!(other.find_excess_reconnects(0).await.unwrap(), None);
}

fn new_session(client: ClientId, assets: &[&str], expires_at: Timestamp) -> NewReconnectSession {
    NewReconnectSession {
        id: ReconnectSessionId::mint(),
        client,
        person_id: None,
        require_person: false,
        asset_ids: assets.iter().map(|it| id(it)).collect(),
        uses: 1,
        previews: 1,
        created_at: day(0),
        expires_at,
    }
}

async fn one_transaction_at_a_time_may_purge(bench: Bench) {
    if bench.store.is_sqlite() {
        return; // Its writer is alone anyway.
    }
    let (first, second, other) = (bench.acme().await, bench.acme().await, bench.bolt().await);
    assert!(first.try_lock_purge().await.unwrap());
    assert!(!second.try_lock_purge().await.unwrap());
    assert!(
        other.try_lock_purge().await.unwrap(),
        "each tenant has its own"
    );
    drop(first);
    let mut taken = false;
    for _ in 0..100 {
        taken = second.try_lock_purge().await.unwrap();
        if taken {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(taken, "the turn ends with its transaction");
}

async fn suspended_tenants_are_skipped_and_pages_are_complete(bench: Bench) {
    let first = bench.store.list_active_scopes(None, 1).await.unwrap();
    let second = bench
        .store
        .list_active_scopes(Some(first[0].tenant()), 10)
        .await
        .unwrap();
    let mut found = [first[0].tenant(), second[0].tenant()];
    let mut wanted = [bench.acme.tenant(), bench.bolt.tenant()];
    found.sort_unstable();
    wanted.sort_unstable();
    assert_eq!((found, second.len()), (wanted, 1));
    let suspended = regrant_storage::TenantStatus::Suspended;
    crate::bench::set_status(&bench.store, bench.acme.tenant(), suspended).await;
    let left = bench.store.list_active_scopes(None, 10).await.unwrap();
    assert_eq!(
        left.iter()
            .map(regrant_storage::TenantScope::tenant)
            .collect::<Vec<_>>(),
        [bench.bolt.tenant()]
    );
}

#[tokio::test]
async fn one_process_at_a_time_works_on_sqlite() {
    let database = TestDatabase::create_sqlite().await;
    let open = async || Store::connect(&settings(database.url())).await.unwrap();
    let (first, second) = (open().await, open().await);
    first.become_sole_process().await.unwrap();
    first.become_sole_process().await.unwrap();
    assert!(matches!(
        second.become_sole_process().await,
        Err(Error::Occupied)
    ));
    assert!(!first.is_beside_other_processes());
    assert!(second.is_beside_other_processes());
    first.release_process_lock();
    second.become_sole_process().await.unwrap();
    assert!(matches!(
        first.become_sole_process().await,
        Err(Error::Occupied)
    ));
    drop(second);
    first.become_sole_process().await.unwrap();
}
