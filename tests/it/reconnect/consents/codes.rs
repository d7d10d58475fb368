//! A code is sent to Meta once.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use super::{OF_CLIENT, OF_SESSION, PAGE, Page, Stage, answer, by_code, fields};
use crate::harness::{APP, Fleet, OTHER_APP, Options, on_both, problem_code};

on_both!(
    a_code_that_was_handed_over_is_spent,
    concurrent_calls_with_one_code_exchange_it_once,
    a_repeated_call_returns_the_consent_of_the_first,
    an_exchange_that_times_out_spends_the_code,
    an_answer_that_is_lost_after_the_exchange_spends_the_code,
    a_code_that_was_not_sent_is_as_good_as_before,
    a_code_that_meta_refuses_names_its_fault,
    a_redirect_of_an_origin_that_is_not_listed_is_refused_before_anything_is_sent,
    a_redirect_may_be_empty_or_absent,
);

async fn spent(page: &Page, login: &Value) {
    let (status, problem) = page.post(OF_SESSION, login).await;
    assert_eq!((status, problem_code(&problem)), (422, "code_spent"));
    assert_eq!(fields(&problem), ["code"]);
}

async fn a_code_that_was_handed_over_is_spent(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let consent = page.give(&login).await;
    spent(&page, &login).await;
    assert_eq!(
        page.get(OF_SESSION).await.1["consent_id"],
        json!(consent),
        "the consent stays"
    );
    answer(page.call(Method::DELETE, OF_SESSION)).await;
    spent(&page, &login).await;
    spent(&stage.page().await, &login).await;
    assert_eq!(stage.exchanges().await, 1);
}

async fn concurrent_calls_with_one_code_exchange_it_once(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let calls = (0..6).map(|_| page.post(OF_SESSION, &login));
    let answers = futures_util::future::join_all(calls).await;
    let given = answers.iter().filter(|it| it.0 == 201).count();
    assert_eq!(given, 1, "{answers:?}");
    assert_eq!(stage.exchanges().await, 1);
}

async fn a_repeated_call_returns_the_consent_of_the_first(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let send = async |key: &str| {
        let call = page.call(Method::POST, OF_SESSION).json(&login);
        answer(call.header("Idempotency-Key", key)).await
    };
    let first = send("one").await;
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(send("one").await, first);
    let (status, problem) = send("two").await;
    assert_eq!((status, problem_code(&problem)), (422, "code_spent"));

    let slow = json!({ "match": { "path": "debug_token" }, "effect": { "latency_ms": 1_500 } });
    stage.harness.sandbox.fault(slow).await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let send = async || {
        let call = page.call(Method::POST, OF_SESSION).json(&login);
        answer(call.header("Idempotency-Key", "double-click")).await
    };
    let second = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        send().await
    };
    let (first, second) = tokio::join!(send(), second);
    assert_eq!(first.0, 201, "{}", first.1);
    assert_eq!(
        (second.0, problem_code(&second.1)),
        (409, "call_under_way"),
        "the same call runs: a repetition later gets its result"
    );
    assert_eq!(send().await, first);
    assert_eq!(stage.exchanges().await, 2);
}

async fn an_exchange_that_times_out_spends_the_code(database: TestDatabase) {
    let mut options = Options::default();
    options.graph.timeout = Duration::from_millis(300);
    let stage = Stage::with(database, options).await;
    let page = stage.page().await;
    let slow = json!({
        "match": { "path": "oauth/access_token" }, "effect": { "latency_ms": 1_000 },
    });
    stage.harness.sandbox.fault(slow).await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    spent(&page, &login).await;
    stage.harness.sandbox.clear_faults().await;
    spent(&page, &login).await;
    assert_eq!(stage.exchanges().await, 1);
    page.give(&by_code(&stage.code(Fleet::PERSON).await)).await;
}

async fn an_answer_that_is_lost_after_the_exchange_spends_the_code(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    for effect in [json!("drop"), json!({ "throttle": { "code": 4 } })] {
        let lost =
            json!({ "match": { "path": "oauth/access_token" }, "effect": effect, "times": 1 });
        stage.harness.sandbox.fault(lost).await;
        let before = stage.exchanges().await;
        let login = by_code(&stage.code(Fleet::PERSON).await);
        spent(&page, &login).await;
        spent(&page, &login).await;
        assert_eq!(stage.exchanges().await, before + 1);
    }
}

