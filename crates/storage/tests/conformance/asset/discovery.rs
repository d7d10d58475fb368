//! Discoveries: one of a tenant runs, its assets have events, and it ends once.

use std::collections::BTreeMap;

use regrant_domain::{
    AssetId, AssetKind, CredentialKind, DiscoveredAsset, DiscoveryId, DiscoveryStatus, Familiarity,
    NextStep, Reason, ReasonCode, RegistrationRefusal, Who,
};
use regrant_storage::{
    DiscoveryEnding, DiscoveryProgress, DiscoveryToken, DueKind, Error, NewDiscovery, TenantTx,
};

use crate::bench::{Bench, day, id, on_both, sealed};

on_both!(
    a_discovery_is_read_as_it_was_begun,
    one_discovery_of_a_tenant_runs_at_a_time,
    a_discovery_is_due_until_it_ends,
    discovered_assets_are_listed_once_in_the_order_of_their_events,
    a_business_that_becomes_known_is_added_and_nothing_else_changes,
    registered_assets_get_events_behind_all_others,
    only_new_and_granted_assets_are_registrable,
    a_discovery_ends_once_and_keeps_no_token,
    progress_is_stored_while_it_runs,
    the_newest_ended_discoveries_are_kept,
    a_deleted_discovery_leaves_no_rows,
    another_tenants_discovery_does_not_exist,
    ten_thousand_assets_are_discovered,
);

fn discovery(bench: &Bench) -> NewDiscovery {
    NewDiscovery {
        id: DiscoveryId::mint(),
        created_by: bench.client,
        registers: true,
        submitted: sealed(6),
        token: DiscoveryToken {
            kind: CredentialKind::User,
            person_id: "77".parse().unwrap(),
            person_name: Some("Ada".to_owned()),
            is_work_account: Some(true),
            scopes: Vec::new(),
        },
        frontier: "[1]".to_owned(),
        created_at: day(1),
    }
}

async fn begin(tx: &TenantTx, new: &NewDiscovery) -> Result<(), Error> {
    let holder = ("worker", day(2), day(1));
    tx.insert_discovery(new, holder).await.map(drop)
}

async fn begun(bench: &Bench) -> DiscoveryId {
    let new = discovery(bench);
    let tx = bench.acme().await;
    begin(&tx, &new).await.unwrap();
    tx.commit().await.unwrap();
    new.id
}

async fn end(bench: &Bench, id: DiscoveryId) {
    let tx = bench.acme().await;
    tx.finish_discovery(id, &ending(), day(3)).await.unwrap();
    tx.commit().await.unwrap();
}

fn ending() -> DiscoveryEnding {
    DiscoveryEnding {
        status: DiscoveryStatus::Completed,
        reason: None,
        not_registered: Some(RegistrationRefusal::AssetQuota),
    }
}

fn asset(text: &str, familiarity: Familiarity) -> (DiscoveredAsset, Familiarity) {
    let asset = DiscoveredAsset {
        id: id(text),
        kind: AssetKind::Page,
        name: Some(format!("Page {text}")),
        business_id: None,
        is_granted: true,
    };
    (asset, familiarity)
}

async fn add(bench: &Bench, id: DiscoveryId, found: &[(DiscoveredAsset, Familiarity)]) {
    let tx = bench.acme().await;
    tx.add_discovered_assets(id, found).await.unwrap();
    tx.commit().await.unwrap();
}

async fn events(bench: &Bench, id: DiscoveryId, after: i64) -> Vec<(i64, AssetId)> {
    let tx = bench.acme().await;
    let rows = tx
        .list_discovered_after(id, after, 100_000)
        .await
        .unwrap()
        .rows;
    rows.into_iter()
        .map(|it| (it.event_seq, it.asset.id))
        .collect()
}

async fn a_discovery_is_read_as_it_was_begun(bench: Bench) {
    let new = discovery(&bench);
    let tx = bench.acme().await;
    begin(&tx, &new).await.unwrap();
    let read = tx.find_discovery(new.id).await.unwrap();
    assert_eq!(
        (read.id, read.created_by, read.status, read.registers),
        (new.id, new.created_by, DiscoveryStatus::Running, true)
    );
    assert_eq!(read.submitted, Some(new.submitted));
    assert_eq!((read.token, read.created_at), (new.token, day(1)));
    assert_eq!((read.finished_at, read.reason), (None, None));
    let progress = DiscoveryProgress {
        frontier: "[1]".to_owned(),
        unread: "[]".to_owned(),
        ..DiscoveryProgress::default()
    };
    assert_eq!(read.progress, progress);
}

