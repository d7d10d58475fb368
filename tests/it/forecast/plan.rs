//! Reconnect plans: the fewest persons whose log-ins cover all assets at risk.

use chrono::Duration;
use regrant_testdb::{Kind, TestDatabase};
use serde_json::{Value, json};

use super::{connected, list};
use crate::harness::{Fleet, Harness, Tenant, business, leap, on_both, problem_code, watch};

on_both!(
    a_plan_asks_the_fewest_persons_who_had_tokens_for_all_assets_at_risk,
    a_plan_asks_each_person_who_alone_covers_assets,
    a_login_that_was_granted_for_an_asset_covers_it,
    an_asset_that_no_known_person_covers_is_named,
    a_cut_off_needs_another_account_of_its_person,
    links_are_made_for_each_person_of_a_plan_once,
    a_link_of_a_plan_is_shown_as_it_is_read_later,
    a_plan_whose_links_cannot_all_be_made_has_none_and_its_repetition_has_all_addresses,
);

async fn plan(tenant: &Tenant, days: u32) -> Value {
    let plan = tenant
        .get(&format!("/v1/reconnect-plan?within_days={days}"))
        .await;
    assert!(plan["generated_at"].is_string(), "{plan}");
    plan
}

async fn a_plan_asks_the_fewest_persons_who_had_tokens_for_all_assets_at_risk(
    database: TestDatabase,
) {
    let fleet = Fleet::new(2, 5, 1);
    let (harness, tenant) = connected(database, &fleet).await;
    // The managed account replaces the tokens of business 1 and is parked for business 2.
    tenant
        .reconnect(&harness.sandbox.token(Fleet::MANAGED).await, &fleet.ids())
        .await;
    let near = plan(&tenant, 30).await;
    assert_eq!(
        (&near["at_risk"], &near["persons"], &near["is_minimal"]),
        (&json!(0), &json!([]), &json!(true)),
        "{near}"
    );
    let far = plan(&tenant, 100).await;
    assert_eq!(
        (&far["at_risk"], &far["covered"], &far["at_least"]),
        (&json!(12), &json!(12), &json!(1)),
        "{far}"
    );
    let [person] = list(&far, "persons").as_slice() else {
        panic!("one person covers all: {far}")
    };
    assert_eq!(person["id"], Fleet::PERSON, "{far}");
    assert_eq!(person["assets"]["count"], 12, "{far}");
    assert_eq!(person["only_by_person"], 6, "business 2: {far}");
    assert_eq!(
        person["without_person"],
        json!({ "covered": 0, "percent": 0 }),
        "{far}"
    );
    // The tokens are refreshed before they expire, so the first end is that of data access.
    let forecast = tenant.get("/v1/forecast?limit=200").await;
    let entries = list(&forecast, "data").iter();
    let mut ends = entries.filter(|it| it["ending"]["cause"] == "data_access");
    let first = ends.next().expect("data access ends");
    assert_eq!(person["first_end"], first["ending"]["at"], "{far}");
}

