//! What a probe pass learns and changes without a call of the tenant: cut-offs, promotion, failover, refresh, recovery.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, leap, on_both, watch};

/// A tenant with two businesses of seven assets each, connected; the managed account reaches neither.
async fn connected(database: TestDatabase) -> (Harness, Fleet, Tenant) {
    let fleet = Fleet::new(2, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 14 }));
    (harness, fleet, tenant)
}

async fn states(tenant: &Tenant) -> Vec<String> {
    let list = tenant.get("/v1/assets?limit=200").await;
    let data = list["data"].as_array().expect("a list").clone();
    data.iter()
        .map(|it| it["state"].as_str().unwrap_or_default().to_owned())
        .collect()
}

fn only(states: &[String], wanted: &str) -> bool {
    states.iter().all(|it| it == wanted)
}

async fn migrate(harness: &Harness, business: usize) -> String {
    let order = json!({
        "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": crate::harness::business(business),
    });
    harness.sandbox.post("migrations", order).await["id"]
        .as_str()
        .expect("an id")
        .to_owned()
}

on_both!(
    a_cut_off_is_read_with_the_old_credential_and_kept_with_its_history,
    a_parked_credential_is_promoted_the_moment_access_appears,
    an_asset_past_its_cut_off_shows_the_cause_and_recovers,
    an_imported_token_is_probed_and_its_person_learned,
    a_standby_is_promoted_when_the_active_token_dies,
    a_standby_is_refreshed_where_another_persons_token_serves,
    the_previous_credential_is_promoted_when_no_better_one_is_left,
    a_system_user_token_is_refreshed_before_its_sixty_days_end,
    a_refresh_keeps_parked_candidates,
    a_user_token_is_refreshed_before_it_expires,
    two_spaced_refusals_disconnect_and_one_does_not,
);

async fn a_cut_off_is_read_with_the_old_credential_and_kept_with_its_history(
    database: TestDatabase,
) {
    let (harness, _, tenant) = connected(database).await;
    assert!(only(&states(&tenant).await, "healthy"));
    migrate(&harness, 1).await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    let watched = watch(&harness).await;
    assert_eq!(
        (watched.confirmed, watched.doubted, watched.lost),
        (14, 0, 0)
    );
    let list = tenant.get("/v1/assets?state=migrating").await;
    let migrating = list["data"].as_array().expect("a list");
    let read = migrating
        .iter()
        .filter(|it| it["ending"]["confidence"] == "certain")
        .count();
    let concluded = migrating
        .iter()
        .filter(|it| it["ending"]["confidence"] == "likely")
        .count();
    assert_eq!(
        (read, concluded),
        (5, 2),
        "of seven assets five carry the field: {migrating:?}"
    );
    for it in migrating {
        assert_eq!(it["ending"]["cause"], "cut_off");
        assert_eq!(it["reason"]["code"], "cut_off_known");
        assert!(it["next_check_at"].is_string() && it["since"].is_string());
    }
}

async fn a_parked_credential_is_promoted_the_moment_access_appears(database: TestDatabase) {
    let (harness, fleet, tenant) = connected(database).await;
    let migration = migrate(&harness, 1).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "parked": 14 }));
    let tenant = leap(&harness, &tenant, Duration::hours(2)).await;
    assert_eq!(
        watch(&harness).await.promoted,
        0,
        "the migration is not complete yet"
    );
    harness
        .sandbox
        .post(&format!("migrations/{migration}/complete"), json!({}))
        .await;
    let tenant = leap(&harness, &tenant, Duration::hours(2)).await;
    let watched = watch(&harness).await;
    assert_eq!((watched.promoted, watched.lost, watched.doubted), (7, 0, 0));
    for (id, token) in tenant.tokens(&fleet.ids()).await {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        let business = asset["business_id"].as_str().unwrap_or_default();
        let migrated = business == crate::harness::business(1);
        let wanted = if migrated {
            Fleet::MANAGED
        } else {
            Fleet::PERSON
        };
        assert_eq!(token["person_id"], wanted, "{id} {asset}");
        assert_eq!(asset["slots"]["candidate"].is_null(), migrated);
        assert_eq!(harness.sandbox.tries(&id, &token).await, 200);
    }
}

async fn an_asset_past_its_cut_off_shows_the_cause_and_recovers(database: TestDatabase) {
    let (harness, fleet, tenant) = connected(database).await;
    let migration = migrate(&harness, 1).await;
    let tenant = leap(&harness, &tenant, Duration::days(2)).await;
    watch(&harness).await;
    let tenant = leap(&harness, &tenant, Duration::days(29)).await;
    watch(&harness).await;
    let gone = tenant.get("/v1/assets?state=disconnected").await;
    let gone = gone["data"].as_array().expect("a list").clone();
    assert!(gone.len() >= 5, "{gone:?}");
    assert!(
        gone.iter()
            .all(|it| it["reason"]["code"] == "cut_off_passed"),
        "{gone:?}"
    );
    harness
        .sandbox
        .post(&format!("migrations/{migration}/complete"), json!({}))
        .await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"]["replaced"], 7, "{ended}");
    let list = tenant.get("/v1/assets?state=disconnected").await;
    assert_eq!(list["data"], json!([]));
}

