//! Previews and what they found: of one owner, until they expire.

use regrant_domain::{
    AssetKind, ConsentId, Coverage, LeftOutAsset, LeftOutCause, PreviewFinding, PreviewId,
    PreviewItem, PreviewStatus, ReachableAsset,
};
use regrant_storage::{
    AuditEvent, Error, NewPreview, PreviewEnding, PreviewPerson, PreviewTally, RevokedConsent,
};
use uuid::Uuid;

use crate::bench::{Bench, day, id, on_both};

on_both!(
    a_preview_is_read_by_its_owner_alone_until_it_expires,
    a_preview_ends_once,
    a_finding_that_changes_gets_a_new_event_and_keeps_its_position,
    an_ended_preview_takes_no_findings,
    findings_are_counted_for_many_previews_at_once,
    a_page_of_a_consent_has_one_preview,
    the_newest_previews_are_kept_up_to_their_assets_and_their_number,
    expired_previews_are_purged_with_their_findings,
    another_tenants_preview_does_not_exist,
    previews_of_a_person_go_with_its_data,
    the_newest_reads_of_tokens_are_found,
);

fn preview(owner: Uuid, total: i64) -> NewPreview {
    NewPreview {
        id: PreviewId::mint(),
        owner,
        page_consent: None,
        total,
        created_at: day(1),
        run_until: day(2),
        expires_at: day(5),
    }
}

async fn begin(bench: &Bench, new: &NewPreview) {
    let tx = bench.acme().await;
    tx.insert_preview(new).await.unwrap();
    tx.commit().await.unwrap();
}

fn ending() -> PreviewEnding {
    PreviewEnding {
        status: PreviewStatus::Completed,
        plan: Some(format!("pln_{}", "0".repeat(56)).parse().unwrap()),
        person: Some(PreviewPerson {
            id: "77".parse().unwrap(),
            name: Some("Ada".to_owned()),
            is_work_account: Some(false),
        }),
        has_more: true,
        is_search_complete: Some(false),
        failure: None,
        expires_at: day(6),
    }
}

fn item(asset: &str, coverage: Coverage) -> PreviewFinding {
    PreviewFinding::Item(PreviewItem {
        asset_id: id(asset),
        coverage,
        reason: None,
        fbtrace_id: Some("trace".to_owned()),
    })
}

fn left_out(asset: &str) -> PreviewFinding {
    PreviewFinding::LeftOut(LeftOutAsset {
        asset_id: id(asset),
        kind: AssetKind::Page,
        name: None,
        cause: LeftOutCause::NoAccess,
        lost_scopes: vec!["pages_show_list".to_owned()],
        is_named: true,
        last_read_at: Some(day(1)),
    })
}

fn reachable(asset: &str) -> PreviewFinding {
    PreviewFinding::Reachable(ReachableAsset {
        asset_id: id(asset),
        kind: AssetKind::Page,
        name: Some("New".to_owned()),
        business_id: Some(id("5")),
    })
}

async fn add(bench: &Bench, id: PreviewId, found: &[(i64, PreviewFinding)]) {
    let tx = bench.acme().await;
    tx.add_preview_findings(id, found).await.unwrap();
    tx.commit().await.unwrap();
}

async fn a_preview_is_read_by_its_owner_alone_until_it_expires(bench: Bench) {
    let (owner, other) = (Uuid::now_v7(), Uuid::now_v7());
    let (first, second) = (preview(owner, 3), preview(owner, 4));
    begin(&bench, &first).await;
    begin(&bench, &second).await;
    let tx = bench.acme().await;
    let read = tx.find_preview(owner, first.id, day(4)).await.unwrap();
    assert_eq!(
        (read.id, read.status, read.total, read.plan, read.person),
        (first.id, PreviewStatus::Running, 3, None, None)
    );
    assert_eq!(
        (
            read.created_at,
            read.run_until,
            read.expires_at,
            read.finished_at
        ),
        (day(1), day(2), day(5), None)
    );
    for (owner, now) in [(other, day(4)), (owner, day(5))] {
        let absent = tx.find_preview(owner, first.id, now).await;
        assert!(matches!(absent, Err(Error::NotFound)), "{absent:?}");
        assert_eq!(
            tx.list_previews(owner, None, 9, now).await.unwrap().rows,
            []
        );
    }
    let ids = async |after| {
        let list = tx
            .list_previews(owner, after, 9, day(4))
            .await
            .unwrap()
            .rows;
        list.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(None).await, [second.id, first.id]);
    assert_eq!(ids(Some(second.id)).await, [first.id]);
    assert!(!tx.delete_preview(other, first.id).await.unwrap());
    assert!(tx.delete_preview(owner, first.id).await.unwrap());
    assert!(!tx.delete_preview(owner, first.id).await.unwrap());
}

