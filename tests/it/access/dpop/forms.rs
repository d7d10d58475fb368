//! What counts as a proof: its form, its algorithm, its key and its signature.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{
    Stage, changed,
    key::{Key, encode},
    not_proved, refusal,
};
use crate::harness::on_both;

on_both!(
    a_header_that_is_not_that_of_a_proof_is_refused,
    a_proof_that_was_changed_is_refused,
    two_proofs_or_a_text_that_is_none_are_refused,
    a_key_of_ed25519_proves_calls_as_well,
);

async fn a_header_that_is_not_that_of_a_proof_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let private = changed(&stage.key.jwk(), &json!({ "d": "AA" }));
    for change in [
        json!({ "typ": "JWT" }),
        json!({ "typ": "at+jwt" }),
        json!({ "alg": "none" }),
        json!({ "alg": "HS256" }),
        json!({ "alg": "ES384" }),
        json!({ "alg": "RS256" }),
        json!({ "crit": ["exp"] }),
        json!({ "jwk": private }),
        json!({ "jwk": Key::p256().jwk() }),
        json!({ "jwk": { "kty": "oct", "k": "AA" } }),
        json!({ "jwk": null }),
    ] {
        let header = changed(&stage.key.header(), &change);
        let claims = stage.claims_of_call(&stage.token).await;
        let proof = stage.key.sign_with(&header, &claims);
        assert_eq!(stage.refusal(&proof).await, not_proved(), "{change}");
    }
}

async fn a_proof_that_was_changed_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let usual = stage.claims_of_call(&stage.token).await;
    let signed = stage.key.sign(&usual);
    let parts: Vec<_> = signed.split('.').collect();
    let other: Value = changed(&usual, &json!({ "jti": "another" }));
    let claims = encode(other.to_string().as_bytes());
    let signature = encode(&[0; 64]);
    for proof in [
        format!("{}.{claims}.{}", parts[0], parts[2]),
        format!("{}.{}.{signature}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{signed}.{}", parts[2]),
    ] {
        assert_eq!(stage.refusal(&proof).await, not_proved(), "{proof}");
    }
    assert_eq!(stage.status(&signed).await, 200, "it was not used up");
}

async fn two_proofs_or_a_text_that_is_none_are_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (first, second) = (stage.proof().await, stage.proof().await);
    let two = stage.list(&stage.token, &[&first, &second]).await;
    assert_eq!(refusal(two).await, not_proved());
    for text in ["", "x", "..", "a.b.c", &"a".repeat(9_000)] {
        assert_eq!(stage.refusal(text).await, not_proved(), "{text}");
    }
    // The header of releases before this one means nothing.
    let answer = super::send(
        super::proved(
            reqwest::Method::GET,
            &stage.at(super::LIST),
            &stage.token,
            &[],
        )
        .header("X-Regrant-Proof", "1.n.00"),
    );
    assert_eq!(refusal(answer.await).await, not_proved());
}

async fn a_key_of_ed25519_proves_calls_as_well(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let key = Key::ed25519();
    let token = stage.bind(&stage.tenant, &key).await;
    let claims = stage.claims_of_call(&token).await;
    let answer = stage.list(&token, &[&key.sign(&claims)]).await;
    assert_eq!(answer.status(), 200);
    let named = changed(&key.header(), &json!({ "alg": "Ed25519" }));
    let claims = stage.claims_of_call(&token).await;
    let proof = key.sign_with(&named, &claims);
    assert_eq!(stage.list(&token, &[&proof]).await.status(), 200);
}