async fn a_code_that_was_not_sent_is_as_good_as_before(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let throttle = json!({
        "match": { "path": "debug_token" },
        "effect": { "throttle": { "code": 4, "minutes": 30 } }, "times": 1,
    });
    stage.harness.sandbox.fault(throttle).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    let (status, problem) = page.post(OF_SESSION, &super::by_token(&token)).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (503, "graph_unavailable"),
        "the limit of the app is hit: {problem}"
    );
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let (status, problem) = page.post(OF_SESSION, &login).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (503, "graph_unavailable"),
        "the app rests: {problem}"
    );
    assert_eq!(stage.exchanges().await, 0);
    stage.advance("31m").await;
    let tenant = stage.tenant.log_in_again().await;
    let login = by_code(&stage.code(Fleet::PERSON).await);
    let (status, given) = tenant.post(OF_CLIENT, &login).await;
    assert_eq!(status, 201, "{given}");
}

async fn a_code_that_meta_refuses_names_its_fault(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let elsewhere = "https://app.example.com/other";
    let code = stage.code(Fleet::PERSON).await;
    let other_redirect = json!({ "code": code, "redirect_uri": elsewhere });
    let refused = async |login: &Value| {
        let (status, problem) = page.post(OF_SESSION, login).await;
        assert_eq!((status, problem_code(&problem)), (422, "code_refused"));
        let detail = problem["errors"][0]["detail"].to_string();
        (fields(&problem)[0].to_owned(), detail)
    };
    let (field, detail) = refused(&other_redirect).await;
    assert_eq!(field, "redirect_uri");
    assert!(
        detail.contains("identical"),
        "Meta's own sentence: {detail}"
    );
    spent(&page, &by_code(&code)).await;

    let (field, detail) = refused(&by_code("AQDmade-up")).await;
    assert_eq!(field, "code");
    assert!(!detail.contains("made-up"), "{detail}");
    let foreign = json!({ "person": Fleet::PERSON, "app": OTHER_APP, "redirect_uri": PAGE });
    assert_eq!(
        refused(&by_code(&stage.code_of(foreign).await)).await.0,
        "code"
    );

    let old = stage.code(Fleet::PERSON).await;
    stage.advance("11m").await;
    let (field, detail) = refused(&by_code(&old)).await;
    assert_eq!(field, "code");
    assert!(detail.contains("expired"), "{detail}");
    assert_eq!(page.get(OF_SESSION).await.0, 404, "nothing was kept");
}

async fn a_redirect_of_an_origin_that_is_not_listed_is_refused_before_anything_is_sent(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    for uri in [
        "https://evil.example.com/facebook/return",
        "https://app.example.com.evil.example/",
        "https://app.example.com:8443/facebook/return",
        "http://localhost:3000/",
    ] {
        let code = stage.code(Fleet::PERSON).await;
        let login = json!({ "code": code, "redirect_uri": uri });
        let (status, problem) = page.post(OF_SESSION, &login).await;
        assert_eq!((status, problem_code(&problem)), (422, "invalid_request"));
        assert_eq!(fields(&problem), ["redirect_uri"], "{uri}");
        let (status, problem) = stage.tenant.post(OF_CLIENT, &login).await;
        assert_eq!((status, fields(&problem)), (422, vec!["redirect_uri"]));
    }
    assert_eq!(stage.exchanges().await, 0);
}

async fn a_redirect_may_be_empty_or_absent(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    for uri in [json!(""), Value::Null] {
        let code = stage
            .code_of(json!({ "person": Fleet::PERSON, "app": APP }))
            .await;
        page.give(&json!({ "code": code, "redirect_uri": uri }))
            .await;
    }
    let code = stage
        .code_of(json!({ "person": Fleet::PERSON, "app": APP }))
        .await;
    page.give(&json!({ "code": code })).await;
}