async fn an_imported_token_is_probed_and_its_person_learned(database: TestDatabase) {
    let fleet = Fleet::new(1, 6, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let assets: Vec<Value> = fleet
        .assets()
        .into_iter()
        .filter(|it| it["kind"] != "page")
        .map(|mut it| {
            it["token"] = json!(token);
            it["token_kind"] = json!("user");
            it
        })
        .collect();
    tenant.register(&assets).await;
    assert!(only(&states(&tenant).await, "unproven"));
    assert_eq!(watch(&harness).await.confirmed, 6);
    let list = tenant.get("/v1/assets").await;
    for it in list["data"].as_array().expect("a list") {
        assert_eq!(
            (&it["state"], &it["person_id"]),
            (&json!("healthy"), &json!(Fleet::PERSON)),
            "{it}"
        );
        assert_eq!(it["ending"]["cause"], "token_expiry", "{it}");
    }
}

async fn a_standby_is_promoted_when_the_active_token_dies(database: TestDatabase) {
    let world = format!(
        "{}\nsystem_users:\n  - {{id: \"{SYSTEM}\", business: \"{}\", name: Machine}}\n",
        Fleet::new(1, 6, 0).world(),
        crate::harness::business(1)
    );
    let fleet = Fleet::new(1, 6, 0);
    let harness = Harness::start(database, &world).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let machine = harness
        .sandbox
        .token_of(json!({ "system_user": SYSTEM, "app": crate::harness::APP }))
        .await;
    let ids = fleet.ids();
    tenant.reconnect(&machine, &ids).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &ids)
        .await;
    assert_eq!(
        ended["counts"]["unchanged"], 7,
        "the person's token becomes a standby: {ended}"
    );
    harness.sandbox.revoke(&machine).await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    let watched = watch(&harness).await;
    assert_eq!(
        (watched.failed_over, watched.doubted),
        (7, 0),
        "{watched:?}"
    );
    for (id, token) in tenant.tokens(&ids).await {
        assert_eq!(token["person_id"], Fleet::PERSON);
        assert_eq!(harness.sandbox.tries(&id, &token).await, 200);
    }
}

async fn a_standby_is_refreshed_where_another_persons_token_serves(database: TestDatabase) {
    let fleet = Fleet::new(1, 6, 1);
    let world = format!(
        "{}\nsystem_users:\n  - {{id: \"{SYSTEM}\", business: \"{}\", name: Machine}}\n",
        fleet.world(),
        crate::harness::business(1)
    );
    let harness = Harness::start(database, &world).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let ids = fleet.ids();
    let wanted = json!({ "system_user": SYSTEM, "app": crate::harness::APP });
    let machine = harness.sandbox.token_of(wanted).await;
    tenant.reconnect(&machine, &ids).await;
    for person in [Fleet::PERSON, Fleet::MANAGED] {
        let ended = tenant
            .reconnect(&harness.sandbox.token(person).await, &ids)
            .await;
        assert_eq!(ended["counts"], json!({ "unchanged": 7 }), "{ended}");
    }
    harness.sandbox.revoke(&machine).await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    assert_eq!(watch(&harness).await.failed_over, 7);

    let tenant = leap(&harness, &tenant, Duration::days(51)).await;
    for person in ["one", "the other, which waited for the first"] {
        assert_eq!(refresh(&harness, &tenant).await, 1, "{person}");
    }
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    assert_eq!(refresh(&harness, &tenant).await, 0, "it is not repeated");
    let tenant = leap(&harness, &tenant, Duration::days(20)).await;
    watch(&harness).await;
    let asset = tenant.get(&format!("/v1/assets/{}", ids[0])).await;
    let serving = asset["person_id"].as_str().expect("a person").to_owned();
    let change = format!("persons/{serving}/password-change");
    harness.sandbox.post(&change, json!({})).await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    assert_eq!(watch(&harness).await.failed_over, 7, "the standby lives");
    for (id, token) in tenant.tokens(&ids).await {
        assert_ne!(token["person_id"], json!(serving));
        assert_eq!(harness.sandbox.tries(&id, &token).await, 200);
    }
}

/// Probes, refreshes what is due, and waits for the reconnects; returns how many tokens were refreshed.
async fn refresh(harness: &Harness, tenant: &Tenant) -> usize {
    watch(harness).await;
    // Without the minute for which a refresh waits for a reconnect of the same assets.
    let hurry = "UPDATE due SET due_at = 0 WHERE kind = 'refresh'";
    harness.database.run_as_superuser(hurry).await;
    let refreshed = harness.vault.refresh_due_tokens(10).await;
    let list = tenant.get("/v1/reconnects?limit=9").await;
    for it in list["data"].as_array().expect("a list") {
        tenant.ended(it["id"].as_str().expect("an id")).await;
    }
    refreshed.expect("the database answers")
}

