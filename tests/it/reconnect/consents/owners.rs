//! A consent is its owner's alone, and of the right person, app and kind.

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{OF_CLIENT, OF_SESSION, Stage, answer, by_code, by_token};
use crate::harness::{APP, Fleet, OTHER_APP, Tenant, on_both, problem_code};

on_both!(
    a_consent_of_another_owner_answers_like_an_unknown_one,
    a_consent_whose_row_was_moved_to_another_owner_does_not_open,
    a_log_in_of_another_person_keeps_nothing,
    a_token_that_cannot_serve_keeps_nothing,
    an_outage_refuses_no_token,
);

const UNKNOWN: &str = "cns_00000000000070008000000000000000";

async fn a_consent_of_another_owner_answers_like_an_unknown_one(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let of_page = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (_, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    let of_client = given["consent_id"].as_str().expect("an id");
    let (neighbour, stranger) = (stage.page().await, stage.harness.tenant("Two").await);
    stranger.register(&stage.fleet.assets()).await;
    let order = |consent: &str| json!({ "consent_id": consent, "asset_ids": ids });
    for path in ["/v1/reconnects", "/v1/reconnect-previews"] {
        let asks = async |consent: &str| {
            [
                same(neighbour.post(path, &order(consent)).await),
                same(stranger.post(path, &order(consent)).await),
            ]
        };
        let unknown = asks(UNKNOWN).await;
        assert_eq!(asks(&of_page).await, unknown);
        assert_eq!(asks(of_client).await, unknown);
        let by_its_client = same(stage.tenant.post(path, &order(&of_page)).await);
        assert_eq!(
            by_its_client, unknown[1],
            "the session's is not the client's"
        );
    }
    let read = async |caller: &Tenant, method: &Method, consent: &str| {
        same(answer(caller.call(method.clone(), &format!("{OF_CLIENT}/{consent}"))).await)
    };
    for method in [Method::GET, Method::DELETE] {
        let unknown = read(&stranger, &method, UNKNOWN).await;
        assert_eq!(unknown.0, 404);
        assert_eq!(read(&stranger, &method, of_client).await, unknown);
        assert_eq!(read(&stage.tenant, &method, &of_page).await, unknown);
    }
    assert_eq!(
        page.preview(&of_page, &ids).await.0,
        200,
        "they are untouched"
    );
}

/// The answer without its request id.
fn same((status, mut body): (u16, Value)) -> (u16, Value) {
    body["request_id"] = Value::Null;
    (status, body)
}

async fn a_consent_whose_row_was_moved_to_another_owner_does_not_open(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let (neighbour, consent) = (
        stage.page().await,
        page.give(&by_code(&stage.code(Fleet::PERSON).await)).await,
    );
    let update = async |set: String| {
        let sql = format!("UPDATE consents SET {set}");
        stage.harness.database.run_as_superuser(&sql).await;
    };
    let id: regrant_domain::ReconnectSessionId = neighbour.id.parse().expect("an id");
    let literal = if stage.harness.database.url().starts_with("sqlite") {
        format!("x'{}'", id.uuid().simple())
    } else {
        format!("'{}'", id.uuid())
    };
    update(format!("owner_id = {literal}")).await;
    assert_eq!(neighbour.preview(&consent, &ids).await.0, 500);
    let longer = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    update("ends_at = ends_at + 1".to_owned()).await;
    assert_eq!(page.preview(&longer, &ids).await.0, 500);
}

async fn a_log_in_of_another_person_keeps_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.open(json!({ "person_id": Fleet::MANAGED })).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    for login in [by_token(&token), by_code(&stage.code(Fleet::PERSON).await)] {
        let (status, problem) = page.post(OF_SESSION, &login).await;
        assert_eq!(
            (status, problem_code(&problem)),
            (422, "token_of_another_person")
        );
        assert_eq!(page.get(OF_SESSION).await.0, 404);
    }
    page.give(&by_code(&stage.code(Fleet::MANAGED).await)).await;
    let (status, problem) = page.post(OF_SESSION, &by_token(&token)).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (422, "token_of_another_person")
    );
    assert_eq!(
        page.get(OF_SESSION).await.1["person"]["id"],
        Fleet::MANAGED,
        "the consent before it stays"
    );
}

async fn a_token_that_cannot_serve_keeps_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let sandbox = &stage.harness.sandbox;
    let foreign = json!({ "person": Fleet::PERSON, "app": OTHER_APP });
    let foreign = sandbox.token_of(foreign).await;
    let dead = sandbox.token(Fleet::PERSON).await;
    sandbox.revoke(&dead).await;
    for (token, code) in [
        (foreign.as_str(), "token_of_another_app"),
        (dead.as_str(), "token_dead"),
        ("EAABnone", "token_undecipherable"),
    ] {
        let (status, problem) = stage.tenant.post(OF_CLIENT, &by_token(token)).await;
        assert_eq!((status, problem_code(&problem)), (422, code));
        assert!(!problem.to_string().contains(token));
    }
    let page = sandbox
        .post("tokens", json!({ "person": Fleet::PERSON, "app": APP }))
        .await;
    assert!(page["access_token"].is_string());
    assert_eq!(stage.tenant.get(OF_CLIENT).await["data"], json!([]));
    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    let refused = audit["data"].as_array().expect("rows").iter();
    let refused = refused
        .filter(|it| it["action"] == "consent.refused")
        .count();
    assert_eq!(refused, 3);
}

async fn an_outage_refuses_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let down = json!({
        "match": { "path": "debug_token" }, "effect": { "status": 503, "body": "down" },
    });
    stage.harness.sandbox.fault(down).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (status, problem) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    assert_eq!((status, problem_code(&problem)), (503, "graph_unavailable"));
    stage.harness.sandbox.clear_faults().await;
    assert_eq!(stage.tenant.post(OF_CLIENT, &by_token(&token)).await.0, 201);
}
