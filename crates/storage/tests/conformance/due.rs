//! Due work: claims, leases and fencing.

mod cost;

use std::collections::HashSet;

use chrono::Duration;
use futures_util::future::join_all;
use regrant_domain::{ReconnectId, ReconnectStatus};
use regrant_storage::{Claim, DueKind, Error, TenantStatus};

use crate::bench::{Bench, day, item, new_reconnect, on_both};

on_both!(
    due_work_is_claimed_once_the_longest_due_first,
    an_ended_lease_is_claimed_by_another_process,
    a_process_that_lost_its_lease_can_write_nothing,
    a_renewed_lease_lasts,
    a_rescheduled_object_is_due_again_at_its_time,
    leases_of_an_earlier_process_are_freed_at_start,
    a_suspended_tenants_work_rests,
    an_ended_lease_of_a_suspended_tenant_is_not_stuck,
    a_tampered_tenants_work_does_not_keep_that_of_others_waiting,
    many_claimers_at_once_share_the_work,
);

async fn claim(bench: &Bench, n: i64, owner: &str, limit: u32) -> Vec<Claim> {
    let (kind, lease) = (DueKind::Reconnect, Duration::hours(1));
    bench
        .store
        .claim_due(kind, day(n), owner, lease, limit)
        .await
        .unwrap()
}

/// Makes reconnects of both tenants due, with leases that end at once.
async fn due(bench: &Bench, days: &[i64]) -> Vec<ReconnectId> {
    let mut ids = Vec::new();
    for (n, due_at) in days.iter().enumerate() {
        let scope = if n % 2 == 0 { &bench.acme } else { &bench.bolt };
        let tx = bench.store.begin(scope).await.unwrap();
        let reconnect = new_reconnect(bench.client);
        let due = Some(("api", day(0), day(*due_at)));
        tx.accept_reconnect(&reconnect, &[item("1")], due)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        ids.push(reconnect.id);
    }
    ids
}

async fn due_work_is_claimed_once_the_longest_due_first(bench: Bench) {
    let ids = due(&bench, &[3, 1, 2, 9]).await;
    let claims = claim(&bench, 5, "a", 2).await;
    let objects: Vec<_> = claims.iter().map(|it| it.object).collect();
    assert_eq!(objects, [ids[1].uuid(), ids[2].uuid()]);
    assert_eq!(claims[0].scope.tenant(), bench.bolt.tenant());
    assert_eq!(claims[0].scope.app_id().as_str(), "1");
    assert_eq!(
        (claims[0].lease.fencing, claims[0].lease.owner.as_str()),
        (2, "a")
    );
    assert_eq!(claim(&bench, 5, "b", 9).await.len(), 1);
    assert!(claim(&bench, 5, "c", 9).await.is_empty());
}

async fn an_ended_lease_is_claimed_by_another_process(bench: Bench) {
    due(&bench, &[1]).await;
    assert_eq!(claim(&bench, 2, "a", 1).await[0].lease.fencing, 2);
    assert_eq!(claim(&bench, 3, "b", 1).await[0].lease.fencing, 3);
}

async fn a_process_that_lost_its_lease_can_write_nothing(bench: Bench) {
    due(&bench, &[1]).await;
    let slow = claim(&bench, 2, "a", 1).await.remove(0);
    let next = claim(&bench, 3, "a", 1).await.remove(0);
    let tx = bench.store.begin(&slow.scope).await.unwrap();
    assert!(matches!(
        tx.hold_lease(&slow.lease).await,
        Err(Error::Stale)
    ));
    assert!(matches!(
        tx.reschedule_due(&slow.lease, day(9)).await,
        Err(Error::Stale)
    ));
    tx.hold_lease(&next.lease).await.unwrap();
    drop(tx);
    assert!(matches!(
        bench
            .store
            .renew_lease(&slow.scope, &slow.lease, day(9))
            .await,
        Err(Error::Stale)
    ));
    let tx = bench.store.begin(&next.scope).await.unwrap();
    let reconnect = ReconnectId::from_uuid(next.object);
    tx.finish_reconnect(reconnect, ReconnectStatus::Completed, day(3))
        .await
        .unwrap();
    assert!(matches!(
        tx.hold_lease(&next.lease).await,
        Err(Error::Stale)
    ));
}

async fn a_renewed_lease_lasts(bench: Bench) {
    due(&bench, &[1]).await;
    let claimed = claim(&bench, 2, "a", 1).await.remove(0);
    bench
        .store
        .renew_lease(&claimed.scope, &claimed.lease, day(5))
        .await
        .unwrap();
    assert!(claim(&bench, 4, "b", 1).await.is_empty());
    assert_eq!(claim(&bench, 5, "b", 1).await.len(), 1);
}

