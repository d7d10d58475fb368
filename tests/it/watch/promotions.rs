//! What an asset keeps and loses when a parked credential takes it over, and what may not keep it from that.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, business, leap, on_both, watch};

on_both!(
    a_promoted_asset_does_not_inherit_the_cut_off_of_the_person_before,
    assets_that_are_registered_again_and_again_are_probed_all_the_same,
    a_refreshed_token_does_not_replace_another_persons_parked_one,
    a_parked_token_is_refreshed_before_it_expires,
    one_refusal_of_the_old_token_promotes_no_narrower_one,
);

/// Seven assets of one business that a personal account serves, and the managed account's token waits for.
struct Parked {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
    migration: String,
}

impl Parked {
    /// `grace` is how long the personal account keeps its access.
    async fn on(database: TestDatabase, grace: Duration) -> Self {
        let fleet = Fleet::new(1, 6, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let personal = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&personal, &fleet.ids()).await;
        let cut_off = (harness.clock.now() + grace).to_rfc3339();
        let order = json!({
            "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": business(1), "cut_off": cut_off,
        });
        let begun = harness.sandbox.post("migrations", order).await;
        let managed = harness.sandbox.token(Fleet::MANAGED).await;
        let ended = tenant.reconnect(&managed, &fleet.ids()).await;
        assert_eq!(ended["counts"], json!({ "parked": 7 }));
        Self {
            migration: begun["id"].as_str().expect("an id").to_owned(),
            harness,
            fleet,
            tenant,
        }
    }

    async fn complete(&self) {
        let path = format!("migrations/{}/complete", self.migration);
        self.harness.sandbox.post(&path, json!({})).await;
    }

    async fn leap(&mut self, by: Duration) {
        self.tenant = leap(&self.harness, &self.tenant, by).await;
    }

    async fn assets(&self) -> Vec<Value> {
        let mut assets = Vec::new();
        for id in self.fleet.ids() {
            assets.push(self.tenant.get(&format!("/v1/assets/{id}")).await);
        }
        assets
    }

    /// Refreshes what is due until its reconnects have ended; how many were refreshed.
    async fn refresh(&self) -> usize {
        let mut all = 0;
        // A refresh of the same assets waits for the one before, by the time of the machine, which a test does not move.
        for _ in 0..2 {
            let due = "UPDATE due SET due_at = 0 WHERE kind = 'refresh'";
            self.harness.database.run_as_superuser(due).await;
            let refreshed = self.harness.vault.refresh_due_tokens(10).await;
            let list = self.tenant.get("/v1/reconnects?limit=9").await;
            for it in list["data"].as_array().expect("a list") {
                self.tenant.ended(it["id"].as_str().expect("an id")).await;
            }
            all += refreshed.expect("the database answers");
        }
        all
    }
}

/// The old account's tokens read the cut-off in the same chunk of probes in which the managed account's take over.
async fn a_promoted_asset_does_not_inherit_the_cut_off_of_the_person_before(
    database: TestDatabase,
) {
    let mut it = Parked::on(database, Duration::days(30)).await;
    it.complete().await;
    it.leap(Duration::hours(25)).await;
    assert_eq!(watch(&it.harness).await.promoted, 7);
    for asset in it.assets().await {
        assert_eq!(asset["person_id"], Fleet::MANAGED);
        assert_eq!(asset["state"], "healthy", "{asset}");
        assert!(asset["ending"]["cause"] != "cut_off", "{asset}");
    }
}

async fn assets_that_are_registered_again_and_again_are_probed_all_the_same(
    database: TestDatabase,
) {
    let mut it = Parked::on(database, Duration::days(30)).await;
    it.complete().await;
    let mut promoted = 0;
    for _ in 0..6 {
        it.leap(Duration::minutes(30)).await;
        it.tenant.register(&it.fleet.assets()).await;
        promoted += watch(&it.harness).await.promoted;
    }
    assert_eq!(promoted, 7, "a registration puts no probe off");
}

/// The personal account's new token meets an error on each asset, as in a moment of trouble at Graph.
async fn a_refreshed_token_does_not_replace_another_persons_parked_one(database: TestDatabase) {
    let mut it = Parked::on(database, Duration::days(90)).await;
    let error = json!({ "code": 100, "subcode": 33, "message": "Unsupported get request." });
    let rule = json!({
        "match": { "person": Fleet::PERSON, "batch_item": true }, "effect": { "error": error },
    });
    let mut refreshed = 0;
    while refreshed == 0 {
        it.leap(Duration::days(1)).await;
        watch(&it.harness).await;
        it.harness.sandbox.fault(rule.clone()).await;
        refreshed = it.refresh().await;
        it.harness.sandbox.clear_faults().await;
    }
    for asset in it.assets().await {
        let waiting = &asset["slots"]["candidate"]["person_id"];
        assert_eq!(waiting, Fleet::MANAGED, "{asset}");
        assert_eq!(asset["person_id"], Fleet::PERSON, "{asset}");
    }
}

async fn a_parked_token_is_refreshed_before_it_expires(database: TestDatabase) {
    let mut it = Parked::on(database, Duration::days(30)).await;
    for _ in 0..75 {
        it.leap(Duration::days(1)).await;
        watch(&it.harness).await;
        it.refresh().await;
    }
    for asset in it.assets().await {
        let waiting = &asset["slots"]["candidate"]["person_id"];
        assert_eq!(waiting, Fleet::MANAGED, "{asset}");
    }
    it.complete().await;
    it.leap(Duration::hours(25)).await;
    watch(&it.harness).await;
    for (id, token) in it.tenant.tokens(&it.fleet.ids()).await {
        assert_eq!(token["person_id"], Fleet::MANAGED, "{id}");
        assert_eq!(it.harness.sandbox.tries(&id, &token).await, 200);
    }
}

/// The parked token may do less on the page than the old one, and Graph refuses the old one for a moment.
async fn one_refusal_of_the_old_token_promotes_no_narrower_one(database: TestDatabase) {
    let mut it = Parked::on(database, Duration::days(30)).await;
    it.complete().await;
    let ids = it.fleet.ids();
    let page = ids.iter().find(|id| id.starts_with("3001"));
    let page = page.expect("the fleet has a page").clone();
    let narrower = json!({
        "match": { "person": Fleet::MANAGED, "asset": page }, "effect": { "fields": { "tasks": ["ANALYZE"] } },
    });
    it.harness.sandbox.fault(narrower).await;
    let error = json!({ "code": 100, "subcode": 33, "message": "Unsupported get request." });
    let refused = json!({
        "match": { "person": Fleet::PERSON, "asset": page, "batch_item": true }, "effect": { "error": error },
    });
    it.harness.sandbox.fault(refused).await;
    it.leap(Duration::hours(25)).await;
    let watched = watch(&it.harness).await;
    assert_eq!((watched.promoted, watched.doubted), (6, 1), "{watched:?}");
    let asset = it.tenant.get(&format!("/v1/assets/{page}")).await;
    let waiting = &asset["slots"]["candidate"]["person_id"];
    assert_eq!(
        (&asset["state"], &asset["person_id"], waiting),
        (
            &json!("suspect"),
            &json!(Fleet::PERSON),
            &json!(Fleet::MANAGED)
        ),
        "{asset}"
    );
    it.leap(Duration::minutes(11)).await;
    let watched = watch(&it.harness).await;
    let after = it.tenant.get(&format!("/v1/assets/{page}")).await;
    assert_eq!(
        watched.promoted, 1,
        "the second refusal ends the old one: {watched:?} {after}"
    );
}
