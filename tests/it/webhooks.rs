//! Webhooks as a tenant's consumer receives them, with their signature.

mod events;
mod payloads;
mod receiver;
mod throughput;

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::Mutex,
};

use crate::harness::{Fleet, Harness, Tenant};

/// Head and body of each request.
pub type Requests = Arc<Mutex<Vec<(String, Vec<u8>)>>>;

/// Starts a consumer on loopback that accepts everything.
pub async fn consumer() -> (String, Requests) {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let requests = Requests::default();
    let received = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
            while let Ok(n @ 1..) = stream.read(&mut chunk).await {
                bytes.extend_from_slice(&chunk[..n]);
                if let Some(request) = whole(&bytes) {
                    received.lock().await.push(request);
                    let _sent = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                    break;
                }
            }
        }
    });
    (url, requests)
}

fn whole(bytes: &[u8]) -> Option<(String, Vec<u8>)> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let body = bytes[end + 4..].to_vec();
    let length: usize = header(&head, "content-length").parse().ok()?;
    (body.len() >= length).then_some((head, body))
}

fn header(head: &str, name: &str) -> String {
    let lines = head.lines().filter_map(|line| line.split_once(": "));
    let mut found = lines
        .filter(|(it, _)| it.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.to_owned());
    found.next_back().unwrap_or_default()
}

/// The signature as a consumer computes it after `docs/webhooks.md`: HMAC-SHA256 (RFC 2104), written out.
fn signature(secret: &str, head: &str, body: &[u8]) -> String {
    let mut key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .expect("base64");
    key.resize(64, 0);
    let padded = |with: u8| key.iter().map(|it| it ^ with).collect::<Vec<_>>();
    let signed = format!(
        "{}.{}.",
        header(head, "webhook-id"),
        header(head, "webhook-timestamp")
    );
    let inner = Sha256::digest([padded(0x36).as_slice(), signed.as_bytes(), body].concat());
    format!(
        "v1,{}",
        STANDARD.encode(Sha256::digest([padded(0x5c).as_slice(), &inner].concat()))
    )
}

/// Delivers due webhooks until the consumer has received `n`.
pub async fn delivered(harness: &Harness, requests: &Requests, n: usize) -> Vec<(String, Vec<u8>)> {
    for _ in 0..200 {
        harness
            .vault
            .deliver_due_webhooks(50)
            .await
            .expect("the database answers");
        let received = requests.lock().await.clone();
        if received.len() >= n {
            return received;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{} of {n} webhooks arrived", requests.lock().await.len());
}

/// Verifies requests `{secret, headers, body}` with a library of others, and compares them with `openapi.yaml`.
async fn verify_webhooks(requests: &[Value]) {
    let lines: Vec<_> = requests.iter().map(ToString::to_string).collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), lines.join("\n")).expect("a file");
    let openapi = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi.yaml");
    let path = file.path().to_string_lossy();
    crate::harness::consume("webhooks.py", &[&path, openapi]).await;
}

async fn endpoint(tenant: &Tenant, body: Value) -> Value {
    let (status, made) = tenant.post("/v1/webhook-endpoints", &body).await;
    assert_eq!(status, 201, "{made}");
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn a_completed_reconnect_sends_a_signed_webhook() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 3, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        let (url, requests) = consumer().await;
        let made = endpoint(
            &tenant,
            json!({ "url": url, "kinds": ["reconnect.completed"] }),
        )
        .await;
        let ended = tenant
            .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
            .await;

        let received = delivered(&harness, &requests, 1).await;
        let (head, body) = &received[0];
        assert_eq!(
            header(head, "webhook-signature"),
            signature(made["secret"].as_str().unwrap(), head, body)
        );
        let event: Value = serde_json::from_slice(body).expect("JSON");
        assert_eq!(event["type"], "reconnect.completed");
        assert_eq!(event["data"]["reconnect_id"], ended["id"]);
        assert_eq!(event["data"]["counts"], ended["counts"]);
        let sent: i64 = header(head, "webhook-timestamp").parse().expect("seconds");
        assert!(
            (chrono::DateTime::from(std::time::SystemTime::now())
                - chrono::DateTime::<chrono::Utc>::from_timestamp(sent, 0).unwrap())
            .num_seconds()
            .abs()
                < 300
        );

        let path = format!("/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
        let mut log = tenant
            .get(&format!("{path}/deliveries?status=failed&status=delivered"))
            .await;
        assert_eq!(
            log["data"][0]["event_id"],
            header(head, "webhook-id").as_str()
        );
        assert_eq!(log["data"][0]["response_status"], 204);
        let replay = json!({ "event_id": log["data"][0]["event_id"] });
        let (status, answer) = tenant.post(&format!("{path}/replay"), &replay).await;
        assert_eq!((status, &answer["deliveries"]), (202, &json!(1)));
        let again = delivered(&harness, &requests, 2).await;
        assert_eq!(
            (header(&again[1].0, "webhook-id"), &again[1].1),
            (header(head, "webhook-id"), body)
        );
        log = tenant.get(&format!("{path}/deliveries")).await;
        assert_eq!(log["data"].as_array().map(Vec::len), Some(1));
        assert!(
            !tenant.get(&path).await.to_string().contains("whsec_"),
            "the secret is shown once"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_endpoint_is_refused_with_its_faulty_fields() {
    let harness = Harness::start(
        TestDatabase::create_sqlite().await,
        &Fleet::new(1, 0, 0).world(),
    )
    .await;
    let tenant = harness.tenant("One").await;
    for (body, field) in [
        (json!({ "url": "https://10.0.0.1/" }), "url"),
        (json!({ "url": "http://hooks.example.com/" }), "url"),
        (
            json!({ "url": "https://hooks.example.com/", "kinds": [] }),
            "kinds",
        ),
        (
            json!({ "url": "https://hooks.example.com/", "kinds": ["*", "asset.lost"] }),
            "kinds[1]",
        ),
        (
            json!({ "url": "https://hooks.example.com/", "secret": "mine" }),
            "secret",
        ),
        (json!({ "kinds": ["*"] }), "url"),
    ] {
        let (status, answer) = tenant.post("/v1/webhook-endpoints", &body).await;
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (422, &json!(field)),
            "{answer}"
        );
    }
    let made = endpoint(&tenant, json!({ "url": "https://hooks.example.com/" })).await;
    let path = format!("/v1/webhook-endpoints/{}", made["id"].as_str().unwrap());
    let change = tenant
        .call(Method::PATCH, &path)
        .json(&json!({ "status": "disabled" }))
        .send()
        .await
        .unwrap();
    assert_eq!(
        change.json::<Value>().await.unwrap()["disabled_reason"],
        "by_tenant"
    );
    let (status, answer) = tenant.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(
        (status, &answer["type"]),
        (409, &json!("/problems/webhook_endpoint_disabled"))
    );
    let (status, answer) = tenant
        .post(
            &format!("{path}/rotate-secret"),
            &json!({ "overlap_seconds": 2_592_001 }),
        )
        .await;
    assert_eq!(
        (status, &answer["errors"][0]["field"]),
        (422, &json!("overlap_seconds"))
    );
}
