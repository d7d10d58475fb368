//! A bound token and a proof count for one call, once, at its time, and with the key alone.

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use super::{
    LIST, Stage, challenges, changed, key::Key, nonce_needed, not_proved, proved, refusal, refused,
    send,
};
use crate::harness::{Options, on_both};

on_both!(
    a_proof_counts_for_one_method_address_token_and_time,
    a_query_of_the_address_counts_for_nothing,
    a_proof_counts_once_also_among_calls_at_the_same_time,
    a_proof_that_is_purged_is_too_old,
    a_proof_without_a_nonce_of_the_last_minutes_learns_one,
    a_stolen_token_is_worthless_and_the_thief_leaves_no_row,
    a_call_beyond_the_rate_limit_leaves_no_row,
    a_bound_token_is_no_bearer_token_and_a_bearer_token_is_not_bound,
    a_head_is_proved_as_head,
    a_refused_call_is_challenged_for_the_scheme_that_it_used,
);

async fn a_proof_counts_for_one_method_address_token_and_time(database: TestDatabase) {
    let stage = Stage::on(database).await;
    assert_eq!(stage.status(&stage.proof().await).await, 200);
    let now = stage.harness.clock.now().timestamp();
    for change in [
        json!({ "htm": "POST" }),
        json!({ "htm": "get" }),
        json!({ "htu": stage.at("/v1/persons") }),
        json!({ "htu": stage.at("/v1/assets/") }),
        json!({ "htu": "https://evil.example/v1/assets" }),
        json!({ "ath": super::hash("another token") }),
        json!({ "ath": null }),
        json!({ "iat": now - 310 }),
        json!({ "iat": now + 310 }),
    ] {
        let proof = stage.other_proof(&change).await;
        assert_eq!(stage.refusal(&proof).await, not_proved(), "{change}");
    }
    for near in [now - 290, now + 290] {
        let proof = stage.other_proof(&json!({ "iat": near })).await;
        assert_eq!(stage.status(&proof).await, 200, "{near}");
    }
}

async fn a_query_of_the_address_counts_for_nothing(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let url = format!("{}?limit=1", stage.at(LIST));
    let proof = stage.proof().await;
    let call = proved(Method::GET, &url, &stage.token, &[&proof]);
    assert_eq!(send(call).await.status(), 200);
    let proof = stage.other_proof(&json!({ "htu": url })).await;
    assert_eq!(stage.status(&proof).await, 200);
}

async fn a_proof_counts_once_also_among_calls_at_the_same_time(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let proof = stage.proof().await;
    let calls = join_all((0..12).map(|_| stage.refusal(&proof))).await;
    let (passed, refused): (Vec<_>, Vec<_>) = calls.into_iter().partition(|it| it.0 == 200);
    assert_eq!((passed.len(), refused.len()), (1, 11));
    assert!(refused.iter().all(|it| *it == not_proved()), "{refused:?}");
    let new: Vec<_> = join_all((0..12).map(|_| stage.proof())).await;
    let calls = join_all(new.iter().map(|proof| stage.status(proof))).await;
    assert_eq!(calls, [200; 12], "other proofs are not held up by it");
}

async fn a_proof_that_is_purged_is_too_old(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let proof = stage.proof().await;
    assert_eq!(stage.status(&proof).await, 200);
    stage
        .harness
        .clock
        .advance_by(chrono::Duration::minutes(11));
    stage
        .harness
        .vault
        .purge_expired()
        .await
        .expect("the purge");
    assert_eq!(stage.count_used().await, 0);
    assert_eq!(stage.refusal(&proof).await, not_proved());
}

async fn a_proof_without_a_nonce_of_the_last_minutes_learns_one(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let old = stage.nonce().await;
    stage.harness.clock.advance_by(chrono::Duration::minutes(7));
    for nonce in [json!(null), json!(""), json!("AAAA"), json!(old)] {
        let proof = stage.other_proof(&json!({ "nonce": nonce })).await;
        let answer = stage.list(&stage.token, &[&proof]).await;
        let offered = answer.headers()["dpop-nonce"].to_str().expect("text");
        let offered = offered.to_owned();
        assert_eq!(refusal(answer).await, nonce_needed(), "{nonce}");
        let proof = stage.other_proof(&json!({ "nonce": offered })).await;
        let answer = stage.list(&stage.token, &[&proof]).await;
        assert_eq!(answer.status(), 200, "{nonce}");
        assert!(answer.headers().contains_key("dpop-nonce"));
    }
}

