//! Reconnects and previews that a page starts with its session.

use regrant_domain::Permission;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Page, Stage, answer, order};
use crate::harness::{APP, Fleet, on_both, problem_code};

on_both!(
    a_page_replaces_the_tokens_of_its_assets_and_follows_them,
    a_page_previews_its_assets_and_no_others,
    a_session_limits_the_number_of_previews,
    each_accepted_reconnect_takes_one_use_and_a_repeat_takes_none,
    concurrent_reconnects_take_no_more_uses_than_the_session_has,
    a_session_accepts_only_tokens_of_its_person,
    a_page_undoes_its_own_reconnects_and_no_others,
    a_session_has_a_limit_of_undos,
    what_a_page_does_counts_as_a_use_of_its_clients_scopes,
);

async fn a_page_replaces_the_tokens_of_its_assets_and_follows_them(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let (status, current) = page.get("/v1/reconnect-sessions/current").await;
    assert_eq!(
        (status, current["assets"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{current}"
    );
    assert!(
        current.get("token").is_none() && current["open"] == json!(true),
        "{current}"
    );

    let ids = stage.fleet.ids();
    let (status, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    assert_eq!(status, 200, "{ended}");
    for (n, item) in ended["items"].as_array().expect("items").iter().enumerate() {
        let wanted = if n < 2 { "replaced" } else { "unknown_asset" };
        assert_eq!(
            item["outcome"], wanted,
            "asset {n} of a session that reaches two: {item}"
        );
    }
    let id = ended["id"].as_str().expect("an id");
    assert_eq!(page.get(&format!("/v1/reconnects/{id}")).await.0, 200);
    let (status, events) = page.get(&format!("/v1/reconnects/{id}/events")).await;
    assert_eq!(status, 200);
    assert!(
        events
            .as_str()
            .unwrap_or_default()
            .contains("event: reconnect"),
        "{events}"
    );
    let cancel = page.call(Method::POST, &format!("/v1/reconnects/{id}/cancel"));
    assert_eq!(problem_code(&answer(cancel).await.1), "reconnect_ended");

    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    let actors: Vec<_> = audit["data"].as_array().expect("rows").iter().collect();
    let by = |action: &str| {
        actors
            .iter()
            .find(|it| it["action"] == action)
            .map(|it| it["actor"].clone())
    };
    assert_eq!(
        by("reconnect.accepted"),
        Some(json!(format!("session:{}", page.id())))
    );
    assert_eq!(
        by("reconnect_session.opened"),
        Some(json!(format!("client:{}", stage.tenant.client_id)))
    );
    assert!(!audit.to_string().contains(&page.token));
}

async fn a_page_previews_its_assets_and_no_others(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, whole) = (stage.fleet.ids(), stage.token(Fleet::PERSON).await);
    stage.tenant.reconnect(&whole, &ids).await;
    let page = stage.page().await;
    let narrow = json!({ "person": Fleet::PERSON, "app": APP, "assets": &ids[..1] });
    let narrow = stage.harness.sandbox.token_of(narrow).await;
    let (status, preview) = page.preview(&narrow, &ids).await;
    assert_eq!(status, 200, "{preview}");
    assert_eq!(
        preview["items"][2]["reason"]["code"], "unknown_asset",
        "it is out of the page's reach"
    );
    let (_, preview) = page.preview(&narrow, &ids[..1]).await;
    let siblings = preview["siblings"].as_array().expect("siblings");
    let named: Vec<_> = siblings.iter().map(|it| &it["asset_id"]).collect();
    assert_eq!(
        named,
        [&json!(ids[1])],
        "losses beyond the page's assets are not shown: {preview}"
    );
    assert_eq!(preview["more_siblings"], true, "that there are some is");
    assert_eq!(preview["left_out_count"], 1, "they are not counted");
    assert_eq!(page.uses_left().await, 5, "a preview takes no use");
    let (_, own) = page.get("/v1/reconnect-previews").await;
    assert_eq!(own["data"][0]["id"], preview["id"], "the newest first");
    assert_eq!(own["data"].as_array().map(Vec::len), Some(2));
    let (_, others) = stage.page().await.get("/v1/reconnect-previews").await;
    assert_eq!(others["data"], json!([]), "another page sees none of them");
    let (_, whole) = page.preview(&whole, &ids[..1]).await;
    assert_eq!(whole["more_siblings"], false, "{whole}");
}

async fn a_session_limits_the_number_of_previews(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (
        stage.fleet.ids()[..1].to_vec(),
        stage.token(Fleet::PERSON).await,
    );
    let page = stage.page().await;
    for left in (17..20).rev() {
        assert_eq!(page.preview(&token, &ids).await.0, 200);
        let current = page.get("/v1/reconnect-sessions/current").await.1;
        assert_eq!(current["previews_left"], left);
    }
    assert_eq!(
        page.preview("EAAB-cut-off", &ids).await.0,
        422,
        "a refused preview counts, too"
    );
    for _ in 0..16 {
        assert_eq!(page.preview(&token, &ids).await.0, 200);
    }
    let (status, problem) = page.preview(&token, &ids).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_used_up"));
    let (status, ended) = page.reconnect(&order(&token, &ids)).await;
    assert_eq!(
        (status, &ended["counts"]),
        (200, &json!({ "replaced": 1 })),
        "it may still replace"
    );
}

async fn each_accepted_reconnect_takes_one_use_and_a_repeat_takes_none(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage.open(json!({ "asset_ids": ids, "uses": 2 })).await;
    let good = order(&stage.token(Fleet::PERSON).await, &ids);
    let once = || {
        page.call(Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", "once")
            .json(&good)
    };
    let (first, again) = (answer(once()).await, answer(once()).await);
    assert_eq!((first.0, &first.1["id"]), (200, &again.1["id"]));
    assert_eq!(page.uses_left().await, 1, "a repeat takes none");

    let (status, problem) = page.reconnect(&order("EAAB-cut-off", &ids)).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(
        page.uses_left().await,
        0,
        "a refused token does not give its use back"
    );
    let (status, problem) = page.reconnect(&good).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_used_up"));
    assert_eq!(
        answer(once()).await.1["id"],
        first.1["id"],
        "the accepted reconnect is still returned"
    );
    let (_, malformed) = page
        .reconnect(&json!({ "access_token": "E", "asset_ids": [] }))
        .await;
    assert_eq!(problem_code(&malformed), "invalid_request");
}

async fn concurrent_reconnects_take_no_more_uses_than_the_session_has(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage.open(json!({ "asset_ids": ids, "uses": 3 })).await;
    let body = order(&stage.token(Fleet::PERSON).await, &ids);
    let calls = (0..20).map(|_| page.reconnect(&body));
    let answers = futures_util::future::join_all(calls).await;
    let accepted = answers
        .iter()
        .filter(|(status, _)| *status == 200 || *status == 202)
        .count();
    let used_up = answers
        .iter()
        .filter(|(_, problem)| problem_code(problem) == "session_used_up")
        .count();
    assert_eq!((accepted, used_up), (3, 17));
}

async fn a_session_accepts_only_tokens_of_its_person(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage
        .open(json!({ "asset_ids": ids, "person_id": Fleet::PERSON }))
        .await;
    assert_eq!(page.opened["require_person"], json!(true));
    let (status, problem) = page
        .reconnect(&order(&stage.token(Fleet::MANAGED).await, &ids))
        .await;
    assert_eq!(
        (status, problem_code(&problem)),
        (422, "token_of_another_person"),
        "{problem}"
    );
    let mut other = order(&stage.token(Fleet::PERSON).await, &ids);
    other["expect_person"] = json!(Fleet::MANAGED);
    let (status, problem) = page.reconnect(&other).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("expect_person")),
        "{problem}"
    );
    assert_eq!(
        page.uses_left().await,
        4,
        "the body that named another took none"
    );
    let asset = stage.tenant.get(&format!("/v1/assets/{}", ids[0])).await;
    assert_eq!(
        asset["slots"]["active"],
        Value::Null,
        "nothing was replaced: {asset}"
    );
    let (status, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    assert_eq!(
        (status, &ended["counts"]),
        (200, &json!({ "replaced": 1 })),
        "{ended}"
    );

    let open = stage
        .open(json!({ "asset_ids": ids, "person_id": Fleet::PERSON, "require_person": false }))
        .await;
    let (status, ended) = open
        .reconnect(&order(&stage.token(Fleet::MANAGED).await, &ids))
        .await;
    assert_eq!(status, 200, "{ended}");
}

async fn a_page_undoes_its_own_reconnects_and_no_others(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..2].to_vec();
    let first = stage.token(Fleet::PERSON).await;
    stage.tenant.reconnect(&first, &ids).await;
    let (page, other) = (stage.page().await, stage.page().await);
    let (_, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 2 }), "{ended}");
    let path = format!(
        "/v1/reconnects/{}/undo",
        ended["id"].as_str().expect("an id")
    );
    let undo = |page: &Page| {
        let call = page.call(Method::POST, &path);
        answer(call.json(&json!({ "wait_seconds": 60 })))
    };
    assert_eq!(undo(&other).await.0, 404, "another session's reconnect");
    let uses = page.uses_left().await;
    let (status, undone) = undo(&page).await;
    assert_eq!(
        (status, &undone["counts"]),
        (200, &json!({ "restored": 2 })),
        "{undone}"
    );
    assert_eq!(page.uses_left().await, uses, "an undo takes no use");
    let id = undone["id"].as_str().expect("an id");
    assert_eq!(page.get(&format!("/v1/reconnects/{id}")).await.0, 200);
    assert_eq!(other.get(&format!("/v1/reconnects/{id}")).await.0, 404);
}

