//! Proofs of the app secret.

use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::json;
use sha2::Sha256;

use crate::bench::{APP, Bench, PERSON, STRICT_APP};

pub fn proof(secret: &str, message: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(message.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

#[tokio::test]
async fn an_app_that_requires_proofs_refuses_calls_without() {
    let bench = Bench::start().await;
    let token = bench
        .issue_token(json!({"person": PERSON, "app": STRICT_APP.0}))
        .await;
    let (_, body) = bench.read(&token, "me").await;
    assert_eq!(
        body["error"]["message"],
        "API calls from the server require an appsecret_proof argument"
    );
    assert_eq!(body["error"]["type"], "GraphMethodException");
    let right = proof(STRICT_APP.1, &token);
    assert_eq!(
        bench
            .read(&token, &format!("me?appsecret_proof={right}"))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_token_of_a_system_user_is_not_minted_with_an_empty_proof() {
    let bench = Bench::start().await;
    let admin = bench.person_token().await;
    let right = proof(APP.1, &admin);
    for (proof, status) in [("", 400), (right.as_str(), 200)] {
        let form = [
            ("access_token", admin.as_str()),
            ("business_app", APP.0),
            ("scope", "ads_read"),
            ("appsecret_proof", proof),
        ];
        let target = "v26.0/110000000000001/access_tokens";
        let (got, body) = bench.send(Method::POST, target, &form).await;
        assert_eq!(got, status, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_proof_is_refused_even_if_none_is_required() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    let wrong = proof(STRICT_APP.1, &token);
    let (status, body) = bench
        .read(&token, &format!("me?appsecret_proof={wrong}"))
        .await;
    assert_eq!(status, 400);
    assert_eq!(
        body["error"]["message"],
        "Invalid appsecret_proof provided in the API argument"
    );
}

#[tokio::test]
async fn a_dated_proof_is_valid_for_five_minutes_of_sandbox_time() {
    let bench = Bench::start().await;
    let token = bench.person_token().await;
    bench.clock.advance(Duration::days(3));
    let time = bench.clock.now().timestamp();
    let dated = proof(APP.1, &format!("{token}|{time}"));
    let target = format!("me?appsecret_proof={dated}&appsecret_time={time}");
    assert_eq!(bench.read(&token, &target).await.0, 200);
    bench.clock.advance(Duration::minutes(6));
    assert_eq!(bench.read(&token, &target).await.0, 400);
}
