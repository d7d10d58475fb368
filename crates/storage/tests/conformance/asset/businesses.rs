//! The businesses of assets: whose word counts, and what replaces it.

use regrant_domain::{AssetId, AssetKind, BusinessSource};
use regrant_storage::{BusinessProof, CutOffReading, NewAsset, TenantTx};

use crate::bench::{Bench, activation, day, id, on_both, page};

on_both!(
    a_business_that_graph_names_is_written_and_follows_graph,
    a_business_that_a_client_set_is_not_replaced_by_graph,
    a_business_of_unknown_source_is_replaced_and_kept_where_graph_names_none,
    a_cut_off_is_concluded_only_for_assets_whose_business_is_known,
);

async fn prove(tx: &TenantTx, asset: &str, business: Option<&str>) {
    let proof = BusinessProof {
        asset_id: id(asset),
        business_id: business.map(id),
    };
    tx.write_business_proofs(&[proof]).await.unwrap();
}

async fn business_of(tx: &TenantTx, asset: &str) -> (Option<AssetId>, Option<BusinessSource>) {
    let asset = tx.find_asset(&id(asset)).await.unwrap();
    (asset.business_id, asset.business_source)
}

async fn a_business_that_graph_names_is_written_and_follows_graph(bench: Bench) {
    bench.pages(&["1", "2"]).await;
    let tx = bench.acme().await;
    prove(&tx, "1", None).await;
    assert_eq!(business_of(&tx, "1").await, (None, None));
    for business in ["5", "6"] {
        prove(&tx, "1", Some(business)).await;
        let expected = (Some(id(business)), Some(BusinessSource::Probe));
        assert_eq!(business_of(&tx, "1").await, expected);
    }
    prove(&tx, "1", None).await;
    assert_eq!(business_of(&tx, "1").await, (None, None));
    assert_eq!(business_of(&tx, "2").await, (None, None), "others stay");
}

async fn a_business_that_a_client_set_is_not_replaced_by_graph(bench: Bench) {
    let tx = bench.acme().await;
    let owned = NewAsset {
        business_id: Some(id("5")),
        ..page("1")
    };
    tx.register_assets(&[owned.clone(), page("2")])
        .await
        .unwrap();
    let set = (Some(id("5")), Some(BusinessSource::Client));
    for business in [Some("6"), None] {
        prove(&tx, "1", business).await;
        assert_eq!(business_of(&tx, "1").await, set);
    }
    prove(&tx, "2", Some("6")).await;
    let later = NewAsset {
        id: id("2"),
        ..owned
    };
    tx.register_assets(&[later]).await.unwrap();
    assert_eq!(business_of(&tx, "2").await, set, "a client replaces Graph");
}

async fn a_business_of_unknown_source_is_replaced_and_kept_where_graph_names_none(bench: Bench) {
    let owned = NewAsset {
        business_id: Some(id("5")),
        ..page("1")
    };
    let tx = bench.acme().await;
    tx.register_assets(&[owned]).await.unwrap();
    tx.commit().await.unwrap();
    let sql = "UPDATE assets SET business_source = NULL";
    bench.database.run_as_superuser(sql).await;
    let tx = bench.acme().await;
    prove(&tx, "1", None).await;
    assert_eq!(business_of(&tx, "1").await, (Some(id("5")), None));
    prove(&tx, "1", Some("5")).await;
    let proved = (Some(id("5")), Some(BusinessSource::Probe));
    assert_eq!(business_of(&tx, "1").await, proved);
}

async fn a_cut_off_is_concluded_only_for_assets_whose_business_is_known(bench: Bench) {
    let account = NewAsset {
        kind: AssetKind::InstagramAccount,
        business_id: Some(id("5")),
        ..page("1")
    };
    let tx = bench.acme().await;
    tx.register_assets(&[account]).await.unwrap();
    tx.activate_credentials(&[activation("1", 0, 1)], 1, day(1))
        .await
        .unwrap();
    let reading = CutOffReading {
        person_id: "77".parse().unwrap(),
        business_id: id("5"),
    };
    let readings = [(reading, day(9))];
    let siblings = tx.find_sibling_assets(&readings).await.unwrap();
    assert_eq!(siblings, [id("1")]);
    tx.commit().await.unwrap();
    let sql = "UPDATE assets SET business_source = NULL";
    bench.database.run_as_superuser(sql).await;
    let tx = bench.acme().await;
    let siblings = tx.find_sibling_assets(&readings).await.unwrap();
    assert_eq!(siblings, []);
}
