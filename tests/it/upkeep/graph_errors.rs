//! Errors of Graph that Regrant does not know: operators see them with text and count.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, on_both};

on_both!(operators_see_each_unknown_error_once_with_its_count);

async fn operators_see_each_unknown_error_once_with_its_count(database: TestDatabase) {
    let fleet = Fleet::new(1, 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let (owner, support) = (harness.owner().await, harness.support().await);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let (_, none) = owner.get("/graph-errors").await;
    assert_eq!(none["data"], json!([]), "{none}");

    let page = fleet.ids()[1].clone();
    let strange = json!({ "error": { "code": 98_765, "subcode": 43_210, "message": format!("Strange page {page}") } });
    let fault = json!({ "match": { "asset": page, "batch_item": true }, "effect": strange });
    harness.sandbox.fault(fault).await;
    for count in 1..=2 {
        let check = format!("/v1/assets/{page}/check");
        let (status, checked) = tenant.post(&check, &json!({})).await;
        assert_eq!(status, 200, "{checked}");
        let (status, listed) = support.get("/graph-errors").await;
        assert_eq!(status, 200, "{listed}");
        let [only] = listed["data"].as_array().expect("a list").as_slice() else {
            panic!("{listed}")
        };
        assert_eq!(
            (
                &only["code"],
                &only["subcode"],
                &only["asset_kind"],
                &only["count"]
            ),
            (
                &json!(98_765),
                &json!(43_210),
                &json!("page"),
                &json!(count)
            ),
            "{only}"
        );
        let text = only["message"].as_str().expect("a text");
        assert!(text.contains("Strange page #"), "the id is masked: {text}");
    }
    let (_, second) = owner.get("/graph-errors?limit=1").await;
    assert_eq!(
        (&second["has_more"], &second["next_cursor"]),
        (&json!(false), &Value::Null)
    );
}
