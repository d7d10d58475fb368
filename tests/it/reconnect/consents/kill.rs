//! SIGKILL between the exchange of a code and the sealing of its token, and no secret in what is left.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{OF_CLIENT, by_token};
use crate::{
    credentials::hits,
    harness::{APP, Fleet, SECRET, ServerProcess, Tenant, problem_code},
};

async fn code(server: &ServerProcess) -> String {
    let login = json!({ "person": Fleet::PERSON, "app": APP });
    let answer = server.sandbox.post("codes", login).await;
    answer["code"].as_str().expect("a code").to_owned()
}

async fn exchanges(server: &ServerProcess) -> u64 {
    let calls = server.sandbox.calls().await;
    calls["code_exchanges"].as_u64().expect("a number")
}

async fn a_kill_after_the_exchange_spends_the_code_and_loses_nothing_else(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "trace").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    let (status, kept) = tenant.post(OF_CLIENT, &by_token(&token)).await;
    assert_eq!(status, 201, "{kept}");

    let code = code(&server).await;
    let slow = json!({ "match": { "path": "debug_token" }, "effect": { "latency_ms": 5_000 } });
    server.sandbox.fault(slow).await;
    let (caller, login) = (tenant.clone(), json!({ "code": code }));
    let call = tokio::spawn(async move {
        let call = caller.call(reqwest::Method::POST, OF_CLIENT).json(&login);
        call.send().await.is_ok()
    });
    for _ in 0..500 {
        if exchanges(&server).await == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server.kill().await;
    assert!(!call.await.expect("the call ends"), "no answer came");
    server.sandbox.clear_faults().await;
    server.restart().await;
    let tenant = Tenant::with_secret(
        &server.api,
        tenant.id,
        tenant.client_id,
        tenant.client_secret,
    )
    .await;
    for _ in 0..2 {
        let (status, problem) = tenant.post(OF_CLIENT, &json!({ "code": code })).await;
        assert_eq!((status, problem_code(&problem)), (422, "code_spent"));
    }
    assert_eq!(exchanges(&server).await, 1, "the code was sent once");
    assert_eq!(
        tenant.get(OF_CLIENT).await["data"],
        json!([kept]),
        "the consent from before is there, and no half of another"
    );
    let order = json!({
        "consent_id": kept["consent_id"], "asset_ids": fleet.ids(), "wait_seconds": 60,
    });
    let (_, ended) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(ended["counts"], json!({ "replaced": fleet.ids().len() }));
    assert_eq!(server.integrity().await, "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_after_the_exchange_spends_the_code() {
    for database in TestDatabase::create_all().await {
        Box::pin(a_kill_after_the_exchange_spends_the_code_and_loses_nothing_else(database)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_code_and_no_token_is_logged_stored_or_answered() {
    for database in TestDatabase::create_all().await {
        Box::pin(nothing_leaks(database)).await;
    }
}

async fn nothing_leaks(database: TestDatabase) {
    let fleet = Fleet::new(1, 3, 1);
    let mut server = ServerProcess::start(database, &fleet.world(), "trace").await;
    let tenant = server.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    let (used, deleted, refused) = (
        code(&server).await,
        code(&server).await,
        code(&server).await,
    );
    let mut answers = Vec::new();
    let mut give = async |login: Value| {
        let (_, answer) = tenant.post(OF_CLIENT, &login).await;
        answers.push(answer.to_string());
        answer["consent_id"].as_str().map(ToOwned::to_owned)
    };
    let consent = give(json!({ "code": used })).await.expect("a consent");
    let gone = give(json!({ "code": deleted })).await.expect("a consent");
    let origin = "INSERT INTO tenant_origins (tenant_id, origin) SELECT id, 'https://app.example.com' FROM tenants";
    server.database().run_as_superuser(origin).await;
    let redirect = json!({ "code": refused, "redirect_uri": "https://app.example.com/" });
    assert!(give(redirect).await.is_none());
    let other = give(by_token(&token)).await.expect("a consent");
    assert!(give(json!({ "code": used })).await.is_none());
    let path = format!("{OF_CLIENT}/{gone}");
    let call = tenant.call(reqwest::Method::DELETE, &path);
    assert_eq!(call.send().await.expect("an answer").status(), 204);
    for consent in [&consent, &other] {
        let order = json!({
            "consent_id": consent, "asset_ids": fleet.ids(), "wait_seconds": 60,
        });
        let (_, preview) = tenant
            .post("/v1/reconnect-previews", &order_without_wait(&order))
            .await;
        let (_, ended) = tenant.post("/v1/reconnects", &order).await;
        answers.extend([preview.to_string(), ended.to_string()]);
    }
    answers.push(tenant.get("/v1/audit-events?limit=200").await.to_string());
    let secrets = [
        ("a code that was used", used),
        ("a code whose consent was deleted", deleted),
        ("a code that was refused", refused),
        ("a token", token),
        ("the app secret", SECRET.to_owned()),
    ];
    let found = hits(answers.join("\n").as_bytes(), &secrets);
    assert!(found.is_empty(), "an answer has {found:?}");
    for (name, bytes) in server.stored().await {
        let found = hits(&bytes, &secrets);
        assert!(found.is_empty(), "{name} has {found:?}");
    }
    let printed = server.stop().await;
    assert!(printed.len() > 1_000, "it logs at the level trace");
    let found = hits(printed.as_bytes(), &secrets);
    assert!(found.is_empty(), "the log has {found:?}");
}

fn order_without_wait(order: &Value) -> Value {
    json!({ "consent_id": order["consent_id"], "asset_ids": order["asset_ids"] })
}
