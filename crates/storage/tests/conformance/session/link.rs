//! Links, and the log-ins at Meta that they start.

use regrant_domain::{LinkId, LinkStatus, Locale, LoginNotice, ReconnectSessionId};
use regrant_storage::{BrowserHash, Error, LinkKey, NewLink, NewLinkLogin};
use uuid::Uuid;

use crate::bench::{Bench, day, id, on_both};

on_both!(
    a_link_is_found_by_its_secret_and_its_id_until_it_is_revoked,
    a_link_is_given_to_one_browser,
    a_state_is_spent_once_by_the_browser_that_began,
    the_newest_log_ins_of_a_link_are_kept,
    another_tenants_link_does_not_exist,
    old_links_and_log_ins_are_deleted_in_bounded_steps,
);

const MINE: BrowserHash = [1; 32];
const THEIRS: BrowserHash = [2; 32];

fn link(bench: &Bench, secret: u8) -> NewLink {
    NewLink {
        id: LinkId::mint(),
        client: bench.client,
        client_version: 0,
        secret_hash: [secret; 32],
        person_id: Some("77".parse().unwrap()),
        require_person: true,
        asset_ids: vec![id("1"), id("act_2")],
        locale: Locale::De,
        return_url: Some("https://app.example/back".parse().unwrap()),
        created_at: day(1),
        expires_at: day(3),
    }
}

async fn keep(bench: &Bench, link: &NewLink) {
    let tx = bench.acme().await;
    tx.insert_link(link).await.unwrap();
    tx.commit().await.unwrap();
}

fn login(link: &NewLink, state: u8) -> NewLinkLogin {
    NewLinkLogin {
        id: Uuid::now_v7(),
        link: link.id,
        state_hash: [state; 32],
        browser: MINE,
        created_at: day(1),
        expires_at: day(2),
    }
}

async fn begin(bench: &Bench, login: &NewLinkLogin) {
    let tx = bench.acme().await;
    tx.insert_link_login(login).await.unwrap();
    tx.commit().await.unwrap();
}

async fn is_found(bench: &Bench, key: LinkKey) -> bool {
    let tenant = bench.acme.tenant();
    let found = bench.store.find_link_for_browser(tenant, key).await;
    found.unwrap().is_some()
}

async fn a_link_is_found_by_its_secret_and_its_id_until_it_is_revoked(bench: Bench) {
    let kept = link(&bench, 7);
    keep(&bench, &kept).await;
    let tenant = bench.acme.tenant();
    let found = bench
        .store
        .find_link_for_browser(tenant, LinkKey::Secret([7; 32]))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.link.asset_ids, kept.asset_ids);
    assert_eq!(found.link.summary.return_url, kept.return_url);
    assert_eq!(
        (found.link.summary.asset_count, found.link.browser),
        (2, None)
    );
    assert!(
        found.is_valid(day(2)) && !found.is_valid(day(3)),
        "it ends at its end"
    );
    assert!(is_found(&bench, LinkKey::Id(kept.id)).await);
    assert!(!is_found(&bench, LinkKey::Secret([8; 32])).await);
    let tx = bench.acme().await;
    assert_eq!(tx.count_live_links(day(2)).await.unwrap(), 1);
    assert!(tx.revoke_link(kept.id, day(2)).await.unwrap());
    assert!(
        !tx.revoke_link(kept.id, day(2)).await.unwrap(),
        "it was revoked"
    );
    assert_eq!(tx.count_live_links(day(2)).await.unwrap(), 0);
    let read = tx.find_link(kept.id).await.unwrap();
    assert_eq!(read.times().status(day(2)), LinkStatus::Revoked);
    tx.commit().await.unwrap();
}

async fn a_link_is_given_to_one_browser(bench: Bench) {
    let kept = link(&bench, 7);
    keep(&bench, &kept).await;
    let tx = bench.acme().await;
    let (first, second) = (ReconnectSessionId::mint(), ReconnectSessionId::mint());
    assert!(
        !tx.claim_link(kept.id, &MINE, first, day(3)).await.unwrap(),
        "over"
    );
    assert!(tx.claim_link(kept.id, &MINE, first, day(1)).await.unwrap());
    assert!(
        !tx.claim_link(kept.id, &THEIRS, second, day(2))
            .await
            .unwrap()
    );
    assert!(
        tx.claim_link(kept.id, &MINE, second, day(2)).await.unwrap(),
        "again"
    );
    let read = tx.find_link(kept.id).await.unwrap();
    assert_eq!(read.times().used_at, Some(day(1)), "when it was first used");
    assert_eq!(read.summary.session, Some(second));
    assert!(read.is_of_another_browser(Some(&THEIRS)) && read.is_of_another_browser(None));
    assert!(!read.is_of_another_browser(Some(&MINE)));
    tx.commit().await.unwrap();
}