async fn one_discovery_of_a_tenant_runs_at_a_time(bench: Bench) {
    let first = begun(&bench).await;
    let tx = bench.acme().await;
    let second = begin(&tx, &discovery(&bench)).await;
    assert!(matches!(second, Err(Error::Taken(_))), "{second:?}");
    drop(tx);
    let tx = bench.bolt().await;
    begin(&tx, &discovery(&bench)).await.unwrap();
    drop(tx);
    end(&bench, first).await;
    begun(&bench).await;
}

async fn a_discovery_is_due_until_it_ends(bench: Bench) {
    let id = begun(&bench).await;
    let claim = async |now| {
        let lease = chrono::Duration::hours(1);
        let claims = bench
            .store
            .claim_due(DueKind::Discovery, now, "other", lease, 10)
            .await
            .unwrap();
        claims
            .iter()
            .map(|it| it.lease.discovery_id())
            .collect::<Vec<_>>()
    };
    assert_eq!(claim(day(1)).await, [], "it is leased");
    assert_eq!(claim(day(3)).await, [id], "the lease has lapsed");
    end(&bench, id).await;
    assert_eq!(claim(day(9)).await, []);
}

async fn discovered_assets_are_listed_once_in_the_order_of_their_events(bench: Bench) {
    let discovery = begun(&bench).await;
    let (new, known) = (Familiarity::New, Familiarity::Registered);
    add(&bench, discovery, &[asset("3", new), asset("1", known)]).await;
    add(&bench, discovery, &[asset("2", new), asset("3", new)]).await;
    let all = events(&bench, discovery, 0).await;
    let ids: Vec<_> = all.iter().map(|(_, it)| it.clone()).collect();
    assert_eq!(ids, [id("3"), id("1"), id("2")]);
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "{all:?}");
    assert_eq!(events(&bench, discovery, all[1].0).await, all[2..]);
    let tx = bench.acme().await;
    let counts = tx.count_discovered_assets(discovery).await.unwrap();
    assert_eq!(counts, BTreeMap::from([(known, 1), (new, 2)]));
    let among = [id("1"), id("9")];
    let among = tx.find_discovered_among(discovery, &among).await.unwrap();
    assert_eq!(among.into_iter().collect::<Vec<_>>(), [id("1")]);
}

async fn a_business_that_becomes_known_is_added_and_nothing_else_changes(bench: Bench) {
    let discovery = begun(&bench).await;
    let first = asset("1", Familiarity::New);
    add(&bench, discovery, std::slice::from_ref(&first)).await;
    let mut second = asset("1", Familiarity::AnotherKind);
    second.0.business_id = Some(id("5"));
    second.0.name = None;
    let mut third = second.clone();
    third.0.business_id = Some(id("6"));
    add(&bench, discovery, &[second]).await;
    add(&bench, discovery, &[third]).await;
    let tx = bench.acme().await;
    let rows = tx
        .list_discovered_after(discovery, 0, 10)
        .await
        .unwrap()
        .rows;
    let expected = DiscoveredAsset {
        business_id: Some(id("5")),
        ..first.0
    };
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (&rows[0].asset, rows[0].familiarity),
        (&expected, Familiarity::New)
    );
}

async fn registered_assets_get_events_behind_all_others(bench: Bench) {
    let discovery = begun(&bench).await;
    let new = ["1", "2", "3"].map(|it| asset(it, Familiarity::New));
    add(&bench, discovery, &new).await;
    let before = events(&bench, discovery, 0).await;
    let tx = bench.acme().await;
    tx.mark_discovered_registered(discovery, &[id("2"), id("1")])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let after = events(&bench, discovery, before[2].0).await;
    let mut ids: Vec<_> = after.iter().map(|(_, it)| it.clone()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [id("1"), id("2")]);
    let tx = bench.acme().await;
    let counts = tx.count_discovered_assets(discovery).await.unwrap();
    assert_eq!(counts[&Familiarity::Registered], 2);
}

async fn only_new_and_granted_assets_are_registrable(bench: Bench) {
    let discovery = begun(&bench).await;
    let mut ungranted = asset("3", Familiarity::New);
    ungranted.0.is_granted = false;
    let found = [
        asset("1", Familiarity::New),
        asset("2", Familiarity::Registered),
        ungranted,
        asset("4", Familiarity::AnotherKind),
        asset("5", Familiarity::New),
    ];
    add(&bench, discovery, &found).await;
    let tx = bench.acme().await;
    let rows = tx.list_registrable(discovery, 0, 10).await.unwrap().rows;
    let ids: Vec<_> = rows.iter().map(|it| it.asset.id.clone()).collect();
    assert_eq!(ids, [id("1"), id("5")]);
    let rest = tx.list_registrable(discovery, rows[0].event_seq, 1).await;
    assert_eq!(rest.unwrap().rows[0].asset.id, id("5"));
}