async fn a_stolen_token_is_worthless_and_the_thief_leaves_no_row(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let before = stage.count_used().await;
    let claims = stage.claims_of_call(&stage.token).await;
    let proof = Key::p256().sign(&claims);
    assert_eq!(stage.refusal(&proof).await, not_proved());
    let missing = stage.list(&stage.token, &[]).await;
    assert_eq!(refusal(missing).await, not_proved());
    assert_eq!(stage.count_used().await, before);
}

async fn a_call_beyond_the_rate_limit_leaves_no_row(database: TestDatabase) {
    let mut options = Options::default();
    options.api.rates.tenant = 1;
    let stage = Stage::with(database, options).await;
    let before = stage.count_used().await;
    let mut passed = 0;
    for _ in 0..25 {
        match stage.status(&stage.proof().await).await {
            200 => passed += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert!((1..25).contains(&passed), "{passed}");
    assert_eq!(stage.count_used().await - before, passed);
}

async fn a_bound_token_is_no_bearer_token_and_a_bearer_token_is_not_bound(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let not_valid = refused(401, "unauthenticated", "invalid_token");
    let proof = stage.proof().await;
    let bound = stage.tenant.bearing(&stage.token);
    for call in [
        bound.call(Method::GET, LIST),
        bound.call(Method::GET, LIST).header("DPoP", &proof),
    ] {
        assert_eq!(refusal(send(call).await).await, not_valid);
    }
    assert_eq!(stage.status(&proof).await, 200, "it was not used up");
    let bearer = stage.tenant.bearer.as_str();
    assert_eq!(stage.tenant.status(LIST).await, 200);
    let proof = stage.key.sign(&stage.claims_of_call(bearer).await);
    let answer = stage.list(bearer, &[&proof]).await;
    assert_eq!(refusal(answer).await, not_valid);
}

async fn a_head_is_proved_as_head(database: TestDatabase) {
    let stage = Stage::on(database).await;
    for (method, status) in [("HEAD", 200), ("GET", 401)] {
        let proof = stage.other_proof(&json!({ "htm": method })).await;
        let call = proved(Method::HEAD, &stage.at(LIST), &stage.token, &[&proof]);
        assert_eq!(send(call).await.status(), status, "{method}");
    }
}

async fn a_refused_call_is_challenged_for_the_scheme_that_it_used(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let schemes = async |call| {
        let answer = send(call).await;
        assert_eq!(answer.status(), 401);
        let all = challenges(&answer);
        for challenge in &all {
            let names_algorithms = challenge.contains(r#"algs="ES256 ES384 EdDSA "#);
            assert_eq!(names_algorithms, challenge.starts_with("DPoP "), "{all:?}");
            assert!(challenge.contains("resource_metadata="), "{all:?}");
        }
        let scheme = |it: &String| it.split(' ').next().unwrap_or_default().to_owned();
        all.iter().map(scheme).collect::<Vec<_>>()
    };
    let url = stage.at(LIST);
    assert_eq!(
        schemes(crate::harness::http().get(&url)).await,
        ["Bearer", "DPoP"]
    );
    let bearer = crate::harness::http().get(&url).bearer_auth("a.b.c");
    assert_eq!(schemes(bearer).await, ["Bearer", "DPoP"]);
    assert_eq!(
        schemes(proved(Method::GET, &url, "a.b.c", &[])).await,
        ["DPoP"]
    );
    let claims = changed(
        &stage.claims_of_call(&stage.token).await,
        &json!({ "nonce": "" }),
    );
    let proof = stage.key.sign(&claims);
    let nonce_missing = proved(Method::GET, &url, &stage.token, &[&proof]);
    assert_eq!(schemes(nonce_missing).await, ["DPoP"]);
}
