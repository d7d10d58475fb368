//! Activating credentials: the facts it leaves on assets, and which of two reconnects wins.

use futures_util::future::join_all;
use regrant_domain::{
    CutOff, CutOffSource, NextStep, ObjectCondition, Reason, ReasonCode, Refusals, Slot, Who,
    state::Status,
};
use regrant_storage::{Activation, Confirmation, CountedRefusal, Error, StoredCredential};

use crate::bench::{Bench, activation, credential, day, id, on_both};

on_both!(
    an_activation_serves_and_the_credential_before_becomes_previous,
    an_activation_at_another_generation_changes_nothing,
    an_older_reconnect_never_overwrites_a_newer_one,
    an_import_takes_only_assets_that_no_reconnect_settled,
    an_activation_deletes_older_candidates_and_keeps_later_ones,
    an_unproved_activation_is_unproven,
    of_concurrent_activations_exactly_one_wins,
    resealing_replaces_the_active_credential_and_keeps_the_previous_one,
    resealing_at_another_generation_or_for_an_older_reconnect_changes_nothing,
    failed_probes_add_up_until_one_works,
    a_confirmation_clears_failures_and_sets_the_cut_off,
    a_candidate_is_replaced_only_by_a_newer_one,
    a_person_has_one_standby_credential_an_asset,
    a_chunk_settles_completely_or_not_at_all,
    ten_thousand_assets_settle,
);

async fn slots(bench: &Bench, asset: &str) -> Vec<(Slot, i64)> {
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let mut slots: Vec<_> = tx
        .list_credentials(&id(asset))
        .await
        .unwrap()
        .iter()
        .map(|it| (it.credential.slot, it.credential.intent_seq))
        .collect();
    slots.sort_unstable_by_key(|(slot, seq)| (slot.as_str(), *seq));
    slots
}

async fn activate(bench: &Bench, activations: &[Activation], seq: i64) -> Result<(), Error> {
    let tx = bench.acme().await;
    tx.activate_credentials(activations, seq, day(1)).await?;
    tx.commit().await
}

async fn an_activation_serves_and_the_credential_before_becomes_previous(bench: Bench) {
    bench.pages(&["1"]).await;
    for (generation, seq) in [(0, 1), (1, 2), (2, 3)] {
        activate(&bench, &[activation("1", generation, seq)], seq)
            .await
            .unwrap();
    }
    assert_eq!(
        slots(&bench, "1").await,
        [(Slot::Active, 3), (Slot::Previous, 2)]
    );
    let tx = bench.acme().await;
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert_eq!((asset.generation, asset.intent_seq), (3, 3));
    assert_eq!(asset.person_id.unwrap().as_str(), "77");
    assert_eq!(asset.facts.proved_at, Some(day(1)));
    assert_eq!(asset.facts.expires_at, Some(day(60)));
    assert!(asset.facts.is_served() && !asset.facts.has_candidate);
    let active = tx
        .find_active_credentials(&[id("1"), id("2")])
        .await
        .unwrap();
    let previous = tx.find_previous_credentials(&[id("1")]).await.unwrap();
    assert_eq!((active.len(), previous.len()), (1, 1));
    assert_eq!(active[0].tasks, ["MANAGE"]);
    assert_eq!(active[0].credential.sealed, crate::bench::sealed(2));
    assert_eq!(active[0].credential.generation, 3);
}

async fn an_activation_at_another_generation_changes_nothing(bench: Bench) {
    bench.pages(&["1"]).await;
    activate(&bench, &[activation("1", 0, 1)], 1).await.unwrap();
    let late = activate(&bench, &[activation("1", 0, 2)], 2).await;
    assert!(matches!(late, Err(Error::Stale)));
    assert_eq!(slots(&bench, "1").await, [(Slot::Active, 1)]);
}

async fn an_older_reconnect_never_overwrites_a_newer_one(bench: Bench) {
    bench.pages(&["1"]).await;
    activate(&bench, &[activation("1", 0, 5)], 5).await.unwrap();
    for seq in [4, 5, 0] {
        let older = activate(&bench, &[activation("1", 1, seq)], seq).await;
        assert!(matches!(older, Err(Error::Stale)), "{seq}");
    }
    assert_eq!(slots(&bench, "1").await, [(Slot::Active, 5)]);
}

async fn an_import_takes_only_assets_that_no_reconnect_settled(bench: Bench) {
    bench.pages(&["1"]).await;
    activate(&bench, &[activation("1", 0, 0)], 0).await.unwrap();
    activate(&bench, &[activation("1", 1, 0)], 0).await.unwrap();
    assert_eq!(
        slots(&bench, "1").await,
        [(Slot::Active, 0), (Slot::Previous, 0)]
    );
}

