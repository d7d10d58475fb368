//! Due probes: the order in which they are claimed, and who may write for them.

use std::collections::HashSet;

use futures_util::future::join_all;
use regrant_domain::schedule::{ProbeQueue, ScheduledProbe};
use regrant_storage::{Claimer, ProbeClaim, TenantScope, TenantStatus};

use crate::bench::{Bench, day, id, on_both, page};

on_both!(
    the_most_urgent_is_claimed_first_and_only_once,
    tenants_take_turns_whatever_the_backlog_of_one,
    failing_assets_have_a_queue_of_their_own,
    a_process_that_lost_its_probe_leases_holds_none,
    a_renewed_claim_lasts_and_a_released_one_is_free,
    a_probe_without_a_result_is_due_later_and_counts_its_tries,
    a_hurried_probe_is_due_now_and_an_earlier_one_stays,
    a_claim_of_some_assets_takes_what_is_free_and_makes_all_of_it_due,
    a_suspended_tenants_probes_rest,
    an_asset_without_a_plan_or_that_is_deleted_is_not_due,
    many_claimers_at_once_share_the_probes,
);

const LATER: i64 = 100;

/// Registers pages of a tenant and plans their probes, in the order of urgency.
async fn plan(bench: &Bench, scope: &TenantScope, ids: &[String], lane: ProbeQueue) {
    let tx = bench.store.begin(scope).await.unwrap();
    let pages: Vec<_> = ids.iter().map(|id| page(id)).collect();
    tx.register_assets(&pages).await.unwrap();
    let plans = (10_i64..).zip(ids).map(|(n, it)| {
        (
            id(it),
            Some(ScheduledProbe {
                at: day(1),
                harm_at: day(n),
                queue: lane,
            }),
        )
    });
    tx.plan_probes(&plans.collect::<Vec<_>>()).await.unwrap();
    tx.commit().await.unwrap();
}

fn names(from: usize, n: usize) -> Vec<String> {
    (from..from + n).map(|it| it.to_string()).collect()
}

async fn claim_in(
    bench: &Bench,
    lane: ProbeQueue,
    owner: &str,
    now: i64,
    limit: u32,
) -> Vec<ProbeClaim> {
    let claimer = Claimer {
        owner,
        now: day(now),
        wall: day(now),
        until: day(now + 1),
    };
    bench
        .store
        .claim_probes(lane, claimer, limit)
        .await
        .unwrap()
}

async fn claim(bench: &Bench, owner: &str, now: i64, limit: u32) -> Vec<ProbeClaim> {
    claim_in(bench, ProbeQueue::Normal, owner, now, limit).await
}

fn ids_of(claims: &[ProbeClaim]) -> Vec<String> {
    claims
        .iter()
        .flat_map(|it| &it.leases)
        .map(|it| it.asset_id.to_string())
        .collect()
}

async fn the_most_urgent_is_claimed_first_and_only_once(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 5), ProbeQueue::Normal).await;
    assert_eq!(ids_of(&claim(&bench, "a", 2, 2).await), ["1", "2"]);
    assert_eq!(ids_of(&claim(&bench, "b", 2, 9).await), ["3", "4", "5"]);
    assert!(claim(&bench, "c", 2, 9).await.is_empty());
    assert!(
        claim(&bench, "c", 0, 9).await.is_empty(),
        "nothing is due before its time"
    );
}

async fn tenants_take_turns_whatever_the_backlog_of_one(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 300), ProbeQueue::Normal).await;
    plan(&bench, &bench.bolt, &names(1, 3), ProbeQueue::Normal).await;
    let claims = claim(&bench, "a", 2, 10).await;
    let of = |scope: &TenantScope| {
        claims
            .iter()
            .filter(|it| it.scope.tenant() == scope.tenant())
            .map(|it| it.leases.len())
            .sum::<usize>()
    };
    assert_eq!((of(&bench.acme), of(&bench.bolt)), (7, 3));
}

async fn failing_assets_have_a_queue_of_their_own(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 20), ProbeQueue::Failing).await;
    plan(&bench, &bench.bolt, &names(1, 2), ProbeQueue::Normal).await;
    assert_eq!(ids_of(&claim(&bench, "a", 2, 10).await).len(), 2);
    assert_eq!(
        ids_of(&claim_in(&bench, ProbeQueue::Failing, "a", 2, 10).await).len(),
        10
    );
}

async fn a_process_that_lost_its_probe_leases_holds_none(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 2), ProbeQueue::Normal).await;
    let slow = claim(&bench, "slow", 2, 1).await;
    let quick = claim(&bench, "quick", 4, 9).await;
    assert_eq!(ids_of(&quick).len(), 2, "the lease had ended");
    let tx = bench.acme().await;
    tx.lock_assets(&[id("1"), id("2")]).await.unwrap();
    assert_eq!(
        tx.hold_probes("slow", &slow[0].leases).await.unwrap(),
        HashSet::new()
    );
    let held = tx.hold_probes("quick", &quick[0].leases).await.unwrap();
    assert_eq!(held, HashSet::from([id("1"), id("2")]));
    assert_eq!(
        tx.hold_probes("other", &quick[0].leases).await.unwrap(),
        HashSet::new()
    );
}

