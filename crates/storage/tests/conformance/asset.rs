//! Registering, listing and deleting assets.

mod businesses;
mod discovery;

use regrant_domain::{AssetKind, ReachLimit, Slot};
use regrant_storage::{AssetFilter, Error, NewAsset, Registration};

use crate::bench::{Bench, activation, credential, day, id, on_both, page};

on_both!(
    registering_returns_the_result_of_each_asset_in_the_same_order,
    registering_again_updates_what_is_given_and_keeps_the_rest,
    assets_are_listed_page_by_page_in_byte_order,
    filters_hold_together,
    locked_assets_come_by_id_and_only_those_that_exist,
    an_asset_is_deleted_with_its_credentials,
    ten_thousand_assets_register_and_read_back,
);

pub(crate) fn everything() -> AssetFilter {
    AssetFilter {
        kinds: Vec::new(),
        business_id: None,
        person_id: None,
        ending_before: None,
        after: None,
        limit: 100_000,
        statuses: Vec::new(),
        now: day(1),
        notice: chrono::Duration::days(30),
        within: None,
    }
}

async fn registering_returns_the_result_of_each_asset_in_the_same_order(bench: Bench) {
    bench.pages(&["2"]).await;
    let catalog = NewAsset {
        kind: AssetKind::ProductCatalog,
        ..page("2")
    };
    let tx = bench.acme().await;
    let first = tx
        .register_assets(&[page("9"), page("2"), page("1")])
        .await
        .unwrap();
    assert_eq!(
        first,
        [
            Registration::Created,
            Registration::Exists,
            Registration::Created
        ]
    );
    let mismatch = tx.register_assets(&[catalog]).await.unwrap();
    assert_eq!(mismatch, [Registration::KindMismatch(AssetKind::Page)]);
    assert_eq!(tx.find_asset(&id("2")).await.unwrap().kind, AssetKind::Page);
    assert!(tx.register_assets(&[]).await.unwrap().is_empty());
}

async fn registering_again_updates_what_is_given_and_keeps_the_rest(bench: Bench) {
    let tx = bench.acme().await;
    let named = NewAsset {
        name: Some("Shop".to_owned()),
        ..page("1")
    };
    let owned = NewAsset {
        business_id: Some(id("5")),
        ..page("1")
    };
    let other_kind = NewAsset {
        kind: AssetKind::Pixel,
        name: Some("Pixel".to_owned()),
        ..page("1")
    };
    for asset in [named, owned, other_kind] {
        tx.register_assets(&[asset]).await.unwrap();
    }
    let asset = tx.find_asset(&id("1")).await.unwrap();
    assert_eq!(
        (asset.name.as_deref(), asset.business_id),
        (Some("Shop"), Some(id("5")))
    );
    assert_eq!(
        (asset.generation, asset.intent_seq, asset.facts.is_served()),
        (0, 0, false)
    );
}

async fn assets_are_listed_page_by_page_in_byte_order(bench: Bench) {
    let tx = bench.acme().await;
    let mut ids = vec!["act_2", "10", "9", "act_10", "1", "100"];
    let assets: Vec<_> = ids
        .iter()
        .map(|it| NewAsset {
            kind: AssetKind::AdAccount,
            ..page(it)
        })
        .collect();
    tx.register_assets(&assets).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let filter = AssetFilter {
            after: after.clone(),
            limit: 4,
            ..everything()
        };
        let page = tx.list_assets(&filter).await.unwrap().rows;
        let Some(last) = page.last() else { break };
        after = Some(last.id.clone());
        seen.extend(page.into_iter().map(|it| it.id.to_string()));
    }
    ids.sort_unstable();
    assert_eq!(seen, ids);
}