async fn a_preview_ends_once(bench: Bench) {
    let new = preview(Uuid::now_v7(), 1);
    begin(&bench, &new).await;
    let tx = bench.acme().await;
    let end = ending();
    tx.finish_preview(new.id, &end, day(3)).await.unwrap();
    let again = tx.finish_preview(new.id, &end, day(4)).await;
    assert!(matches!(again, Err(Error::Stale)), "{again:?}");
    let read = tx.find_preview(new.owner, new.id, day(5)).await.unwrap();
    assert_eq!(
        (read.status, read.plan, read.person, read.finished_at),
        (PreviewStatus::Completed, end.plan, end.person, Some(day(3)))
    );
    assert_eq!(
        (read.has_more, read.is_search_complete, read.expires_at),
        (true, Some(false), day(6))
    );
}

async fn a_finding_that_changes_gets_a_new_event_and_keeps_its_position(bench: Bench) {
    let new = preview(Uuid::now_v7(), 2);
    begin(&bench, &new).await;
    let (one, two) = (
        item("1", Coverage::WillReplace),
        item("2", Coverage::Unknown),
    );
    add(&bench, new.id, &[(1, two.clone()), (0, one.clone())]).await;
    let changed = item("2", Coverage::Uncovered);
    add(&bench, new.id, &[(1, changed.clone()), (0, left_out("1"))]).await;
    let tx = bench.acme().await;
    let listed = tx.list_preview_findings(new.id).await.unwrap();
    assert_eq!(listed, [one.clone(), changed.clone(), left_out("1")]);
    let events = tx.list_preview_events(new.id, 0, 10).await.unwrap();
    let seen: Vec<_> = events.iter().map(|it| it.finding.clone()).collect();
    assert_eq!(seen, [one, changed, left_out("1")]);
    assert!(
        events
            .windows(2)
            .all(|it| it[0].event_seq < it[1].event_seq)
    );
    let rest = tx.list_preview_events(new.id, events[0].event_seq, 1).await;
    assert_eq!(rest.unwrap(), events[1..2]);
}

async fn an_ended_preview_takes_no_findings(bench: Bench) {
    let new = preview(Uuid::now_v7(), 1);
    begin(&bench, &new).await;
    let tx = bench.acme().await;
    tx.finish_preview(new.id, &ending(), day(3)).await.unwrap();
    let late = [(0, item("1", Coverage::Unknown))];
    let late = tx.add_preview_findings(new.id, &late).await;
    assert!(matches!(late, Err(Error::NotFound)), "{late:?}");
}

async fn findings_are_counted_for_many_previews_at_once(bench: Bench) {
    let (one, two) = (preview(Uuid::now_v7(), 3), preview(Uuid::now_v7(), 1));
    let empty = preview(Uuid::now_v7(), 1);
    for new in [&one, &two, &empty] {
        begin(&bench, new).await;
    }
    let found = [
        (0, item("1", Coverage::WillReplace)),
        (1, item("2", Coverage::WillReplace)),
        (2, item("3", Coverage::WouldPark)),
        (0, left_out("3")),
        (0, reachable("4")),
        (1, reachable("5")),
    ];
    add(&bench, one.id, &found).await;
    add(&bench, two.id, &found[..1]).await;
    let tx = bench.acme().await;
    let ids = [one.id, two.id, empty.id];
    let tallies = tx.count_preview_findings(&ids).await.unwrap();
    let whole = PreviewTally {
        coverages: [(Coverage::WillReplace, 2), (Coverage::WouldPark, 1)].into(),
        left_out: 1,
        reachable: 2,
    };
    assert_eq!((tallies.len(), &tallies[&one.id]), (2, &whole));
    assert_eq!(tallies[&two.id].coverages[&Coverage::WillReplace], 1);
    assert!(tx.count_preview_findings(&[]).await.unwrap().is_empty());
}

async fn a_page_of_a_consent_has_one_preview(bench: Bench) {
    let (owner, consent) = (Uuid::now_v7(), ConsentId::mint());
    let new = NewPreview {
        page_consent: Some(consent),
        ..preview(owner, 1)
    };
    begin(&bench, &new).await;
    let second = NewPreview {
        id: PreviewId::mint(),
        ..new.clone()
    };
    let tx = bench.acme().await;
    let taken = tx.insert_preview(&second).await;
    assert!(matches!(taken, Err(Error::Taken(_))), "{taken:?}");
    drop(tx);
    let tx = bench.acme().await;
    let found = tx.find_page_preview(owner, consent, day(4)).await.unwrap();
    assert_eq!(found.unwrap().id, new.id);
    let other = tx.find_page_preview(Uuid::now_v7(), consent, day(4)).await;
    assert_eq!(other.unwrap(), None);
    assert!(tx.delete_preview(owner, new.id).await.unwrap());
    tx.insert_preview(&second).await.unwrap();
}

