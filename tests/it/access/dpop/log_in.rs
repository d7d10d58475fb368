//! Tokens that are bound to a key: how a client gets one, and what others learn of it.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::{LIST, Stage, changed, key::Key, refusal, refused, send};
use crate::harness::{http, on_both};

on_both!(
    a_token_names_the_key_that_it_is_bound_to,
    a_proof_of_the_token_endpoint_needs_a_nonce_and_counts_once,
    a_faulty_proof_gets_no_token,
    a_client_that_must_prove_a_key_gets_no_other_token_and_its_earlier_ones_end,
    an_introspection_names_the_key_of_a_token,
    a_log_in_that_is_refused_for_its_rate_leaves_no_proof,
);

/// The status and the error of OAuth.
async fn error_of(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    assert!(!answer.headers().contains_key("www-authenticate"));
    let body: Value = answer.json().await.expect("json");
    let error = body["error"].as_str().unwrap_or_default().to_owned();
    (status, error)
}

fn invalid_proof() -> (u16, String) {
    (400, "invalid_dpop_proof".to_owned())
}

async fn a_token_names_the_key_that_it_is_bound_to(database: TestDatabase) {
    let stage = Stage::on(database).await;
    for key in [Key::p256(), Key::ed25519()] {
        let token = stage.bind(&stage.tenant, &key).await;
        let claims = token.split('.').nth(1).expect("claims");
        let claims = URL_SAFE_NO_PAD.decode(claims).expect("base64url");
        let claims: Value = serde_json::from_slice(&claims).expect("json");
        assert_eq!(claims["cnf"], json!({ "jkt": key.thumbprint() }));
    }
    let metadata = http().get(stage.at("/.well-known/oauth-authorization-server"));
    let metadata: Value = send(metadata).await.json().await.expect("json");
    let algorithms = json!(["ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"]);
    assert_eq!(metadata["dpop_signing_alg_values_supported"], algorithms);
}

async fn a_proof_of_the_token_endpoint_needs_a_nonce_and_counts_once(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let usual = stage.claims_of_log_in().await;
    let without = stage.key.sign(&changed(&usual, &json!({ "nonce": null })));
    let answer = stage.log_in(&stage.tenant, Some(&without)).await;
    let offered = answer.headers()["dpop-nonce"].to_str().expect("text");
    let offered = offered.to_owned();
    let nonce_needed = (400, "use_dpop_nonce".to_owned());
    assert_eq!(error_of(answer).await, nonce_needed);
    let proof = stage
        .key
        .sign(&changed(&usual, &json!({ "nonce": offered })));
    let answer = stage.log_in(&stage.tenant, Some(&proof)).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("dpop-nonce"));
    let answer = stage.log_in(&stage.tenant, Some(&proof)).await;
    assert_eq!(error_of(answer).await, invalid_proof());
}

async fn a_faulty_proof_gets_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let now = stage.harness.clock.now().timestamp();
    for change in [
        json!({ "htm": "GET" }),
        json!({ "htu": stage.at("/oauth/revoke") }),
        json!({ "htu": "https://evil.example/oauth/token" }),
        json!({ "iat": now - 310 }),
        json!({ "iat": now + 310 }),
        json!({ "jti": "" }),
    ] {
        let claims = changed(&stage.claims_of_log_in().await, &change);
        let proof = stage.key.sign(&claims);
        let answer = stage.log_in(&stage.tenant, Some(&proof)).await;
        assert_eq!(error_of(answer).await, invalid_proof(), "{change}");
    }
    let answer = stage.log_in(&stage.tenant, Some("x")).await;
    assert_eq!(error_of(answer).await, invalid_proof());
}

async fn a_client_that_must_prove_a_key_gets_no_other_token_and_its_earlier_ones_end(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    assert_eq!(stage.tenant.status(LIST).await, 200);
    let change = ClientChange {
        proof_required: Some(true),
        ..ClientChange::default()
    };
    let tenant = stage.tenant.id.parse().expect("a tenant's id");
    let client = stage.tenant.client_id.parse().expect("a client's id");
    let vault = &stage.harness.vault;
    let changed = vault.change_client(Actor::CommandLine, tenant, client, change);
    assert!(changed.await.expect("it is changed").proof_required);
    let earlier = send(stage.tenant.call(Method::GET, LIST)).await;
    let expected = refused(401, "proof_required", "invalid_dpop_proof");
    assert_eq!(refusal(earlier).await, expected);
    let unbound = stage.log_in(&stage.tenant, None).await;
    assert_eq!(error_of(unbound).await, invalid_proof());
    assert_eq!(stage.status(&stage.proof().await).await, 200);
    let token = stage.bind(&stage.tenant, &Key::p256()).await;
    assert_ne!(token, stage.token);
}

async fn an_introspection_names_the_key_of_a_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let introspect = async |token: &str| {
        let call = http()
            .post(stage.at("/oauth/introspect"))
            .basic_auth(&stage.tenant.client_id, Some(&stage.tenant.client_secret))
            .form(&[("token", token)]);
        let body: Value = send(call).await.json().await.expect("json");
        (body["token_type"].clone(), body["cnf"].clone())
    };
    let bound = (json!("DPoP"), json!({ "jkt": stage.key.thumbprint() }));
    assert_eq!(introspect(&stage.token).await, bound);
    let bearer = introspect(&stage.tenant.bearer).await;
    assert_eq!(bearer, (json!("Bearer"), Value::Null));
}

async fn a_log_in_that_is_refused_for_its_rate_leaves_no_proof(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage
        .harness
        .set_tenant("One", "requests_per_second = 1")
        .await;
    let before = stage.count_used().await;
    let (mut passed, mut refused) = (0, 0);
    for _ in 0..40 {
        let proof = stage.key.sign(&stage.claims_of_log_in().await);
        let answer = stage.log_in(&stage.tenant, Some(&proof)).await;
        match answer.status().as_u16() {
            200 => passed += 1,
            429 => refused += 1,
            other => panic!("{other}"),
        }
    }
    assert!(refused > 0, "{passed} of 40 passed");
    assert_eq!(stage.count_used().await - before, passed);
}