async fn filters_hold_together(bench: Bench) {
    let tx = bench.acme().await;
    let business = Some(id("5"));
    let pixel = NewAsset {
        kind: AssetKind::Pixel,
        business_id: business.clone(),
        ..page("3")
    };
    let owned = NewAsset {
        business_id: business.clone(),
        ..page("2")
    };
    tx.register_assets(&[page("1"), owned, pixel])
        .await
        .unwrap();
    tx.activate_credentials(&[activation("1", 0, 1), activation("2", 0, 1)], 1, day(1))
        .await
        .unwrap();

    let listed = async |filter: AssetFilter| -> Vec<String> {
        let assets = tx.list_assets(&filter).await.unwrap().rows;
        assets.into_iter().map(|it| it.id.to_string()).collect()
    };
    let kinds = vec![AssetKind::Page];
    let person_id = Some("77".parse().unwrap());
    let ending_before = Some(day(60));
    for (kinds, business_id, expected) in [
        (kinds.clone(), None, ["1", "2"].as_slice()),
        (vec![], business.clone(), &["2", "3"]),
        (kinds, business, &["2"]),
    ] {
        let filter = AssetFilter {
            kinds,
            business_id,
            ..everything()
        };
        assert_eq!(listed(filter).await, expected);
    }
    let every_kind = AssetKind::ALL.to_vec();
    assert_eq!(
        listed(AssetFilter {
            kinds: every_kind,
            ..everything()
        })
        .await,
        listed(everything()).await
    );
    assert_eq!(
        listed(AssetFilter {
            person_id,
            ..everything()
        })
        .await,
        ["1", "2"]
    );
    let within = |assets: &[&str], businesses: &[&str]| {
        let ids = |all: &[&str]| all.iter().map(|it| id(it)).collect();
        Some(ReachLimit {
            assets: ids(assets),
            businesses: ids(businesses),
        })
    };
    for (within, reached) in [
        (within(&["1", "9"], &[]), vec!["1"]),
        (within(&[], &["5"]), vec!["2", "3"]),
        (within(&["1"], &["5"]), vec!["1", "2", "3"]),
        (within(&[], &["8"]), vec![]),
        (within(&[], &[]), vec![]),
    ] {
        assert_eq!(
            listed(AssetFilter {
                within,
                ..everything()
            })
            .await,
            reached
        );
    }
    assert!(
        listed(AssetFilter {
            ending_before,
            ..everything()
        })
        .await
        .is_empty()
    );
    let ending_before = Some(day(61));
    assert_eq!(
        listed(AssetFilter {
            ending_before,
            ..everything()
        })
        .await,
        ["1", "2"]
    );
}

async fn locked_assets_come_by_id_and_only_those_that_exist(bench: Bench) {
    bench.pages(&["3", "1", "2"]).await;
    let tx = bench.acme().await;
    let locked = tx
        .lock_assets(&[id("3"), id("7"), id("1"), id("3")])
        .await
        .unwrap();
    let ids: Vec<_> = locked.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
}

async fn an_asset_is_deleted_with_its_credentials(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    tx.activate_credentials(&[activation("1", 0, 1), activation("2", 0, 1)], 1, day(1))
        .await
        .unwrap();
    tx.park_credentials(&[credential("1", Slot::Candidate, 2, 2)])
        .await
        .unwrap();
    tx.delete_asset(&id("1")).await.unwrap();
    assert!(matches!(
        tx.delete_asset(&id("1")).await,
        Err(Error::NotFound)
    ));
    tx.register_assets(&[page("1")]).await.unwrap();
    assert!(tx.list_credentials(&id("1")).await.unwrap().is_empty());
    assert!(!tx.find_asset(&id("1")).await.unwrap().facts.is_served());
    assert_eq!(tx.list_credentials(&id("2")).await.unwrap().len(), 1);
}

async fn ten_thousand_assets_register_and_read_back(bench: Bench) {
    let pages: Vec<_> = (0..10_000).map(|n| page(&n.to_string())).collect();
    let ids: Vec<_> = pages.iter().map(|it| it.id.clone()).collect();
    let tx = bench.acme().await;
    let registrations = tx.register_assets(&pages).await.unwrap();
    assert!(registrations.iter().all(|it| *it == Registration::Created));
    assert_eq!(tx.find_assets(&ids).await.unwrap().len(), 10_000);
    assert_eq!(tx.lock_assets(&ids).await.unwrap().len(), 10_000);
    tx.commit().await.unwrap();
}
