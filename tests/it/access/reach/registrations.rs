//! Registrations by a confined client: within its list, and with no words of its own about businesses.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{World, answer};
use crate::harness::{business, ids, on_both};

on_both!(
    a_confined_client_registers_within_its_reach_or_nothing,
    a_confined_client_cannot_bring_a_page_into_its_reach_by_naming_its_business,
    a_registration_answers_alike_for_an_asset_out_of_reach_and_for_an_unknown_one,
);

/// Registers an asset of the business it reaches together with `asset`; returns the status and the problem's type.
async fn register_with(world: &World, asset: &Value) -> (u16, Value) {
    let own = ids(&world.fleet.assets_of(1))[1].clone();
    let order = json!({ "assets": [{ "id": own, "kind": "page", "name": "Mine" }, asset] });
    answer(&world.confined, Method::POST, "/v1/assets", &order).await
}

async fn a_confined_client_registers_within_its_reach_or_nothing(database: TestDatabase) {
    let world = World::on(database).await;
    let (one, two) = (business(1), business(2));
    let own = ids(&world.fleet.assets_of(1))[1].clone();
    let listed = ids(&world.fleet.assets_of(2))[1].clone();
    for (why, asset) in [
        (
            "new, of the business that it reaches",
            json!({ "id": "32", "kind": "page", "business_id": one }),
        ),
        (
            "new, of another business",
            json!({ "id": "32", "kind": "page", "business_id": two }),
        ),
        ("new, of no business", json!({ "id": "32", "kind": "page" })),
        (
            "existing and out of reach",
            json!({ "id": world.hidden(), "kind": "ad_account" }),
        ),
        (
            "existing, moved into reach",
            json!({ "id": world.hidden(), "kind": "ad_account", "business_id": one }),
        ),
        (
            "listed, moved to the business that it reaches",
            json!({ "id": listed, "kind": "page", "business_id": one }),
        ),
    ] {
        let (status, problem) = register_with(&world, &asset).await;
        assert_eq!(
            (status, &problem["type"]),
            (403, &json!("/problems/restricted")),
            "{why}"
        );
        let mine = world.whole.get(&format!("/v1/assets/{own}")).await;
        assert_eq!(mine["name"], Value::Null, "{why}: nothing changed");
    }
    for (id, business) in [(&world.hidden(), &two), (&listed, &two), (&own, &one)] {
        let asset = world.whole.get(&format!("/v1/assets/{id}")).await;
        assert_eq!(&asset["business_id"], business);
    }
    let known = json!({ "id": listed, "kind": "page", "name": "Theirs", "business_id": two });
    let (status, registered) = register_with(&world, &known).await;
    assert_eq!(status, 200, "{registered}");
    let mine = world.confined.get(&format!("/v1/assets/{own}")).await;
    assert_eq!(mine["name"], "Mine");
    // A listed asset that is gone may be created again, as an asset of no business.
    let path = format!("/v1/assets/{listed}");
    assert_eq!(
        answer(&world.whole, Method::DELETE, &path, &Value::Null)
            .await
            .0,
        204
    );
    assert_eq!(register_with(&world, &known).await.0, 403);
    let again = json!({ "id": listed, "kind": "page" });
    assert_eq!(register_with(&world, &again).await.0, 200);
    assert_eq!(world.whole.get(&path).await["business_id"], Value::Null);
}

async fn a_confined_client_cannot_bring_a_page_into_its_reach_by_naming_its_business(
    database: TestDatabase,
) {
    let world = World::on(database).await;
    let page = ids(&world.fleet.assets_of(2))[1].clone();
    let foreign = super::confine(&world.harness, &world.whole, &[], &[&business(1)]).await;
    let path = format!("/v1/assets/{page}");
    assert_eq!(
        answer(&world.whole, Method::DELETE, &path, &Value::Null)
            .await
            .0,
        204
    );
    let claim = json!({ "assets": [{ "id": page, "kind": "page", "business_id": business(1) }] });
    let (status, problem) = answer(&foreign, Method::POST, "/v1/assets", &claim).await;
    assert_eq!(
        (status, &problem["type"]),
        (403, &json!("/problems/restricted"))
    );
    // The tenant's own backend registers the page without a business, and serves it.
    let plain = json!({ "assets": [{ "id": page, "kind": "page" }] });
    assert_eq!(world.whole.post("/v1/assets", &plain).await.0, 200);
    let order = json!({ "access_token": world.token().await, "select": {}, "wait_seconds": 60 });
    let (_, reconnect) = world.whole.post("/v1/reconnects", &order).await;
    world
        .whole
        .ended(reconnect["id"].as_str().expect("an id"))
        .await;
    assert_eq!(world.whole.status(&format!("{path}/token")).await, 200);
    assert_eq!(foreign.status(&format!("{path}/token")).await, 404);
    assert_eq!(
        answer(&foreign, Method::POST, "/v1/assets", &claim).await.0,
        403
    );
    assert_eq!(foreign.status(&format!("{path}/token")).await, 404);
}

async fn a_registration_answers_alike_for_an_asset_out_of_reach_and_for_an_unknown_one(
    database: TestDatabase,
) {
    let world = World::on(database).await;
    for business_id in [Value::Null, json!(business(1)), json!(business(2))] {
        for kind in ["ad_account", "page"] {
            let of = |id: &str| json!({ "id": id, "kind": kind, "business_id": business_id });
            let hidden = world.hidden().replace("act_", "");
            let theirs = register_with(&world, &of(&hidden)).await;
            assert_eq!(
                theirs,
                register_with(&world, &of("77777")).await,
                "{kind} of {business_id}"
            );
            assert_eq!(theirs.0, 403);
        }
    }
}