async fn a_renewed_claim_lasts_and_a_released_one_is_free(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 2), ProbeQueue::Normal).await;
    let held = claim(&bench, "a", 2, 9).await;
    assert_eq!(
        bench.store.renew_probes("a", &held, day(9)).await.unwrap(),
        2
    );
    assert!(claim(&bench, "b", 8, 9).await.is_empty());
    assert_eq!(bench.store.release_probes("a", &held).await.unwrap(), 2);
    assert_eq!(claim(&bench, "b", 8, 9).await[0].leases[0].fencing, 2);
}

async fn a_probe_without_a_result_is_due_later_and_counts_its_tries(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 1), ProbeQueue::Normal).await;
    for tries in 0..3 {
        let now = 2 + i64::from(tries);
        assert_eq!(claim(&bench, "a", now, 9).await[0].leases[0].tries, tries);
        let tx = bench.acme().await;
        tx.postpone_probes(&[(id("1"), day(now + 1))])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(claim(&bench, "a", now, 9).await.is_empty());
    }
    let tx = bench.acme().await;
    let again = Some(ScheduledProbe {
        at: day(1),
        harm_at: day(5),
        queue: ProbeQueue::Normal,
    });
    tx.plan_probes(&[(id("1"), again)]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(claim(&bench, "a", LATER, 9).await[0].leases[0].tries, 0);
}

async fn a_hurried_probe_is_due_now_and_an_earlier_one_stays(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 2), ProbeQueue::Failing).await;
    let tx = bench.acme().await;
    let late = Some(ScheduledProbe {
        at: day(50),
        harm_at: day(60),
        queue: ProbeQueue::Failing,
    });
    tx.plan_probes(&[(id("2"), late)]).await.unwrap();
    tx.hurry_probes(&[id("1"), id("2")], day(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ids_of(&claim(&bench, "a", 3, 9).await), ["2"]);
    assert_eq!(
        ids_of(&claim_in(&bench, ProbeQueue::Failing, "a", 1, 9).await),
        ["1"]
    );
}

async fn a_claim_of_some_assets_takes_what_is_free_and_makes_all_of_it_due(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 3), ProbeQueue::Normal).await;
    claim(&bench, "a", 2, 1).await;
    let late = Some(ScheduledProbe {
        at: day(50),
        harm_at: day(60),
        queue: ProbeQueue::Normal,
    });
    let tx = bench.acme().await;
    tx.plan_probes(&[(id("2"), late)]).await.unwrap();
    let claimer = |owner, now| Claimer {
        owner,
        now: day(now),
        wall: day(now),
        until: day(now + 1),
    };
    let ids = [id("1"), id("2"), id("9")];
    let leases = tx.claim_probes_of(&ids, claimer("check", 2)).await.unwrap();
    tx.commit().await.unwrap();
    let fenced: Vec<_> = leases
        .iter()
        .map(|it| (it.asset_id.clone(), it.fencing))
        .collect();
    assert_eq!(
        fenced,
        [(id("2"), 1)],
        "another process holds 1, and nothing is planned for 9"
    );
    assert_eq!(ids_of(&claim(&bench, "b", 2, 9).await), ["3"]);

    let tx = bench.acme().await;
    let after_end = tx.claim_probes_of(&ids, claimer("check", 4)).await.unwrap();
    assert_eq!(after_end.len(), 2, "both leases have ended");
    drop(tx);
    // The transaction rolls back in the background, and a claim skips what it still locks.
    let mut taken = 0;
    for _ in 0..100 {
        taken += ids_of(&claim(&bench, "c", 4, 9).await).len();
        if taken == 3 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("2 is due since the check, but only {taken} were taken");
}

async fn a_suspended_tenants_probes_rest(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 2), ProbeQueue::Normal).await;
    crate::bench::set_status(&bench.store, bench.acme.tenant(), TenantStatus::Suspended).await;
    assert!(claim(&bench, "a", 2, 9).await.is_empty());
    crate::bench::set_status(&bench.store, bench.acme.tenant(), TenantStatus::Active).await;
    assert_eq!(ids_of(&claim(&bench, "a", 2, 9).await).len(), 2);
}

async fn an_asset_without_a_plan_or_that_is_deleted_is_not_due(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 2), ProbeQueue::Normal).await;
    let tx = bench.acme().await;
    tx.plan_probes(&[(id("1"), None)]).await.unwrap();
    tx.delete_asset(&id("2")).await.unwrap();
    tx.commit().await.unwrap();
    assert!(claim(&bench, "a", LATER, 9).await.is_empty());
}

async fn many_claimers_at_once_share_the_probes(bench: Bench) {
    plan(&bench, &bench.acme, &names(1, 200), ProbeQueue::Normal).await;
    plan(&bench, &bench.bolt, &names(1, 200), ProbeQueue::Normal).await;
    let owners: Vec<_> = (0..8).map(|n| format!("worker {n}")).collect();
    let mut seen = HashSet::new();
    for _ in 0..10 {
        let claims = join_all(owners.iter().map(|owner| claim(&bench, owner, 2, 20))).await;
        for claim in claims.iter().flatten() {
            for lease in &claim.leases {
                assert!(
                    seen.insert((claim.scope.tenant(), lease.asset_id.clone())),
                    "claimed twice"
                );
                assert_eq!(lease.fencing, 1);
            }
        }
    }
    assert_eq!(seen.len(), 400);
}
