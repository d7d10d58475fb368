//! Limits rest what they name and nothing else.

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::Case;
use crate::harness::{Fleet, on_both};

on_both!(a_limit_of_one_object_rests_that_object_alone);

async fn a_limit_of_one_object_rests_that_object_alone(database: TestDatabase) {
    let case = Case::start(database).await;
    let token = case.harness.sandbox.token(Fleet::PERSON).await;
    let limits = [
        (
            "ad_account",
            json!({ "code": 17, "subcode": 2_446_079, "minutes": 9, "header": "none" }),
        ),
        (
            "whatsapp_business_account",
            json!({ "code": 80_007, "minutes": 9, "header": "none" }),
        ),
        (
            "page",
            json!({ "code": 32, "minutes": 9, "header": "none" }),
        ),
        (
            "product_catalog",
            json!({ "code": 80_014, "minutes": 9, "header": "none" }),
        ),
        (
            "instagram_account",
            json!({ "code": 368, "minutes": 9, "header": "none" }),
        ),
    ];
    let mut resting = Vec::new();
    for (kind, throttle) in limits {
        let limited = case.asset(kind);
        let rule = json!({
            "match": { "asset": limited, "batch_item": true }, "effect": { "throttle": throttle }, "times": 1,
        });
        case.harness.sandbox.fault(rule).await;
        let order = json!({ "access_token": token, "asset_ids": [limited], "wait_seconds": 1 });
        let (_, running) = case.tenant.post("/v1/reconnects", &order).await;
        assert_eq!(
            running["items"][0]["outcome"], "deferred",
            "{kind}: {running}"
        );
        resting.push(limited);
        let mut others = case.ids.clone();
        others.retain(|it| !resting.contains(it));
        let others_count = others.len();
        let order = json!({ "access_token": token, "asset_ids": others, "wait_seconds": 30 });
        let (status, ended) = case.tenant.post("/v1/reconnects", &order).await;
        let done = ended["counts"]["replaced"].as_u64().unwrap_or(0)
            + ended["counts"]["unchanged"].as_u64().unwrap_or(0);
        assert_eq!(
            (status, done),
            (200, u64::try_from(others_count).expect("few")),
            "{kind}: {ended}"
        );
        let id = running["id"].as_str().expect("an id");
        case.tenant
            .post(&format!("/v1/reconnects/{id}/cancel"), &json!({}))
            .await;
        case.harness.sandbox.clear_faults().await;
    }
}