async fn the_previous_credential_is_promoted_when_no_better_one_is_left(database: TestDatabase) {
    let fleet = Fleet::new(1, 6, 1);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let ids = fleet.ids();
    tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &ids)
        .await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &ids)
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 7 }));
    harness
        .sandbox
        .post(
            &format!("persons/{}/password-change", Fleet::MANAGED),
            json!({}),
        )
        .await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    let watched = watch(&harness).await;
    assert_eq!(
        (watched.failed_over, watched.doubted),
        (7, 0),
        "{watched:?}"
    );
    for (id, token) in tenant.tokens(&ids).await {
        assert_eq!(token["person_id"], Fleet::PERSON);
        assert_eq!(harness.sandbox.tries(&id, &token).await, 200);
    }
}

async fn a_system_user_token_is_refreshed_before_its_sixty_days_end(database: TestDatabase) {
    let world = format!(
        "{}\nsystem_users:\n  - {{id: \"{SYSTEM}\", business: \"{}\", name: Machine}}\n",
        Fleet::new(1, 6, 0).world(),
        crate::harness::business(1)
    );
    let fleet = Fleet::new(1, 6, 0);
    let harness = Harness::start(database, &world).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let wanted =
        json!({ "system_user": SYSTEM, "app": crate::harness::APP, "expires_in_60_days": true });
    let machine = harness.sandbox.token_of(wanted).await;
    tenant.reconnect(&machine, &fleet.ids()).await;
    refreshed_in_time(&harness, tenant, &fleet, "system_user_60_days").await;
}

async fn a_refresh_keeps_parked_candidates(database: TestDatabase) {
    let (harness, fleet, mut tenant) = connected(database).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "parked": 14 }));
    let mut refreshed = 0;
    for _ in 0..55 {
        tenant = leap(&harness, &tenant, Duration::days(1)).await;
        watch(&harness).await;
        refreshed += harness
            .vault
            .refresh_due_tokens(10)
            .await
            .expect("the database answers");
        if refreshed > 0 {
            break;
        }
    }
    let list = tenant.get("/v1/reconnects?limit=9").await;
    let mut replaced = 0;
    for it in list["data"].as_array().expect("a list") {
        let ended = tenant.ended(it["id"].as_str().expect("an id")).await;
        replaced += usize::from(ended["counts"] == json!({ "replaced": 14 }));
    }
    assert_eq!(
        replaced, 2,
        "the log-in, and one exchange for all assets of its token"
    );
    for id in fleet.ids() {
        let asset = tenant.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(asset["slots"]["active"]["person_id"], Fleet::PERSON);
        assert_eq!(
            asset["slots"]["candidate"]["person_id"],
            Fleet::MANAGED,
            "the candidate is kept: {asset}"
        );
    }
}

async fn a_user_token_is_refreshed_before_it_expires(database: TestDatabase) {
    let (harness, fleet, tenant) = connected(database).await;
    refreshed_in_time(&harness, tenant, &fleet, "token_expiry").await;
}

/// For 85 days, day by day: probes, refreshes, and tries every token.
async fn refreshed_in_time(harness: &Harness, tenant: Tenant, fleet: &Fleet, cause: &str) {
    let ids = fleet.ids();
    let before = tenant.get("/v1/assets?kind=ad_account").await;
    assert_eq!(before["data"][0]["ending"]["cause"], cause, "{before}");
    let mut refreshed = 0;
    let mut tenant = tenant;
    for day in 0..85 {
        tenant = leap(harness, &tenant, Duration::days(1)).await;
        watch(harness).await;
        let now = harness
            .vault
            .refresh_due_tokens(10)
            .await
            .expect("the database answers");
        refreshed += now;
        if now > 0 {
            let list = tenant.get("/v1/reconnects").await;
            for it in list["data"].as_array().expect("a list") {
                let ended = tenant.ended(it["id"].as_str().expect("an id")).await;
                assert_eq!(ended["status"], "completed");
            }
        }
        if day % 12 == 0 || now > 0 {
            for (id, token) in tenant.tokens(&ids).await {
                assert_eq!(
                    harness.sandbox.tries(&id, &token).await,
                    200,
                    "day {day}: {id} {token}"
                );
            }
        }
    }
    assert!((1..=3).contains(&refreshed), "refreshed {refreshed} times");
}

async fn two_spaced_refusals_disconnect_and_one_does_not(database: TestDatabase) {
    let (harness, _, tenant) = connected(database).await;
    harness
        .sandbox
        .post(
            &format!("persons/{}/leave", Fleet::PERSON),
            json!({ "business": crate::harness::business(1) }),
        )
        .await;
    let tenant = leap(&harness, &tenant, Duration::hours(25)).await;
    assert_eq!(watch(&harness).await.doubted, 7);
    let count =
        |states: Vec<String>, wanted: &str| states.iter().filter(|it| *it == wanted).count();
    assert_eq!(count(states(&tenant).await, "suspect"), 7);
    let tenant = leap(&harness, &tenant, Duration::minutes(11)).await;
    assert_eq!(watch(&harness).await.doubted, 7);
    assert_eq!(count(states(&tenant).await, "disconnected"), 7);
    assert_eq!(count(states(&tenant).await, "healthy"), 7);
}

const SYSTEM: &str = "610000000000001";