async fn an_activation_deletes_older_candidates_and_keeps_later_ones(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    let parked = [
        credential("1", Slot::Candidate, 1, 2),
        credential("2", Slot::Candidate, 1, 9),
    ];
    tx.park_credentials(&parked).await.unwrap();
    tx.commit().await.unwrap();
    let both = [activation("1", 0, 3), activation("2", 0, 3)];
    activate(&bench, &both, 3).await.unwrap();
    assert_eq!(slots(&bench, "1").await, [(Slot::Active, 3)]);
    assert_eq!(
        slots(&bench, "2").await,
        [(Slot::Active, 3), (Slot::Candidate, 9)]
    );
}

async fn an_unproved_activation_is_unproven(bench: Bench) {
    bench.pages(&["1"]).await;
    let mut imported = activation("1", 0, 0);
    imported.credential.credential.proved_at = None;
    activate(&bench, &[imported], 0).await.unwrap();
    let tx = bench.acme().await;
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert_eq!(asset.facts.checked_at, None);
    assert_eq!(
        asset.state_at(day(2), chrono::Duration::days(1)).status,
        Status::Unproven
    );
}

async fn of_concurrent_activations_exactly_one_wins(bench: Bench) {
    bench.pages(&["1"]).await;
    let racers = (1..=8).map(|seq| {
        let bench = &bench;
        async move { activate(bench, &[activation("1", 0, seq)], seq).await }
    });
    let results = join_all(racers).await;
    let won = results.iter().filter(|it| it.is_ok()).count();
    let lost = results
        .iter()
        .filter(|it| matches!(it, Err(Error::Stale)))
        .count();
    assert_eq!((won, lost), (1, 7), "{results:?}");
    assert_eq!(slots(&bench, "1").await.len(), 1);
}

async fn renew(bench: &Bench, renewals: &[Activation], seq: i64) -> Result<(), Error> {
    let tx = bench.acme().await;
    tx.reseal_active_credentials(renewals, seq, day(3)).await?;
    tx.commit().await
}

async fn resealing_replaces_the_active_credential_and_keeps_the_previous_one(bench: Bench) {
    bench.pages(&["1"]).await;
    for (generation, seq) in [(0, 1), (1, 2)] {
        activate(&bench, &[activation("1", generation, seq)], seq)
            .await
            .unwrap();
    }
    renew(&bench, &[activation("1", 2, 3)], 3).await.unwrap();
    assert_eq!(
        slots(&bench, "1").await,
        [(Slot::Active, 3), (Slot::Previous, 1)]
    );
    let tx = bench.acme().await;
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert_eq!((asset.generation, asset.intent_seq), (3, 3));
}

async fn resealing_at_another_generation_or_for_an_older_reconnect_changes_nothing(bench: Bench) {
    bench.pages(&["1"]).await;
    activate(&bench, &[activation("1", 0, 5)], 5).await.unwrap();
    assert!(matches!(
        renew(&bench, &[activation("1", 0, 6)], 6).await,
        Err(Error::Stale)
    ));
    assert!(matches!(
        renew(&bench, &[activation("1", 1, 4)], 4).await,
        Err(Error::Stale)
    ));
    assert_eq!(slots(&bench, "1").await, [(Slot::Active, 5)]);
}

async fn failed_probes_add_up_until_one_works(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    activate(&bench, &[activation("1", 0, 1), activation("2", 0, 1)], 1)
        .await
        .unwrap();
    let reason = Reason::new(
        ReasonCode::NotReached,
        Who::BusinessAdmin,
        "It is not reached.",
        NextStep::GiveRole,
    );
    let refusals = Refusals {
        since: day(2),
        counted_at: day(3),
        reason: reason.clone(),
        classified: 2,
        unclassified: 1,
        definitive: true,
    };
    let counted = CountedRefusal {
        asset_id: id("1"),
        refusals: refusals.clone(),
    };
    let tx = bench.acme().await;
    tx.write_refusals(&[counted], day(4)).await.unwrap();
    let facts = tx.find_asset(&id("1")).await.unwrap().facts;
    assert_eq!(facts.checked_at, Some(day(4)));
    assert_eq!(facts.refusals, Some(refusals));
    let other = tx.find_asset(&id("2")).await.unwrap().facts;
    assert_eq!(other.refusals, None, "another asset is not touched");
    tx.reseal_active_credentials(&[activation("1", 1, 2)], 2, day(5))
        .await
        .unwrap();
    let facts = tx.find_asset(&id("1")).await.unwrap().facts;
    assert_eq!(facts.refusals, None);
}