async fn a_plan_asks_each_person_who_alone_covers_assets(database: TestDatabase) {
    let fleet = Fleet::new(3, 3, 0);
    let harness = Harness::start(database, &fleet.world_of_many()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    for n in 1..=3 {
        let token = harness.sandbox.token(&Fleet::person_of(n)).await;
        let ids = crate::harness::ids(&fleet.assets_of(n));
        tenant.reconnect(&token, &ids).await;
    }
    let far = plan(&tenant, 100).await;
    let asked: Vec<_> = list(&far, "persons").iter().map(|it| &it["id"]).collect();
    let all: Vec<_> = (1..=3).map(|n| json!(Fleet::person_of(n))).collect();
    assert_eq!(asked, all.iter().collect::<Vec<_>>(), "{far}");
    for person in list(&far, "persons") {
        assert_eq!(person["only_by_person"], 4, "{person}");
        assert_eq!(
            person["without_person"],
            json!({ "covered": 8, "percent": 66 }),
            "{person}"
        );
    }
    assert_eq!(far["at_least"], 3);
    let other = harness.tenant("Two").await;
    let empty = plan(&other, 366).await;
    assert_eq!(
        (&empty["at_risk"], &empty["persons"]),
        (&json!(0), &json!([]))
    );
    for days in ["0", "367", "x", ""] {
        let faulty = tenant
            .get(&format!("/v1/reconnect-plan?within_days={days}"))
            .await;
        assert_eq!(problem_code(&faulty), "invalid_request", "{faulty}");
        assert_eq!(faulty["errors"][0]["field"], "within_days", "{faulty}");
    }
}

async fn a_login_that_was_granted_for_an_asset_covers_it(database: TestDatabase) {
    let fleet = Fleet::new(2, 1, 1);
    let (harness, tenant) = connected(database, &fleet).await;
    // The managed account's login names page 1 although the reconnect does not.
    let [first, page_1, second, _] = &fleet.ids()[..] else {
        panic!("four assets")
    };
    let wanted = json!({ "person": Fleet::MANAGED, "app": crate::harness::APP,
        "assets": [first, page_1] });
    let token = harness.sandbox.token_of(wanted).await;
    tenant.reconnect(&token, std::slice::from_ref(first)).await;
    let far = plan(&tenant, 100).await;
    let person = &list(&far, "persons")[0];
    assert_eq!(person["id"], Fleet::PERSON, "{far}");
    assert_eq!(
        person["only_by_person"], 2,
        "the business {second} and its page: {far}"
    );
}

async fn an_asset_that_no_known_person_covers_is_named(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let page = fleet.ids()[1].clone();
    let import = json!({ "id": page, "kind": "page", "token": "EAAnobodysTokenZD" });
    tenant.register(&[import]).await;
    watch(&harness).await;
    let plan = plan(&tenant, 30).await;
    assert_eq!(
        plan["uncovered"],
        json!({ "count": 1, "asset_ids": [page], "has_more": false }),
        "{plan}"
    );
    assert_eq!(
        (&plan["at_risk"], &plan["covered"], &plan["persons"]),
        (&json!(1), &json!(0), &json!([])),
        "{plan}"
    );
}

async fn a_cut_off_needs_another_account_of_its_person(database: TestDatabase) {
    let fleet = Fleet::new(2, 3, 0);
    let (harness, tenant) = connected(database, &fleet).await;
    let migration = json!({ "person": Fleet::PERSON, "business": business(1),
        "new_person": Fleet::MANAGED });
    harness.sandbox.post("migrations", migration).await;
    harness.clock.advance_by(chrono::Duration::days(2));
    let tenant = tenant.log_in_again().await;
    watch(&harness).await;
    let near = plan(&tenant, 40).await;
    let [person] = list(&near, "persons").as_slice() else {
        panic!("one person: {near}")
    };
    assert_eq!(
        (&person["assets"]["count"], &person["needs_other_account"]),
        (&json!(4), &json!(4)),
        "{near}"
    );
    assert_eq!(person["stopped"], 0, "{near}");

    let tenant = leap(&harness, &tenant, Duration::days(31)).await;
    watch(&harness).await;
    let late = plan(&tenant, 20).await;
    let [person] = list(&late, "persons").as_slice() else {
        panic!("one person: {late}")
    };
    assert_eq!(
        (&person["stopped"], &person["needs_other_account"]),
        (&json!(4), &json!(4)),
        "{late}"
    );
    let order = json!({ "within_days": 20 });
    let (status, made) = tenant.post("/v1/reconnect-plan", &order).await;
    let link = &list(&made, "data")[0];
    assert_eq!(
        (status, &link["require_person"], &link["asset_count"]),
        (201, &json!(false), &json!(4)),
        "{made}"
    );
}

/// A tenant whose assets two persons serve, one business each.
async fn served_by_two(database: TestDatabase) -> (Harness, Tenant) {
    let fleet = Fleet::new(2, 3, 0);
    let harness = Harness::start(database, &fleet.world_of_many()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    for n in 1..=2 {
        let token = harness.sandbox.token(&Fleet::person_of(n)).await;
        let ids = crate::harness::ids(&fleet.assets_of(n));
        tenant.reconnect(&token, &ids).await;
    }
    (harness, tenant)
}

async fn links_are_made_for_each_person_of_a_plan_once(database: TestDatabase) {
    let (_harness, tenant) = served_by_two(database).await;
    let order = json!({ "within_days": 100, "locale": "de" });
    let call = async || {
        let call = tenant.call(reqwest::Method::POST, "/v1/reconnect-plan");
        let call = call.header("Idempotency-Key", "plan").json(&order);
        let answer = call.send().await.expect("an answer");
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.expect("json")
    };
    let made = call().await;
    let links = list(&made, "data");
    assert_eq!(
        (links.len(), &made["has_more"]),
        (2, &json!(false)),
        "{made}"
    );
    for (n, link) in links.iter().enumerate() {
        assert_eq!(link["person_id"], Fleet::person_of(n + 1), "{link}");
        assert_eq!(
            (
                &link["asset_count"],
                &link["require_person"],
                &link["locale"]
            ),
            (&json!(4), &json!(true), &json!("de")),
            "{link}"
        );
        assert!(link["url"].is_string(), "{link}");
    }
    let again = call().await;
    let same: Vec<_> = list(&again, "data").iter().map(|it| &it["id"]).collect();
    assert_eq!(same, links.iter().map(|it| &it["id"]).collect::<Vec<_>>());
    assert!(list(&again, "data").iter().all(|it| it["url"].is_null()));
    let all = tenant.get("/v1/reconnect-links").await;
    assert_eq!(list(&all, "data").len(), 2, "no link was made twice");
    let refused = json!({ "within_days": 0 });
    let (status, problem) = tenant.post("/v1/reconnect-plan", &refused).await;
    assert_eq!((status, problem_code(&problem)), (422, "invalid_request"));
}

async fn a_link_of_a_plan_is_shown_as_it_is_read_later(database: TestDatabase) {
    let (harness, tenant) = served_by_two(database).await;
    let ends_at = harness.clock.now() + Duration::hours(5) + Duration::nanoseconds(1_234_567);
    let order = json!({ "within_days": 100, "ends_at": ends_at.to_rfc3339() });
    let (status, made) = tenant.post("/v1/reconnect-plan", &order).await;
    assert_eq!(status, 201, "{made}");
    let links = list(&made, "data");
    assert_eq!(links.len(), 2, "{made}");
    for link in links {
        let id = link["id"].as_str().expect("an id");
        let read = tenant.get(&format!("/v1/reconnect-links/{id}")).await;
        let mut shown = link.clone();
        shown.as_object_mut().expect("a link").remove("url");
        assert_eq!(shown, read);
    }
}

/// Statements that let the database refuse links of a person, and that end this.
fn refuse_links_of(person: &str, kind: Kind) -> (String, &'static str) {
    match kind {
        Kind::Sqlite => (
            format!(
                "CREATE TRIGGER refuse_link BEFORE INSERT ON links WHEN NEW.person_id = '{person}'
                 BEGIN SELECT RAISE(ABORT, 'refused'); END"
            ),
            "DROP TRIGGER refuse_link",
        ),
        Kind::Postgres => (
            format!(
                "CREATE FUNCTION refuse_link() RETURNS trigger LANGUAGE plpgsql
                     AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
                 CREATE TRIGGER refuse_link BEFORE INSERT ON links FOR EACH ROW
                     WHEN (NEW.person_id = '{person}') EXECUTE FUNCTION refuse_link()"
            ),
            "DROP TRIGGER refuse_link ON links",
        ),
    }
}

async fn a_plan_whose_links_cannot_all_be_made_has_none_and_its_repetition_has_all_addresses(
    database: TestDatabase,
) {
    let (harness, tenant) = served_by_two(database).await;
    let key = "k".repeat(255);
    let call = async || {
        let call = tenant.call(reqwest::Method::POST, "/v1/reconnect-plan");
        let order = json!({ "within_days": 100 });
        let call = call.header("Idempotency-Key", &key).json(&order);
        let answer = call.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json::<Value>().await.expect("json"))
    };
    let (refuse, accept) = refuse_links_of(&Fleet::person_of(2), harness.database.kind());
    harness.database.run_as_superuser(&refuse).await;
    let (status, problem) = call().await;
    assert_eq!(status, 500, "the second link is refused: {problem}");
    let all = tenant.get("/v1/reconnect-links").await;
    assert_eq!(list(&all, "data").len(), 0, "{all}");

    harness.database.run_as_superuser(accept).await;
    let (status, made) = call().await;
    assert_eq!(status, 201, "{made}");
    let links = list(&made, "data");
    assert_eq!(links.len(), 2, "{made}");
    assert!(links.iter().all(|it| it["url"].is_string()), "{made}");
    let all = tenant.get("/v1/reconnect-links").await;
    assert_eq!(list(&all, "data").len(), 2, "{all}");
}