async fn the_newest_previews_are_kept_up_to_their_assets_and_their_number(bench: Bench) {
    let owner = Uuid::now_v7();
    let mut ids = Vec::new();
    for total in [40, 30, 20, 10] {
        let new = preview(owner, total);
        begin(&bench, &new).await;
        ids.push(new.id);
    }
    let tx = bench.acme().await;
    for id in &ids[1..] {
        tx.finish_preview(*id, &ending(), day(3)).await.unwrap();
    }
    let left = async || {
        let list = tx.list_previews(owner, None, 9, day(4)).await.unwrap().rows;
        list.iter().map(|it| it.id).collect::<Vec<_>>()
    };
    tx.delete_excess_previews(60, 9).await.unwrap();
    assert_eq!(
        left().await.len(),
        4,
        "a running one stays, and 60 assets fit"
    );
    tx.delete_excess_previews(59, 9).await.unwrap();
    assert_eq!(left().await, [ids[3], ids[2], ids[0]]);
    tx.delete_excess_previews(1_000, 1).await.unwrap();
    assert_eq!(left().await, [ids[3], ids[0]]);
}

async fn expired_previews_are_purged_with_their_findings(bench: Bench) {
    let new: Vec<_> = (0..3).map(|_| preview(Uuid::now_v7(), 1)).collect();
    for it in &new {
        begin(&bench, it).await;
        add(&bench, it.id, &[(0, item("1", Coverage::Unknown))]).await;
    }
    let tx = bench.acme().await;
    assert_eq!(tx.purge_previews(day(4), 10).await.unwrap(), 0);
    assert_eq!(tx.purge_previews(day(5), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_previews(day(5), 2).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let count = "SELECT count(*) FROM preview_findings";
    assert_eq!(bench.database.count_as_superuser(count).await, 0);
}

async fn another_tenants_preview_does_not_exist(bench: Bench) {
    let new = preview(Uuid::now_v7(), 1);
    begin(&bench, &new).await;
    add(&bench, new.id, &[(0, item("1", Coverage::Unknown))]).await;
    let tx = bench.bolt().await;
    let read = tx.find_preview(new.owner, new.id, day(4)).await;
    assert!(matches!(read, Err(Error::NotFound)), "{read:?}");
    let ended = tx.finish_preview(new.id, &ending(), day(3)).await;
    assert!(matches!(ended, Err(Error::Stale)), "{ended:?}");
    assert_eq!(tx.list_preview_findings(new.id).await.unwrap(), []);
    assert_eq!(tx.list_preview_events(new.id, 0, 9).await.unwrap(), []);
    let tallies = tx.count_preview_findings(&[new.id]).await.unwrap();
    assert!(tallies.is_empty(), "{tallies:?}");
    assert!(!tx.delete_preview(new.owner, new.id).await.unwrap());
    assert_eq!(tx.purge_previews(day(9), 9).await.unwrap(), 0);
}

async fn previews_of_a_person_go_with_its_data(bench: Bench) {
    let (named, unnamed) = (preview(Uuid::now_v7(), 1), preview(Uuid::now_v7(), 1));
    for new in [&named, &unnamed] {
        begin(&bench, new).await;
    }
    let tx = bench.acme().await;
    tx.finish_preview(named.id, &ending(), day(3))
        .await
        .unwrap();
    let person = "77".parse().unwrap();
    let revoked = RevokedConsent {
        person: &person,
        before: day(2),
    };
    tx.erase_personal_data(revoked).await.unwrap();
    let gone = tx.find_preview(named.owner, named.id, day(4)).await;
    assert!(matches!(gone, Err(Error::NotFound)), "{gone:?}");
    tx.find_preview(unnamed.owner, unnamed.id, day(4))
        .await
        .unwrap();
}

async fn the_newest_reads_of_tokens_are_found(bench: Bench) {
    let read = |action: &'static str, asset: &str| {
        AuditEvent::new("client", action, asset, serde_json::json!({}))
    };
    for (n, action, asset) in [
        (1, "token.read", "1"),
        (3, "token.read", "1"),
        (4, "asset.checked", "1"),
        (1, "token.read", "2"),
        (5, "token.read", "4"),
    ] {
        let tx = bench.acme().await;
        tx.write_audit_events(&[read(action, asset)], day(n))
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    let ids = ["1", "2", "3"].map(id);
    let tx = bench.acme().await;
    let reads = tx.find_last_reads(&ids, day(1)).await.unwrap();
    assert_eq!(reads, [(id("1"), day(3)), (id("2"), day(1))].into());
    let later = tx.find_last_reads(&ids, day(2)).await.unwrap();
    assert_eq!(later, [(id("1"), day(3))].into());
    tx.commit().await.unwrap();
    let tx = bench.bolt().await;
    assert!(tx.find_last_reads(&ids, day(0)).await.unwrap().is_empty());
}
