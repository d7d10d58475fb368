//! Processes of one installation accept each other's nonces, and a proof once among all of them.

use regrant_api::{Server, Settings};
use regrant_domain::Clock;
use regrant_testdb::TestDatabase;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::{
    LIST,
    key::{Key, hash},
    not_proved, proved, refusal, send,
};
use crate::harness::{Fleet, ServerProcess, Tenant, free_address, http, on_both};

on_both!(a_proof_is_for_the_public_address_and_counts_once_among_all_processes);

/// The address in front of the processes.
const PUBLIC: &str = "https://vault.example.com";
/// The issuer of the test's own process.
const ISSUER: &str = "http://127.0.0.1:8080";

/// What a proof says of a call.
fn claims(method: &str, url: &str, token: Option<&str>, nonce: &str) -> Value {
    json!({
        "jti": uuid::Uuid::now_v7().to_string(), "iat": Clock::System.now().timestamp(),
        "htm": method, "htu": url, "ath": token.map(hash), "nonce": nonce,
    })
}

async fn log_in(api: &str, client: &Tenant, proof: &str) -> Response {
    let call = http()
        .post(format!("{api}/oauth/token"))
        .basic_auth(&client.client_id, Some(&client.client_secret))
        .form(&[("grant_type", "client_credentials")])
        .header("DPoP", proof);
    send(call).await
}

/// A listener of this process, on the vault beside that of the server.
fn serve_here(server: &ServerProcess) -> String {
    let settings = Settings {
        public_url: Some(PUBLIC.to_owned()),
        ..Settings::default()
    };
    let here = Server::bind(server.vault.clone(), free_address(), settings);
    let here = here.expect("a server");
    let api = format!("http://{}", here.addr());
    tokio::spawn(here.run_until(CancellationToken::new()));
    api
}

async fn a_proof_is_for_the_public_address_and_counts_once_among_all_processes(
    database: TestDatabase,
) {
    let environment = vec![
        ("REGRANT_PUBLIC_URL", PUBLIC),
        ("REGRANT_ISSUER", ISSUER),
        ("REGRANT_AUDIENCE", ISSUER),
    ];
    let world = Fleet::new(1, 1, 0).world();
    let started = ServerProcess::start_with(database, &world, "warn", environment);
    let server = Box::pin(started).await;
    let tenant = server.tenant("One").await;
    let (there, here) = (server.api.clone(), serve_here(&server));
    let key = Key::p256();
    let nonce = server.vault.proof_nonce().await.expect("a nonce");
    let url = format!("{PUBLIC}/oauth/token");
    let proof = key.sign(&claims("POST", &url, None, &nonce));
    let answer = log_in(&there, &tenant, &proof).await;
    let nonce = answer.headers()["dpop-nonce"].to_str().expect("text");
    let nonce = nonce.to_owned();
    let body: Value = answer.json().await.expect("json");
    let token = body["access_token"].as_str().expect("a token");
    let again: Value = log_in(&here, &tenant, &proof)
        .await
        .json()
        .await
        .expect("json");
    assert_eq!(again["error"], "invalid_dpop_proof", "{again}");
    let list = async |api: &str, proof: &str| {
        let url = format!("{api}{LIST}");
        send(proved(Method::GET, &url, token, &[proof])).await
    };
    for (first, second) in [(&there, &here), (&here, &there)] {
        let url = format!("{PUBLIC}{LIST}");
        let proof = key.sign(&claims("GET", &url, Some(token), &nonce));
        assert_eq!(list(first, &proof).await.status(), 200);
        assert_eq!(refusal(list(second, &proof).await).await, not_proved());
    }
    let own = format!("{there}{LIST}");
    let proof = key.sign(&claims("GET", &own, Some(token), &nonce));
    assert_eq!(refusal(list(&there, &proof).await).await, not_proved());
}
