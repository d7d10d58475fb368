//! The forms in which a log-in is handed over.

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::{OF_CLIENT, OF_SESSION, Stage, by_code, by_token, fields};
use crate::harness::{APP, Fleet, on_both, problem_code};

on_both!(
    both_or_neither_is_refused_and_named,
    a_tenant_decides_in_which_forms_its_sessions_hand_over,
    an_app_says_how_it_sends_people_to_the_log_in,
);

async fn both_or_neither_is_refused_and_named(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    for login in [json!({}), json!({ "code": "AQ", "access_token": "E" })] {
        let (status, problem) = page.post(OF_SESSION, &login).await;
        assert_eq!((status, problem_code(&problem)), (422, "invalid_request"));
        assert_eq!(fields(&problem), ["code", "access_token"]);
    }
    let consent = "cns_00000000000070008000000000000000";
    for path in ["/v1/reconnects", "/v1/reconnect-previews"] {
        for order in [
            json!({ "asset_ids": ["1"] }),
            json!({ "asset_ids": ["1"], "access_token": "E", "consent_id": consent }),
        ] {
            let (status, problem) = page.post(path, &order).await;
            assert_eq!((status, problem_code(&problem)), (422, "invalid_request"));
            assert_eq!(fields(&problem), ["access_token", "consent_id"]);
        }
        let order = json!({ "asset_ids": ["1"], "consent_id": "cns_1" });
        let (status, problem) = page.post(path, &order).await;
        assert_eq!((status, fields(&problem)), (422, vec!["consent_id"]));
    }
    assert_eq!(stage.exchanges().await, 0);
}

async fn a_tenant_decides_in_which_forms_its_sessions_hand_over(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (page, ids) = (stage.page().await, stage.fleet.ids());
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    stage.accept(json!(["hosted", "code"])).await;
    let raw = json!({ "access_token": token, "asset_ids": ids });
    for (path, body) in [
        (OF_SESSION, by_token(&token)),
        ("/v1/reconnect-previews", raw.clone()),
        ("/v1/reconnects", raw),
    ] {
        let (status, problem) = page.post(path, &body).await;
        assert_eq!(
            (status, problem_code(&problem)),
            (403, "consent_form_not_allowed"),
            "{path}"
        );
    }
    let consent = page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
    assert_eq!(page.reconnect(&consent, &ids).await.0, 200);
    let (status, given) = stage.tenant.post(OF_CLIENT, &by_token(&token)).await;
    assert_eq!(status, 201, "a client is not a browser: {given}");

    stage.accept(json!(["token"])).await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let before = stage.exchanges().await;
    let (status, problem) = page.post(OF_SESSION, &login).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (403, "consent_form_not_allowed")
    );
    assert_eq!(stage.exchanges().await, before, "the code was not sent");
    page.give(&by_token(&token)).await;

    let path = format!("/tenants/{}", stage.tenant.id);
    for wrong in [json!([]), json!(["cookie"])] {
        let (status, problem) = stage.owner.patch(&path, &json!({ "accept": wrong })).await;
        assert_eq!((status, problem_code(&problem)), (422, "invalid_request"));
    }
}

async fn an_app_says_how_it_sends_people_to_the_log_in(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let path = format!("/apps/{APP}");
    let (_, app) = stage.owner.get(&path).await;
    assert_eq!(
        (&app["login_config_id"], &app["login_scopes"]),
        (&json!(null), &json!([]))
    );
    let settings = json!({
        "login_config_id": "123456789012345", "login_scopes": ["pages_show_list"],
        "dialog_base_url": "http://127.0.0.1:8090", "landing_url": "https://provider.example.com/login?from=meta",
    });
    let (status, changed) = stage.owner.patch(&path, &settings).await;
    assert_eq!(status, 200, "{changed}");
    for (field, value) in settings.as_object().expect("an object") {
        assert_eq!(&changed[field], value);
    }
    let (_, changed) = stage
        .owner
        .patch(&path, &json!({ "landing_url": null }))
        .await;
    assert_eq!(
        (&changed["landing_url"], &changed["login_config_id"]),
        (&json!(null), &json!("123456789012345")),
        "what is absent stays"
    );
    for (field, wrong) in [
        ("login_config_id", json!("a/../b")),
        ("login_scopes", json!(["Pages"])),
        ("dialog_base_url", json!("http://www.facebook.com")),
        ("landing_url", json!("javascript:alert(1)")),
    ] {
        let (status, problem) = stage.owner.patch(&path, &json!({ field: wrong })).await;
        assert_eq!(status, 422, "{problem}");
        assert!(fields(&problem)[0].starts_with(field), "{problem}");
    }
}
