//! What an asset keeps and loses when a parked credential takes it over.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness, business, leap, on_both, watch};

on_both!(a_promoted_asset_does_not_inherit_the_cut_off_of_the_person_before);

/// The old account's tokens read the cut-off in the same chunk of probes in which the managed account's take over.
async fn a_promoted_asset_does_not_inherit_the_cut_off_of_the_person_before(
    database: TestDatabase,
) {
    let fleet = Fleet::new(1, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let personal = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&personal, &fleet.ids()).await;
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": business(1),
    });
    let migration = harness.sandbox.post("migrations", order).await;
    let managed = harness.sandbox.token(Fleet::MANAGED).await;
    let ended = tenant.reconnect(&managed, &fleet.ids()).await;
    assert_eq!(ended["counts"], json!({ "parked": 7 }));
    let complete = format!(
        "migrations/{}/complete",
        migration["id"].as_str().expect("an id")
    );
    harness.sandbox.post(&complete, json!({})).await;

    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    assert_eq!(watch(&harness).await.promoted, 7);
    for id in fleet.ids() {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(asset["person_id"], Fleet::MANAGED);
        assert_eq!(asset["state"], "healthy", "{asset}");
        assert!(asset["ending"]["cause"] != "cut_off", "{asset}");
    }
}
