//! Webhooks and callbacks that an app receives.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::bench::{APP, BUSINESS, Bench, MANAGED, PERSON, STRICT_APP, error_codes};

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

#[tokio::test]
async fn a_changed_permission_is_sent_to_its_app_alone() {
    let bench = Bench::start().await;
    let listener = listen(&bench).await;
    set_webhook(&bench, STRICT_APP.0, &listener).await;
    for verb in ["revoked", "granted"] {
        let control = json!({"app": APP.0, "permission": "ads_read", "verb": verb});
        let path = format!("persons/{PERSON}/permissions");
        let (_, (_, body)) = tokio::join!(bench.post_control(&path, control), receive(&listener));
        assert!(body.contains(verb), "{body}");
        let another = tokio::time::timeout(Duration::from_millis(300), listener.accept());
        assert!(another.await.is_err(), "one app, one delivery");
    }
    let (_, sent) = bench.get("sandbox/webhooks").await;
    let apps: Vec<_> = sent["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["app"])
        .collect();
    assert_eq!(apps, [APP.0, APP.0]);
}

/// A call on the subscriptions of the app, with its own token.
async fn subscriptions(bench: &Bench, method: Method, form: &[(&str, &str)]) -> (u16, Value) {
    let token = format!("{}|{}", APP.0, APP.1);
    let form: Vec<_> = form
        .iter()
        .copied()
        .chain([("access_token", token.as_str())])
        .collect();
    bench
        .send(method, &format!("v26.0/{}/subscriptions", APP.0), &form)
        .await
}

async fn objects(bench: &Bench) -> Vec<String> {
    let (_, list) = subscriptions(bench, Method::GET, &[]).await;
    let rows = list["data"].as_array().unwrap().iter();
    rows.map(|it| it["object"].as_str().unwrap().to_owned())
        .collect()
}

/// Accepts one challenge, answers it with `status` and what `answer` makes of it, and returns the request.
async fn answer_challenge(
    listener: &TcpListener,
    status: u16,
    answer: fn(&str) -> String,
) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = String::new();
    while !request.contains("\r\n\r\n") {
        let mut part = [0_u8; 4096];
        let read = stream.read(&mut part).await.unwrap();
        request.push_str(&String::from_utf8_lossy(&part[..read]));
    }
    let (_, rest) = request.split_once("hub.challenge=").unwrap();
    let challenge = rest.split(['&', ' ']).next().unwrap();
    let head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n");
    let response = head + &answer(challenge);
    stream.write_all(response.as_bytes()).await.unwrap();
    request
}

#[tokio::test]
async fn a_receiver_that_does_not_repeat_the_challenge_is_not_subscribed() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks?a=b", listener.local_addr().unwrap());
    let form = [
        ("object", "permissions"),
        ("callback_url", &url),
        ("verify_token", "wrong"),
    ];
    let repeat: fn(&str) -> String = str::to_owned;
    let answers = [
        (403, repeat),
        (200, |_| String::new()),
        (200, |challenge| format!("{challenge}0")),
    ];
    for (status, answer) in answers {
        let ((refused, body), request) = tokio::join!(
            subscriptions(&bench, Method::POST, &form),
            answer_challenge(&listener, status, answer)
        );
        assert_eq!((refused, error_codes(&body)), (400, (2200, None)));
        assert!(
            request.starts_with("GET /hooks?a=b&hub.mode=subscribe&hub.challenge="),
            "{request}"
        );
        assert!(request.contains("&hub.verify_token=wrong "), "{request}");
    }
    drop(listener);
    let (_, body) = subscriptions(&bench, Method::POST, &form).await;
    assert_eq!(error_codes(&body), (2200, None), "nothing listens");
    assert_eq!(objects(&bench).await, [""; 0]);
}

#[tokio::test]
async fn a_call_that_may_not_subscribe_sends_no_challenge() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let token = bench.person_token().await;
    let form = [
        ("access_token", token.as_str()),
        ("object", "permissions"),
        ("callback_url", &url),
        ("verify_token", "v"),
    ];
    for app in [APP.0, "app"] {
        let target = format!("v26.0/{app}/subscriptions");
        let (_, body) = bench.send(Method::POST, &target, &form).await;
        assert_eq!(error_codes(&body), (100, Some(33)), "{app}");
    }
    for missing in ["object", "callback_url", "verify_token"] {
        let form: Vec<_> = form[1..]
            .iter()
            .filter(|it| it.0 != missing)
            .copied()
            .collect();
        let (_, body) = subscriptions(&bench, Method::POST, &form).await;
        assert_eq!(error_codes(&body), (100, None), "{missing}");
    }
    let another = tokio::time::timeout(Duration::from_millis(300), listener.accept());
    assert!(another.await.is_err());
}

