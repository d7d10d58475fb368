//! No secret leaks: the test searches the log, the responses and the database for unique canaries.

use base64::{Engine, engine::general_purpose};
use regrant_testdb::TestDatabase;
use serde_json::json;

use crate::harness::{Fleet, SECRET, ServerProcess, Tenant};

/// A secret in every encoding in which it could appear.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let bytes = secret.as_bytes();
    let hex = hex::encode(bytes);
    let encoded: String = url::form_urlencoded::byte_serialize(bytes).collect();
    let mut forms = vec![secret.to_owned(), hex.to_uppercase(), hex, encoded];
    // A secret inside a longer base64 text has three alignments; its middle is the same in each.
    for skip in 0..3_usize {
        let tail = bytes.get(skip..).unwrap_or_default();
        let whole = tail.len() / 3 * 3;
        for engine in [&general_purpose::STANDARD, &general_purpose::URL_SAFE] {
            forms.push(engine.encode(tail.get(..whole).unwrap_or_default()));
        }
    }
    forms.into_iter().map(String::into_bytes).collect()
}

/// The names of the secrets that appear in these bytes.
pub fn hits(haystack: &[u8], secrets: &[(&'static str, String)]) -> Vec<&'static str> {
    let patterns = secrets
        .iter()
        .flat_map(|(name, secret)| forms(secret).into_iter().map(|form| (*name, form)));
    let (names, patterns): (Vec<_>, Vec<_>) = patterns.unzip();
    let scanner = aho_corasick::AhoCorasick::new(patterns).expect("the forms fit");
    let mut hits: Vec<_> = scanner
        .find_iter(haystack)
        .map(|hit| names[hit.pattern().as_usize()])
        .collect();
    hits.sort_unstable();
    hits.dedup();
    hits
}

#[test]
fn the_scanner_finds_a_planted_canary_in_each_form() {
    let secrets = [("token", "EAAB-planted-canary-token".to_owned())];
    for form in forms("EAAB-planted-canary-token") {
        let haystack = [b"before ".as_slice(), &form, b" after"].concat();
        assert_eq!(
            hits(&haystack, &secrets),
            ["token"],
            "{}",
            String::from_utf8_lossy(&form)
        );
    }
    for padding in ["", "x", "xy"] {
        let haystack = general_purpose::STANDARD
            .encode(format!("{padding}EAAB-planted-canary-token and more"));
        assert_eq!(hits(haystack.as_bytes(), &secrets), ["token"], "{haystack}");
    }
    assert!(hits(b"nothing here", &secrets).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_leave_only_through_the_token_endpoints() {
    for database in TestDatabase::create_all().await {
        Box::pin(no_secret_leaves(database)).await;
    }
}

async fn no_secret_leaves(database: TestDatabase) {
    let fleet = Fleet::new(2, 12, 1);
    let mut server = ServerProcess::start(database, &fleet.world(), "trace").await;
    let tenant = server.tenant("One").await;
    let mut seen = server.printed();
    tenant.register(&fleet.assets()).await;
    let (old, new) = (
        server.sandbox.token(Fleet::PERSON).await,
        server.sandbox.token(Fleet::MANAGED).await,
    );
    let dead = server.sandbox.token(Fleet::STRANGER).await;
    server
        .sandbox
        .post("tokens/revoke", json!({ "token": dead }))
        .await;
    let imported = "EAAB-imported-canary-token-0123456789";
    let import = json!({ "assets": [{ "id": "77", "kind": "page", "token": imported }] });
    seen.push_str(&tenant.post("/v1/assets", &import).await.1.to_string());

    // The endpoint receives nothing: only its secrets matter here.
    let endpoint = json!({ "url": "https://hooks.example.com/canary", "kinds": ["webhook.test"] });
    let (_, made) = tenant.post("/v1/webhook-endpoints", &endpoint).await;
    let path = format!(
        "/v1/webhook-endpoints/{}",
        made["id"].as_str().expect("an id")
    );
    let (_, rotated) = tenant
        .post(&format!("{path}/rotate-secret"), &json!({}))
        .await;
    seen.push_str(&tenant.get(&path).await.to_string());
    seen.push_str(&tenant.get("/v1/webhook-endpoints").await.to_string());

    for token in [&old, &new] {
        seen.push_str(&tenant.reconnect(token, &fleet.ids()).await.to_string());
    }
    // Faults that could make a server print the token.
    for (token, ids) in [
        (json!(dead), json!(["1"])),
        (json!(old), json!("1")),
        (json!([old]), json!(["1"])),
    ] {
        let order = json!({ "access_token": token, "asset_ids": ids });
        seen.push_str(&tenant.post("/v1/reconnects", &order).await.1.to_string());
    }
    server
        .sandbox
        .fault(json!({ "match": { "path": "batch" }, "times": 3,
        "effect": { "error": { "code": 190, "message": format!("Malformed access token {old}") } } }))
        .await;
    seen.push_str(&tenant.reconnect(&old, &fleet.ids()).await.to_string());
    for path in [
        "/v1/assets",
        "/v1/reconnects",
        "/openapi.json",
        "/.well-known/jwks.json",
        "/docs/",
        "/v1/nothing",
    ] {
        seen.push_str(&tenant.get(path).await.to_string());
    }
    for id in fleet.ids() {
        seen.push_str(&tenant.get(&format!("/v1/assets/{id}")).await.to_string());
    }
    let tokens = tenant.tokens(&fleet.ids()).await;
    let mut secrets = secrets_of(&server, &tenant, &[&old, &new, &dead, imported], &tokens);
    for secret in [&made, &rotated].map(|it| it["secret"].as_str().expect("a secret")) {
        let key = secret.strip_prefix("whsec_").expect("it is one").to_owned();
        secrets.push(("webhook secret", key));
    }

    let log = server.stop().await;
    assert!(
        log.len() > 10_000,
        "the log is at TRACE: {} bytes",
        log.len()
    );
    assert_eq!(
        hits(log.as_bytes(), &secrets),
        Vec::<&str>::new(),
        "in the log"
    );
    assert_eq!(
        hits(seen.as_bytes(), &secrets),
        Vec::<&str>::new(),
        "in the responses"
    );
    for (name, bytes) in server.stored().await {
        assert_eq!(hits(&bytes, &secrets), Vec::<&str>::new(), "in {name}");
    }
}

fn secrets_of(
    server: &ServerProcess,
    tenant: &Tenant,
    submitted: &[&str],
    tokens: &std::collections::HashMap<String, serde_json::Value>,
) -> Vec<(&'static str, String)> {
    let mut secrets = vec![
        ("app secret", SECRET.to_owned()),
        ("client secret", tenant.client_secret.clone()),
        ("bearer", tenant.bearer.clone()),
        ("passphrase", server.passphrase.clone()),
    ];
    secrets.extend(
        submitted
            .iter()
            .map(|it| ("submitted token", (*it).to_owned())),
    );
    let minted = tokens.values().filter_map(|it| it["access_token"].as_str());
    secrets.extend(minted.map(|it| ("minted token", it.to_owned())));
    assert!(secrets.len() > 10, "there are secrets to look for");
    secrets
}
