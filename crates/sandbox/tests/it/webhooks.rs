//! Webhooks as an app receives them.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::bench::{APP, BUSINESS, Bench, MANAGED, PERSON};

/// Take one request, answer 200 and return its head and body.
async fn receive(listener: &TcpListener) -> (String, String) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut text, mut part) = (String::new(), [0_u8; 4096]);
    loop {
        let read = stream.read(&mut part).await.unwrap();
        text.push_str(&String::from_utf8_lossy(&part[..read]));
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        if body.len() >= length.parse::<usize>().unwrap() {
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            return (head.to_owned(), body.to_owned());
        }
    }
}

#[tokio::test]
async fn a_migration_and_its_extension_are_told_signed() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/meta/webhooks/1", listener.local_addr().unwrap());
    let target = bench.at(&format!("sandbox/apps/{}/webhook", APP.0));
    assert_eq!(bench.http.put(target).json(&json!({"url": url})).send().await.unwrap().status(), 200);
    let order = json!({"person": PERSON, "business": BUSINESS, "new_person": MANAGED});
    let ((_, migration), (head, body)) = tokio::join!(bench.order("migrations", order), receive(&listener));
    assert!(head.starts_with("POST /meta/webhooks/1 HTTP/1.1"));
    let mut mac = Hmac::<Sha256>::new_from_slice(APP.1.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    assert!(
        head.contains(&format!("X-Hub-Signature-256: sha256={}", hex::encode(mac.finalize().into_bytes())))
    );
    let told: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(told["object"], "managed_meta_account");
    let change = &told["entry"][0]["changes"][0];
    assert_eq!(
        (&change["field"], &change["value"]["user_id"]),
        (&json!("migration_expire_time"), &json!(PERSON))
    );
    let path = format!("migrations/{}/extend", migration["id"].as_str().unwrap());
    let later = json!({"cut_off": "2040-01-02T03:04:05Z"});
    let (_, (_, body)) = tokio::join!(bench.order(&path, later), receive(&listener));
    assert!(body.contains("2040-01-02T03:04:05Z"));
}
