//! Which assets a cut-off is concluded for, where it was read on another asset.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, Harness, business, leap, on_both, watch};

on_both!(a_cut_off_belongs_to_the_business_that_the_probe_named);

/// The assets of a business that does not migrate, one of which was moved from it to one that does.
async fn a_cut_off_belongs_to_the_business_that_the_probe_named(database: TestDatabase) {
    let fleet = Fleet::new(2, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let (stays, migrates) = (business(1), business(2));
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": migrates,
    });
    harness.sandbox.post("migrations", order).await;
    let moved = format!(
        "UPDATE assets SET business_source = 'probe', business_id = CASE
             WHEN kind = 'page' THEN '{stays}' ELSE business_id END"
    );
    harness.database.run_as_superuser(&moved).await;

    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    watch(&harness).await;
    for id in fleet.ids() {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        let is_migrating = asset["state"] == "migrating";
        assert_eq!(is_migrating, asset["business_id"] == migrates, "{asset}");
    }
}