async fn a_session_has_a_limit_of_undos(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let first = stage.token(Fleet::PERSON).await;
    stage.tenant.reconnect(&first, &ids).await;
    let page = stage.page().await;
    let (_, mut last) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    let undo = async |last: &Value| {
        let id = last["id"].as_str().expect("an id");
        let call = page.call(Method::POST, &format!("/v1/reconnects/{id}/undo"));
        answer(call.json(&json!({ "wait_seconds": 60 }))).await
    };
    for _ in 0..20 {
        let (status, undone) = undo(&last).await;
        assert_eq!(status, 200, "{undone}");
        last = undone;
    }
    let (status, problem) = undo(&last).await;
    assert_eq!((status, problem_code(&problem)), (409, "session_used_up"));
}

/// A backend that only opens sessions never calls the routes that their pages do.
async fn what_a_page_does_counts_as_a_use_of_its_clients_scopes(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let token = stage.token(Fleet::PERSON).await;
    let (status, preview) = page.preview(&token, &stage.fleet.ids()[..1]).await;
    assert_eq!(status, 200, "{preview}");
    let tenant = stage.tenant.id.parse().expect("an id");
    let client = stage.tenant.client_id.parse().expect("an id");
    for _ in 0..200 {
        let view = stage.harness.vault.find_client(tenant, client).await;
        let uses = view.expect("the client").scopes_used;
        if uses
            .iter()
            .any(|(scope, at)| *scope == Permission::ReconnectsPreview && at.is_some())
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the use was not recorded");
}