async fn a_state_is_spent_once_by_the_browser_that_began(bench: Bench) {
    let kept = link(&bench, 7);
    keep(&bench, &kept).await;
    let begun = login(&kept, 9);
    begin(&bench, &begun).await;
    let key = |browser, now| LinkKey::State {
        state: [9; 32],
        browser,
        now,
    };
    assert!(is_found(&bench, key(MINE, day(1))).await);
    assert!(!is_found(&bench, key(THEIRS, day(1))).await);
    assert!(!is_found(&bench, key(MINE, day(2))).await, "over");
    let tx = bench.acme().await;
    let spend = async |state: u8, browser, now| {
        tx.spend_link_login(&[state; 32], browser, now)
            .await
            .unwrap()
    };
    assert_eq!(spend(9, &THEIRS, day(1)).await, None);
    assert_eq!(spend(8, &MINE, day(1)).await, None);
    assert_eq!(spend(9, &MINE, day(2)).await, None, "over");
    assert_eq!(spend(9, &MINE, day(1)).await, Some(begun.id));
    assert_eq!(spend(9, &MINE, day(1)).await, None, "spent");
    tx.note_link_login(begun.id, &LoginNotice::Declined)
        .await
        .unwrap();
    let newest = tx.find_newest_login(kept.id, &MINE).await.unwrap();
    assert_eq!(newest, Some(Some(LoginNotice::Declined)));
    assert_eq!(tx.find_newest_login(kept.id, &THEIRS).await.unwrap(), None);
    tx.commit().await.unwrap();
    assert!(!is_found(&bench, key(MINE, day(1))).await, "spent");
}

async fn the_newest_log_ins_of_a_link_are_kept(bench: Bench) {
    let kept = link(&bench, 7);
    keep(&bench, &kept).await;
    for state in 10..14 {
        begin(&bench, &login(&kept, state)).await;
    }
    let tx = bench.acme().await;
    assert_eq!(tx.trim_link_logins(kept.id, 2).await.unwrap(), 2);
    for (state, is_kept) in [(10, false), (11, false), (12, true), (13, true)] {
        let spent = tx
            .spend_link_login(&[state; 32], &MINE, day(1))
            .await
            .unwrap();
        assert_eq!(spent.is_some(), is_kept, "{state}");
    }
}

async fn another_tenants_link_does_not_exist(bench: Bench) {
    let kept = link(&bench, 7);
    keep(&bench, &kept).await;
    begin(&bench, &login(&kept, 9)).await;
    let bolt = bench.bolt.tenant();
    for key in [LinkKey::Secret([7; 32]), LinkKey::Id(kept.id)] {
        let found = bench.store.find_link_for_browser(bolt, key).await.unwrap();
        assert!(found.is_none(), "{key:?}");
    }
    let tx = bench.bolt().await;
    assert!(matches!(tx.find_link(kept.id).await, Err(Error::NotFound)));
    assert!(tx.list_links(None, None, 10).await.unwrap().rows.is_empty());
    assert!(!tx.revoke_link(kept.id, day(1)).await.unwrap());
    let session = ReconnectSessionId::mint();
    assert!(
        !tx.claim_link(kept.id, &MINE, session, day(1))
            .await
            .unwrap()
    );
    assert_eq!(
        tx.spend_link_login(&[9; 32], &MINE, day(1)).await.unwrap(),
        None
    );
    assert_eq!(tx.purge_links(day(9), 10).await.unwrap(), 0);
    assert_eq!(tx.purge_link_logins(day(9), 10).await.unwrap(), 0);
    assert_eq!(tx.trim_link_logins(kept.id, 0).await.unwrap(), 0);
}

async fn old_links_and_log_ins_are_deleted_in_bounded_steps(bench: Bench) {
    for secret in 1..4 {
        let kept = link(&bench, secret);
        keep(&bench, &kept).await;
        begin(&bench, &login(&kept, secret)).await;
    }
    let tx = bench.acme().await;
    assert_eq!(tx.purge_links(day(3), 10).await.unwrap(), 0, "not old yet");
    assert_eq!(tx.purge_link_logins(day(2), 10).await.unwrap(), 0);
    assert_eq!(tx.purge_link_logins(day(3), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_link_logins(day(3), 2).await.unwrap(), 1);
    assert_eq!(tx.purge_links(day(4), 2).await.unwrap(), 2);
    assert_eq!(tx.purge_links(day(4), 2).await.unwrap(), 1);
    assert!(tx.list_links(None, None, 10).await.unwrap().rows.is_empty());
}
