//! Webhooks and callbacks that an app receives.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::bench::{APP, BUSINESS, Bench, MANAGED, PERSON};

/// Accepts one request, responds with 200 and returns head and body.
async fn receive(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut text, mut part) = (String::new(), [0_u8; 4096]);
    loop {
        let read = stream.read(&mut part).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&part[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .unwrap();
        if body.len() >= length.parse::<usize>().unwrap() {
            stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await
                .unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

#[tokio::test]
async fn a_migration_and_its_extension_send_signed_webhooks() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/meta/webhooks/1", listener.local_addr().unwrap());
    let target = bench.url(&format!("sandbox/apps/{}/webhook", APP.0));
    assert_eq!(
        bench
            .http
            .put(target)
            .json(&json!({"url": url}))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let control = json!({"person": PERSON, "business": BUSINESS, "new_person": MANAGED});
    let ((_, migration), (head, body)) = tokio::join!(
        bench.post_control("migrations", control),
        receive(&listener)
    );
    assert!(head.starts_with("POST /meta/webhooks/1 HTTP/1.1"));
    let mut mac = Hmac::<Sha256>::new_from_slice(APP.1.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    assert!(head.contains(&format!(
        "X-Hub-Signature-256: sha256={}",
        hex::encode(mac.finalize().into_bytes())
    )));
    let payload_json: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(payload_json["object"], "managed_meta_account");
    let change = &payload_json["entry"][0]["changes"][0];
    assert_eq!(
        (&change["field"], &change["value"]["user_id"]),
        (&json!("migration_expire_time"), &json!(PERSON))
    );
    let path = format!("migrations/{}/extend", migration["id"].as_str().unwrap());
    let later = json!({"cut_off": "2040-01-02T03:04:05Z"});
    let (_, (_, body)) = tokio::join!(bench.post_control(&path, later), receive(&listener));
    assert!(body.contains("2040-01-02T03:04:05Z"));
}

#[tokio::test]
async fn removing_the_app_sends_a_signed_request() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = |path: &str| format!("http://{}/{path}", listener.local_addr().unwrap());
    let target = bench.url(&format!("sandbox/apps/{}/callbacks", APP.0));
    let elsewhere = json!({"deauthorize_url": "http://example.com/"});
    assert_eq!(
        bench
            .http
            .put(&target)
            .json(&elsewhere)
            .send()
            .await
            .unwrap()
            .status(),
        400
    );
    let urls = json!({"deauthorize_url": at("gone"), "data_deletion_url": at("delete")});
    assert_eq!(
        bench
            .http
            .put(&target)
            .json(&urls)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    for (control, path) in [
        ("deauthorize", "POST /gone "),
        ("data-deletion", "POST /delete "),
    ] {
        let control = format!("persons/{PERSON}/{control}");
        let ((status, _), (head, body)) = tokio::join!(
            bench.post_control(&control, json!({"app": APP.0})),
            receive(&listener)
        );
        assert_eq!(status, 200);
        assert!(head.starts_with(path), "{head}");
        let (signature, payload) = body
            .strip_prefix("signed_request=")
            .unwrap()
            .split_once('.')
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(APP.1.as_bytes()).unwrap();
        mac.update(payload.as_bytes());
        assert_eq!(
            signature,
            URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
        );
        let payload_json: Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        assert_eq!(
            (&payload_json["algorithm"], &payload_json["user_id"]),
            (&json!("HMAC-SHA256"), &json!(PERSON))
        );
    }
}

#[tokio::test]
async fn a_revoked_permission_sends_a_webhook() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let target = bench.url(&format!("sandbox/apps/{}/webhook", APP.0));
    assert_eq!(
        bench
            .http
            .put(target)
            .json(&json!({"url": url}))
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    let control = json!({"app": APP.0, "permission": "ads_read", "verb": "revoked"});
    let path = format!("persons/{PERSON}/permissions");
    let (_, (_, body)) = tokio::join!(bench.post_control(&path, control), receive(&listener));
    let payload_json: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (
            &payload_json["object"],
            &payload_json["entry"][0]["changes"][0]["field"]
        ),
        (&json!("permissions"), &json!("ads_read"))
    );
    let (status, _) = bench
        .post_control(
            &path,
            json!({"app": APP.0, "permission": "x", "verb": "lost"}),
        )
        .await;
    assert_eq!(status, 400);
}