async fn a_discovery_ends_once_and_keeps_no_token(bench: Bench) {
    let id = begun(&bench).await;
    let tx = bench.acme().await;
    let step = NextStep::DiscoverLater;
    let reason = Reason::new(ReasonCode::TokenDead, Who::Person, "It is dead.", step);
    let failed = DiscoveryEnding {
        status: DiscoveryStatus::Failed,
        reason: Some(reason.clone()),
        not_registered: None,
    };
    tx.finish_discovery(id, &failed, day(3)).await.unwrap();
    let again = tx.finish_discovery(id, &ending(), day(4)).await;
    assert!(matches!(again, Err(Error::Stale)), "{again:?}");
    let read = tx.find_discovery(id).await.unwrap();
    assert_eq!(
        (read.status, read.submitted, read.finished_at),
        (DiscoveryStatus::Failed, None, Some(day(3)))
    );
    assert_eq!((read.reason, read.not_registered), (Some(reason), None));
}

async fn progress_is_stored_while_it_runs(bench: Bench) {
    let id = begun(&bench).await;
    let progress = DiscoveryProgress {
        frontier: "[2]".to_owned(),
        unread: "[3]".to_owned(),
        calls: 7,
        is_truncated: true,
    };
    let tx = bench.acme().await;
    tx.store_discovery_progress(id, &progress).await.unwrap();
    assert_eq!(tx.find_discovery(id).await.unwrap().progress, progress);
    tx.finish_discovery(id, &ending(), day(3)).await.unwrap();
    let late = tx.store_discovery_progress(id, &progress).await;
    assert!(matches!(late, Err(Error::Stale)), "{late:?}");
    let kept = tx.find_discovery(id).await.unwrap().progress;
    assert_eq!((kept.frontier.as_str(), kept.calls), ("[]", 7));
}

async fn the_newest_ended_discoveries_are_kept(bench: Bench) {
    let mut ids = Vec::new();
    for _ in 0..4 {
        let id = begun(&bench).await;
        end(&bench, id).await;
        ids.push(id);
    }
    let running = begun(&bench).await;
    let tx = bench.acme().await;
    tx.delete_old_discoveries(2).await.unwrap();
    let left = tx.list_discoveries(None, 10).await.unwrap().rows;
    let left: Vec<_> = left.iter().map(|it| it.id).collect();
    assert_eq!(left, [running, ids[3], ids[2]], "the newest first");
    let page = tx.list_discoveries(Some(running), 1).await.unwrap().rows;
    assert_eq!(page[0].id, ids[3]);
}

async fn a_deleted_discovery_leaves_no_rows(bench: Bench) {
    let discovery = begun(&bench).await;
    add(&bench, discovery, &[asset("1", Familiarity::New)]).await;
    let tx = bench.acme().await;
    tx.delete_discovery(discovery).await.unwrap();
    let again = tx.delete_discovery(discovery).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
    tx.commit().await.unwrap();
    for table in ["discoveries", "discovered_assets", "due"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(
            bench.database.count_as_superuser(&count).await,
            0,
            "{table}"
        );
    }
}

async fn another_tenants_discovery_does_not_exist(bench: Bench) {
    let discovery = begun(&bench).await;
    add(&bench, discovery, &[asset("1", Familiarity::New)]).await;
    let tx = bench.bolt().await;
    let read = tx.find_discovery(discovery).await;
    assert!(matches!(read, Err(Error::NotFound)), "{read:?}");
    let deleted = tx.delete_discovery(discovery).await;
    assert!(matches!(deleted, Err(Error::NotFound)), "{deleted:?}");
    let ended = tx.finish_discovery(discovery, &ending(), day(3)).await;
    assert!(matches!(ended, Err(Error::Stale)), "{ended:?}");
    let added = [asset("2", Familiarity::New)];
    let added = tx.add_discovered_assets(discovery, &added).await;
    assert!(matches!(added, Err(Error::NotFound)), "{added:?}");
    let rows = tx
        .list_discovered_after(discovery, 0, 10)
        .await
        .unwrap()
        .rows;
    assert_eq!(rows, []);
    assert!(tx.list_discoveries(None, 10).await.unwrap().rows.is_empty());
}

async fn ten_thousand_assets_are_discovered(bench: Bench) {
    let discovery = begun(&bench).await;
    let all: Vec<_> = (1..=10_000)
        .map(|n| asset(&n.to_string(), Familiarity::New))
        .collect();
    add(&bench, discovery, &all).await;
    let listed = events(&bench, discovery, 0).await;
    let ids = all.iter().map(|(it, _)| &it.id);
    assert!(listed.iter().map(|(_, it)| it).eq(ids));
}