async fn a_rescheduled_object_is_due_again_at_its_time(bench: Bench) {
    due(&bench, &[1]).await;
    let claimed = claim(&bench, 2, "a", 1).await.remove(0);
    let tx = bench.store.begin(&claimed.scope).await.unwrap();
    tx.reschedule_due(&claimed.lease, day(7)).await.unwrap();
    assert!(matches!(
        tx.hold_lease(&claimed.lease).await,
        Err(Error::Stale)
    ));
    tx.commit().await.unwrap();
    assert!(claim(&bench, 6, "b", 1).await.is_empty());
    assert_eq!(claim(&bench, 7, "b", 1).await[0].lease.fencing, 3);
}

async fn leases_of_an_earlier_process_are_freed_at_start(bench: Bench) {
    due(&bench, &[1, 1]).await;
    assert_eq!(claim(&bench, 2, "a", 9).await.len(), 2);
    assert_eq!(bench.store.expire_leases().await.unwrap(), 2);
    assert_eq!(bench.store.expire_leases().await.unwrap(), 0);
    assert_eq!(claim(&bench, 2, "b", 9).await.len(), 2);
}

async fn a_suspended_tenants_work_rests(bench: Bench) {
    due(&bench, &[1, 1]).await;
    let bolt = bench.bolt.tenant();
    crate::bench::set_status(&bench.store, bolt, TenantStatus::Suspended).await;
    assert_eq!(claim(&bench, 2, "a", 9).await.len(), 1);
    crate::bench::set_status(&bench.store, bolt, TenantStatus::Active).await;
    assert_eq!(claim(&bench, 2, "a", 9).await.len(), 1);
}

async fn an_ended_lease_of_a_suspended_tenant_is_not_stuck(bench: Bench) {
    due(&bench, &[1, 1]).await;
    let bolt = bench.bolt.tenant();
    crate::bench::set_status(&bench.store, bolt, TenantStatus::Suspended).await;
    let count_leases = async || {
        let backlog = bench.store.read_backlog(day(4), day(4)).await.unwrap();
        (backlog.leased, backlog.expired)
    };
    assert_eq!(count_leases().await, (1, 1), "that of the active tenant");
    // Notices are applied for suspended tenants, too.
    let tx = bench.bolt().await;
    let notice = ReconnectId::mint().uuid();
    tx.make_due(DueKind::Inbox, &[notice], day(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let lease = Duration::hours(1);
    let claims = bench.store.claim_due(DueKind::Inbox, day(2), "a", lease, 9);
    assert_eq!(claims.await.unwrap().len(), 1);
    assert_eq!(count_leases().await, (2, 2));
}

async fn a_tampered_tenants_work_does_not_keep_that_of_others_waiting(bench: Bench) {
    let ids = due(&bench, &[1, 2]).await;
    let tamper = "UPDATE tenants SET requests_per_second = 9 WHERE name = 'acme'";
    bench.database.run_as_superuser(tamper).await;
    let claims = claim(&bench, 3, "a", 1).await;
    let objects: Vec<_> = claims.iter().map(|it| it.object).collect();
    assert_eq!(objects, [ids[1].uuid()]);
}

async fn many_claimers_at_once_share_the_work(bench: Bench) {
    let ids = due(&bench, &[1; 40]).await;
    let claimers = (0..8).map(|n| {
        let bench = &bench;
        async move { claim(bench, 2, &format!("worker {n}"), 7).await }
    });
    let mut claims: Vec<_> = join_all(claimers).await.into_iter().flatten().collect();
    // A claim may have come while all free rows were being claimed.
    claims.extend(claim(&bench, 2, "the last", 40).await);
    let objects: HashSet<_> = claims.iter().map(|it| it.object).collect();
    assert_eq!((claims.len(), objects.len()), (ids.len(), ids.len()));
}

/// A node of a distributed database is lost: what needs its rows fails, with the code that Citus then returns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_node_the_work_of_tenants_on_the_others_is_claimed_and_given_back() {
    crate::bench::on_postgres(async |bench: Bench| {
        due(&bench, &[1, 1, 1]).await;
        let bolt = bench.bolt.tenant().uuid();
        let lose = format!(
            "CREATE FUNCTION node_answers() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
                 IF coalesce(current_setting('app.tenant_id', true), '') IN ('', '{bolt}') THEN
                     RAISE EXCEPTION 'connection to the remote node failed' USING ERRCODE = '08006';
                 END IF;
                 RETURN TRUE;
             END $$;
             CREATE POLICY node ON due AS RESTRICTIVE FOR SELECT USING (node_answers());"
        );
        bench.database.run_as_superuser(&lose).await;
        let claims = claim(&bench, 2, "a", 9).await;
        let tenants: Vec<_> = claims.iter().map(|it| it.scope.tenant()).collect();
        assert_eq!(tenants, [bench.acme.tenant(); 2]);
        let held = bench.store.begin(&claims[0].scope).await.unwrap();
        held.hold_lease(&claims[0].lease).await.unwrap();
        assert_eq!(
            bench.store.check_usable().await.unwrap(),
            None,
            "the process stays ready"
        );
    })
    .await;
}