#[tokio::test]
async fn a_subscription_is_of_one_object() {
    let bench = Bench::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    for object in ["permissions", "managed_meta_account"] {
        let form = [
            ("object", object),
            ("callback_url", &url),
            ("verify_token", "v"),
        ];
        let ((status, body), _) = tokio::join!(
            subscriptions(&bench, Method::POST, &form),
            answer_challenge(&listener, 200, str::to_owned)
        );
        assert_eq!((status, body), (200, json!({"success": true})));
    }
    assert_eq!(
        objects(&bench).await,
        ["managed_meta_account", "permissions"]
    );
    let permissions = [("object", "permissions")];
    subscriptions(&bench, Method::DELETE, &permissions).await;
    assert_eq!(objects(&bench).await, ["managed_meta_account"]);
    let revoked = json!({"app": APP.0, "permission": "ads_read", "verb": "revoked"});
    bench
        .post_control(&format!("persons/{PERSON}/permissions"), revoked)
        .await;
    let migration = json!({"person": PERSON, "business": BUSINESS, "new_person": MANAGED});
    let (_, (_, body)) = tokio::join!(
        bench.post_control("migrations", migration),
        receive(&listener)
    );
    assert!(body.contains("migration_expire_time"), "{body}");
    subscriptions(&bench, Method::DELETE, &[]).await;
    assert_eq!(objects(&bench).await, [""; 0]);
}

async fn listen(bench: &Bench) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    set_webhook(bench, APP.0, &listener).await;
    listener
}

async fn set_webhook(bench: &Bench, app: &str, listener: &TcpListener) {
    let url = format!("http://{}/hooks", listener.local_addr().unwrap());
    let target = bench.url(&format!("sandbox/apps/{app}/webhook"));
    let set = bench.http.put(target).json(&json!({"url": url})).send();
    assert_eq!(set.await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_removed_partner_loses_the_whatsapp_account_and_is_informed() {
    const WHATSAPP: &str = "800000000010001";
    let bench = Bench::start().await;
    let listener = listen(&bench).await;
    let person = bench.person_token().await;
    let system_user = bench
        .issue_token(json!({"system_user": "110000000000001", "app": APP.0}))
        .await;
    let ((status, _), (head, body)) = tokio::join!(
        bench.post_control("partners/remove", json!({"waba": WHATSAPP})),
        receive(&listener)
    );
    assert_eq!(status, 200);
    assert!(head.contains("X-Hub-Signature-256: sha256="), "{head}");
    let mut payload: Value = serde_json::from_str(&body).unwrap();
    assert!(payload["entry"][0]["time"].take().is_i64());
    let value = json!({
        "event": "PARTNER_REMOVED", "waba_info": {"waba_id": WHATSAPP, "owner_business_id": BUSINESS},
    });
    assert_eq!(
        payload,
        json!({"object": "whatsapp_business_account", "entry": [
            {"id": WHATSAPP, "time": null, "changes": [{"field": "account_update", "value": value}]},
        ]})
    );
    for token in [&person, &system_user] {
        let (_, node) = bench.read(token, WHATSAPP).await;
        assert_eq!(crate::bench::error_codes(&node), (100, Some(33)));
    }
    assert_eq!(bench.read(&person, "800000000020001").await.0, 200);
}

#[tokio::test]
async fn a_partner_that_is_added_again_reads_the_account() {
    const WHATSAPP: &str = "800000000010001";
    let bench = Bench::start().await;
    let listener = listen(&bench).await;
    let token = bench.person_token().await;
    for (control, event) in [("remove", "PARTNER_REMOVED"), ("add", "PARTNER_ADDED")] {
        let control = format!("partners/{control}");
        let input = json!({"waba": WHATSAPP, "business": "200000000000002"});
        let (_, (_, body)) = tokio::join!(bench.post_control(&control, input), receive(&listener));
        assert!(
            body.contains(event) && body.contains("200000000000002"),
            "{body}"
        );
    }
    assert_eq!(bench.read(&token, WHATSAPP).await.0, 200);
}

#[tokio::test]
async fn only_whatsapp_accounts_have_partners_to_remove() {
    let bench = Bench::start().await;
    for (input, field) in [
        (json!({"waba": BUSINESS}), "waba"),
        (
            json!({"waba": "800000000010001", "business": "7"}),
            "business",
        ),
    ] {
        let (status, body) = bench.post_control("partners/remove", input).await;
        assert_eq!((status, &body["error"]["field"]), (400, &json!(field)));
    }
}
