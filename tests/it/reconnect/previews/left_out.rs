//! What a log-in leaves out of what the log-in before it reached, why, and what of it is in use.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{Stage, items};
use crate::harness::{APP, Fleet, on_both};

on_both!(
    what_was_not_ticked_differs_from_what_the_person_has_no_access_to,
    a_declined_permission_leaves_out_every_asset_that_needs_it,
    an_asset_in_use_is_marked,
    another_persons_log_in_leaves_nothing_out,
);

async fn what_was_not_ticked_differs_from_what_the_person_has_no_access_to(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let pages = stage.pages();
    let accounts = stage.of_kind("ad_account");
    let (unticked, unnamed, lost) = (&pages[0], &pages[1], &accounts[0]);
    let ticked: Vec<_> = ids
        .iter()
        .filter(|it| ![unticked, unnamed].contains(it))
        .collect();
    let token = stage.token_for(&json!(ticked)).await;
    let error = json!({ "code": 100, "subcode": 33, "message": "Unsupported get request." });
    let fault =
        json!({ "match": { "asset": lost, "batch_item": true }, "effect": { "error": error } });
    stage.harness.sandbox.fault(fault).await;
    let named: Vec<_> = ids.iter().filter(|it| *it != unnamed).cloned().collect();
    let preview = stage.preview(&token, &named).await;
    let found = [unticked, unnamed, lost].map(|it| {
        let asset = left_out(&preview, it);
        (asset["cause"].clone(), asset["is_named"].clone())
    });
    assert_eq!(
        found,
        [
            (json!("not_ticked"), json!(true)),
            (json!("not_ticked"), json!(false)),
            (json!("no_access"), json!(true)),
        ],
        "{preview}"
    );
    assert_eq!(preview["left_out_count"], 3, "{preview}");
    let siblings: Vec<_> = preview["siblings"]
        .as_array()
        .expect("siblings")
        .iter()
        .collect();
    assert_eq!(siblings.len(), 1, "{siblings:?}");
    assert_eq!(siblings[0]["asset_id"], **unnamed);
    assert_eq!(items(&preview).len(), named.len());
}

async fn a_declined_permission_leaves_out_every_asset_that_needs_it(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let scopes = ["business_management", "ads_management", "ads_read"];
    let order = json!({ "person": Fleet::PERSON, "app": APP, "scopes": scopes });
    let token = stage.harness.sandbox.token_of(order).await;
    let preview = stage.preview(&token, &stage.fleet.ids()).await;
    for page in stage.pages() {
        assert_eq!(left_out(&preview, &page)["cause"], "permission_missing");
    }
    let all = preview["left_out"].as_array().expect("a list");
    for id in stage.of_kind("ad_account") {
        assert!(all.iter().all(|it| it["asset_id"] != id), "{id}");
    }
}

async fn an_asset_in_use_is_marked(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let pages = stage.pages();
    let (used, idle) = (&pages[0], &pages[1]);
    stage.tenant.tokens(std::slice::from_ref(used)).await;
    let ids = stage.fleet.ids();
    let ticked: Vec<_> = ids.iter().filter(|it| ![used, idle].contains(it)).collect();
    let token = stage.token_for(&json!(ticked)).await;
    let preview = stage.preview(&token, &ids).await;
    let marks = [used, idle].map(|it| left_out(&preview, it)["is_used"].clone());
    assert_eq!(marks, [json!(true), json!(false)], "{preview}");
    assert!(left_out(&preview, used)["last_read_at"].is_string());
    stage.harness.clock.advance_by(chrono::Duration::days(31));
    let tenant = stage.tenant.log_in_again().await;
    let order = json!({ "access_token": stage.token_for(&json!(ticked)).await, "asset_ids": ids });
    let (_, later) = tenant.post("/v1/reconnect-previews", &order).await;
    assert_eq!(
        left_out(&later, used)["is_used"],
        json!(false),
        "a month later"
    );
}

async fn another_persons_log_in_leaves_nothing_out(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let preview = stage
        .preview(&stage.managed().await, &stage.fleet.ids())
        .await;
    assert_eq!(
        (&preview["left_out"], &preview["counts"]["would_park"]),
        (&json!([]), &json!(7)),
        "{preview}"
    );
}

impl Stage {
    fn pages(&self) -> Vec<String> {
        self.of_kind("page")
    }

    fn of_kind(&self, kind: &str) -> Vec<String> {
        let assets = self.fleet.assets().into_iter();
        let found = assets.filter(|it| it["kind"] == kind);
        found
            .map(|it| it["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// A token of the person for whom only these assets were ticked.
    async fn token_for(&self, assets: &Value) -> String {
        let order = json!({ "person": Fleet::PERSON, "app": APP, "assets": assets });
        self.harness.sandbox.token_of(order).await
    }
}

fn left_out<'a>(preview: &'a Value, id: &str) -> &'a Value {
    let all = preview["left_out"].as_array().expect("a list");
    let found = all.iter().find(|it| it["asset_id"] == id);
    found.unwrap_or_else(|| panic!("{id} is not left out: {preview}"))
}