async fn a_confirmation_clears_failures_and_sets_the_cut_off(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let cut_off = |at| CutOff {
        at: day(at),
        source: CutOffSource::Probe,
        learned_at: day(1),
    };
    let mut cut = activation("1", 0, 1);
    cut.cut_off = Some(cut_off(100));
    activate(&bench, &[cut], 1).await.unwrap();
    let confirmation = |asset: &str, cut_off: Option<CutOff>| Confirmation {
        asset_id: id(asset),
        cut_off,
        tasks: vec!["ANALYZE".to_owned()],
        condition: (asset == "1" && cut_off.is_some()).then_some(ObjectCondition::PageUnpublished),
    };
    let tx = bench.acme().await;
    assert_eq!(
        tx.find_asset(&id("1")).await.unwrap().facts.cut_off,
        Some(cut_off(100))
    );
    tx.confirm_credentials(&[confirmation("1", Some(cut_off(120)))], day(3))
        .await
        .unwrap();
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert_eq!((asset.generation, asset.intent_seq), (1, 1));
    assert_eq!(
        (asset.facts.proved_at, asset.facts.cut_off),
        (Some(day(3)), Some(cut_off(120)))
    );
    let unpublished = Some((ObjectCondition::PageUnpublished, day(3)));
    assert_eq!(asset.facts.condition, unpublished);
    let active = &tx.find_active_credentials(&[id("1")]).await.unwrap()[0];
    assert_eq!(
        (active.tasks.as_slice(), active.credential.proved_at),
        (["ANALYZE".to_owned()].as_slice(), Some(day(3)))
    );
    tx.confirm_credentials(&[confirmation("1", None)], day(4))
        .await
        .unwrap();
    let facts = tx.find_asset(&id("1")).await.unwrap().facts;
    assert_eq!((facts.cut_off, facts.condition), (None, None));
    assert!(matches!(
        tx.confirm_credentials(&[confirmation("2", None)], day(5))
            .await,
        Err(Error::Stale)
    ));
}

async fn a_candidate_is_replaced_only_by_a_newer_one(bench: Bench) {
    bench.pages(&["1"]).await;
    for seq in [3, 3, 2, 5] {
        let tx = bench.acme().await;
        tx.park_credentials(&[credential("1", Slot::Candidate, 1, seq)])
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(slots(&bench, "1").await, [(Slot::Candidate, 5)]);
    let tx = bench.acme().await;
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert!(asset.facts.has_candidate && !asset.facts.is_served());
    assert_eq!(
        asset.facts.checked_at, None,
        "what waits is no look at what serves"
    );
    assert!(
        tx.park_credentials(&[credential("1", Slot::Active, 1, 9)])
            .await
            .is_err()
    );
}

async fn a_person_has_one_standby_credential_an_asset(bench: Bench) {
    bench.pages(&["1"]).await;
    let of = |person: Option<&str>, seq| {
        let mut standby: StoredCredential = credential("1", Slot::Standby, 1, seq);
        standby.credential.person_id = person.map(|it| it.parse().unwrap());
        standby
    };
    let tx = bench.acme().await;
    for (person, seq) in [
        (Some("1"), 1),
        (Some("2"), 1),
        (Some("1"), 3),
        (Some("1"), 2),
        (None, 4),
        (None, 5),
    ] {
        tx.insert_standby_credentials(&[of(person, seq)])
            .await
            .unwrap();
    }
    tx.commit().await.unwrap();
    let standby = Slot::Standby;
    assert_eq!(
        slots(&bench, "1").await,
        [(standby, 1), (standby, 3), (standby, 5)]
    );
}

async fn a_chunk_settles_completely_or_not_at_all(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    activate(&bench, &[activation("2", 0, 1)], 1).await.unwrap();
    let mixed = activate(&bench, &[activation("1", 0, 2), activation("2", 0, 2)], 2).await;
    assert!(matches!(mixed, Err(Error::Stale)));
    assert!(slots(&bench, "1").await.is_empty());
}

async fn ten_thousand_assets_settle(bench: Bench) {
    let ids: Vec<_> = (0..10_000).map(|n: u32| n.to_string()).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    bench.pages(&ids).await;
    for (generation, seq) in [(0, 1), (1, 2)] {
        let all: Vec<_> = ids
            .iter()
            .map(|it| activation(it, generation, seq))
            .collect();
        activate(&bench, &all, seq).await.unwrap();
    }
    let tx = bench.acme().await;
    let ids: Vec<_> = ids.iter().map(|it| id(it)).collect();
    assert_eq!(
        tx.find_active_credentials(&ids).await.unwrap().len(),
        10_000
    );
    assert_eq!(
        tx.find_previous_credentials(&ids).await.unwrap().len(),
        10_000
    );
}
