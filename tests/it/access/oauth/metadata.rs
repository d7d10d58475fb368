//! What a program learns from the address of the installation alone.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{get, start};
use crate::harness::http;

#[tokio::test(flavor = "multi_thread")]
async fn the_metadata_of_the_issuer_names_every_endpoint_by_its_address() {
    let (harness, _) = start(TestDatabase::create_sqlite().await).await;
    let metadata = get(&harness, "/.well-known/oauth-authorization-server").await;
    let api = &harness.api;
    for (name, value) in [
        ("issuer", json!(api)),
        ("token_endpoint", json!(format!("{api}/oauth/token"))),
        ("jwks_uri", json!(format!("{api}/.well-known/jwks.json"))),
        ("revocation_endpoint", json!(format!("{api}/oauth/revoke"))),
        (
            "introspection_endpoint",
            json!(format!("{api}/oauth/introspect")),
        ),
        ("grant_types_supported", json!(["client_credentials"])),
        ("response_types_supported", json!([])),
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_basic", "client_secret_post"]),
        ),
    ] {
        assert_eq!(metadata[name], value, "{name}");
    }
    let scopes = metadata["scopes_supported"].as_array().expect("scopes");
    assert!(scopes.contains(&json!("tokens:read")), "{scopes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_names_the_metadata_of_the_api_which_names_the_issuer() {
    let (harness, _) = start(TestDatabase::create_sqlite().await).await;
    for call in [
        http().get(format!("{}/v1/assets", harness.api)),
        http()
            .get(format!("{}/v1/assets", harness.api))
            .bearer_auth("a.b.c"),
    ] {
        let answer = call.send().await.expect("the server answers");
        assert_eq!(answer.status(), 401);
        let challenge = answer.headers()["www-authenticate"].to_str().expect("text");
        let path = "/.well-known/oauth-protected-resource";
        let named = format!(r#"resource_metadata="{}{path}""#, harness.api);
        assert!(challenge.contains(&named), "{challenge}");
        let resource = get(&harness, path).await;
        assert_eq!(resource["resource"], json!(harness.api));
        assert_eq!(resource["authorization_servers"], json!([harness.api]));
        assert_eq!(resource["bearer_methods_supported"], json!(["header"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_has_every_claim_of_rfc_9068() {
    let (harness, tenant) = start(TestDatabase::create_sqlite().await).await;
    let part = |n| {
        let text = tenant.bearer.split('.').nth(n).expect("a part");
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
        serde_json::from_slice::<Value>(&bytes).expect("json")
    };
    let (header, claims) = (part(0), part(1));
    assert_eq!(header["typ"], json!("at+jwt"));
    for (claim, value) in [
        ("iss", json!(harness.api)),
        ("aud", json!(harness.api)),
        ("sub", json!(tenant.client_id)),
        ("client_id", json!(tenant.client_id)),
    ] {
        assert_eq!(claims[claim], value, "{claim}");
    }
    for claim in ["exp", "iat"] {
        assert!(claims[claim].is_i64(), "{claim}");
    }
    assert!(claims["jti"].as_str().is_some_and(|it| !it.is_empty()));
    assert!(
        claims["scope"]
            .as_str()
            .is_some_and(|it| it.contains("assets:read"))
    );
}
