//! Bodies of callers that are not authenticated: how large, how many, how slow.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::{Method, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::attack::{SlowBodies, connect, time_calls};
use crate::harness::{
    APP, Fleet, Harness, Options, ServerProcess, Tenant, code_of, header_number, http,
};

const LIMIT: usize = 64 * 1024;
const WEBHOOK_LIMIT: usize = 3 * 1024 * 1024;

async fn post_callback(harness: &Harness, app: &str, bytes: usize) -> Response {
    post_to_app(harness, "webhooks", app, bytes).await
}

async fn post_to_app(harness: &Harness, callback: &str, app: &str, bytes: usize) -> Response {
    let call = http()
        .post(format!("{}/meta/{callback}/{app}", harness.api))
        .body("a".repeat(bytes));
    call.send().await.expect("the server answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_has_its_limit_whether_or_not_its_app_is_known() {
    let (harness, _tenant) = Harness::small(Options::default()).await;
    for app in [APP, "999", "x"] {
        for (callback, limit) in [
            ("webhooks", WEBHOOK_LIMIT),
            ("deauthorize", LIMIT),
            ("data-deletion", LIMIT),
        ] {
            for (bytes, status, code) in [
                (0, 403, "not_signed"),
                (limit, 403, "not_signed"),
                (limit + 1, 413, "body_too_large"),
            ] {
                let answer = post_to_app(&harness, callback, app, bytes).await;
                assert_eq!(
                    (answer.status().as_u16(), code_of(answer).await.as_str()),
                    (status, code),
                    "{bytes} bytes to {callback} of {app}"
                );
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_of_an_address_have_a_rate_and_say_when_to_come_back() {
    let mut options = Options::default();
    options.api.rates.callbacks = 1;
    let (harness, tenant) = Harness::small(options).await;
    let mut slowed = 0;
    for _ in 0..15 {
        let answer = post_callback(&harness, APP, 10).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            slowed += 1;
            assert!(header_number(&answer, "retry-after") >= 1);
            assert_eq!(code_of(answer).await, "rate_limited");
        }
    }
    assert!(slowed >= 3, "{slowed} of 15, where ten may come at once");
    assert_eq!(tenant.status("/v1/assets").await, 200);
}

/// Opens `count` callbacks of one address that keep the server waiting.
async fn keep_waiting(harness: &Harness, count: usize) -> Vec<TcpStream> {
    let target = harness.api.trim_start_matches("http://").parse();
    let target = target.expect("an address");
    let mut waiting = Vec::new();
    for _ in 0..count {
        let mut stream = connect(target).await.expect("a connection");
        let head =
            format!("POST /meta/webhooks/{APP} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
        stream.write_all(head.as_bytes()).await.expect("written");
        waiting.push(stream);
    }
    // A refusal waits a second for the rest of its body.
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    waiting
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_keeps_the_server_waiting_for_64_bodies_and_another_address_is_served() {
    let mut options = Options::default();
    options.api.request_timeout = Duration::from_secs(4);
    let (harness, _tenant) = Harness::small(options).await;
    let mut waiting = keep_waiting(&harness, 65).await;
    let refused = read_answers(&mut waiting, Duration::from_millis(20)).await;
    assert!(
        refused.len() == 1
            && refused[0].starts_with("HTTP/1.1 429")
            && refused[0].contains("retry-after: 2")
            && refused[0].contains("connection: close"),
        "{refused:?}"
    );
    assert_eq!(
        post_callback(&harness, APP, 10).await.status(),
        403,
        "the test's own address is another one"
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    let late = read_answers(&mut waiting, Duration::from_millis(20)).await;
    assert!(
        late.len() == 64 && late.iter().all(|it| it.starts_with("HTTP/1.1 408")),
        "{late:?}"
    );
    let mut renewed = keep_waiting(&harness, 64).await;
    let refused = read_answers(&mut renewed, Duration::from_millis(20)).await;
    assert!(refused.is_empty(), "what ended is given back: {refused:?}");
}

/// What the server has answered by now; an answer that is read ends its connection.
async fn read_answers(connections: &mut Vec<TcpStream>, patience: Duration) -> Vec<String> {
    let mut answers = Vec::new();
    let mut silent = Vec::new();
    for mut stream in connections.drain(..) {
        let mut answer = [0; 1024];
        match tokio::time::timeout(patience, stream.read(&mut answer)).await {
            Ok(read) => {
                let read = read.expect("an answer");
                answers.push(String::from_utf8_lossy(&answer[..read]).into_owned());
            }
            Err(_) => silent.push(stream),
        }
    }
    *connections = silent;
    answers
}

/// Starts bodies of a tenant that hold this many bytes in all.
async fn hold_bytes(tenant: &Tenant, api: &str, bodies: usize, bytes: usize) -> Vec<TcpStream> {
    let mut streams = Vec::new();
    for _ in 0..bodies {
        let mut stream = TcpStream::connect(api.trim_start_matches("http://"))
            .await
            .expect("a connection");
        let head = format!(
            "POST /v1/assets HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n",
            tenant.bearer,
            bytes + 10
        );
        stream.write_all(head.as_bytes()).await.expect("written");
        stream.write_all(&vec![b' '; bytes]).await.expect("written");
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    streams
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_holds_a_quarter_of_the_memory_for_bodies_and_another_tenant_is_served() {
    let mut options = Options::default();
    options.api.bodies_in_flight = 4 * 1024 * 1024;
    options.api.request_timeout = Duration::from_secs(5);
    let (harness, tenant) = Harness::small(options).await;
    let other = harness.tenant("Other").await;
    // The public listener has 3.5 MiB, and a tenant room for one body of 1 MiB at least.
    let held = hold_bytes(&tenant, &harness.api, 4, 250 * 1024).await;
    let assets = serde_json::json!({ "assets": [{ "id": "7", "kind": "page", "name": "n".repeat(100_000) }] });
    let refused = tenant
        .call(Method::POST, "/v1/assets")
        .json(&assets)
        .send()
        .await
        .expect("the server answers");
    assert_eq!(refused.status(), 429);
    assert_eq!(header_number(&refused, "retry-after"), 2);
    assert!(refused.headers().contains_key("ratelimit-limit"));
    assert_eq!(code_of(refused).await, "too_many_bodies");
    let answer = other.post("/v1/assets", &assets).await;
    assert_eq!(
        answer.0, 422,
        "{}: read, and the name is too long",
        answer.1
    );
    drop(held);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let answer = tenant.post("/v1/assets", &assets).await;
    assert_eq!(answer.0, 422, "what ended is given back: {}", answer.1);
}

/// Sends a chunked body without an end, `chunk` after `chunk`, until the server ends the connection; how long that took.
async fn send_endless_body(api: &str, head: String, chunk: usize, pause: Duration) -> Duration {
    let mut stream = TcpStream::connect(api.trim_start_matches("http://"))
        .await
        .expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("written");
    let chunk = format!("{chunk:x}\r\n{}\r\n", " ".repeat(chunk));
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(20) {
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
        tokio::time::sleep(pause).await;
    }
    started.elapsed()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_without_an_end_holds_its_connection_for_the_time_of_a_body_only() {
    let mut options = Options::default();
    options.api.request_timeout = Duration::from_secs(2);
    let (harness, tenant) = Harness::small(options).await;
    let mut endless = Vec::new();
    for (path, bearer) in [
        ("/v1/assets", tenant.bearer.as_str()),
        ("/v1/nothing", tenant.bearer.as_str()),
        ("/v1/assets", "garbage"),
        ("/meta/webhooks/x", ""),
        ("/livez", ""),
        ("/nothing", ""),
    ] {
        for (chunk, pause) in [(16 * 1024, 1), (1, 50)] {
            let head = format!(
                "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {bearer}\r\nContent-Type: \
                 application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            );
            let sent = send_endless_body(&harness.api, head, chunk, Duration::from_millis(pause));
            endless.push(async move { (path, chunk, sent.await) });
        }
    }
    for (path, chunk, held) in join_all(endless).await {
        assert!(
            held < Duration::from_secs(6),
            "{path} held by chunks of {chunk} for {held:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_opens_a_part_of_the_connections() {
    let mut options = Options::default();
    options.api.max_address_connections = 20;
    let (harness, tenant) = Harness::small(options).await;
    let _silent = keep_waiting(&harness, 20).await;
    let target = harness.api.trim_start_matches("http://").parse();
    let mut refused = connect(target.expect("an address"))
        .await
        .expect("a connection");
    let read = tokio::time::timeout(Duration::from_secs(2), refused.read(&mut [0; 8])).await;
    assert!(
        matches!(read, Ok(Ok(0) | Err(_))),
        "the 21st connection ends before it sends anything: {read:?}"
    );
    assert_eq!(tenant.status("/v1/assets").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_slow_bodies_take_little_memory_and_delay_no_read() {
    let fleet = Fleet::new(1, 1, 0);
    let server =
        ServerProcess::start(TestDatabase::create_sqlite().await, &fleet.world(), "error").await;
    let tenant = server.tenant("B").await;
    let read = async || tenant.status("/v1/assets").await == 200;
    let alone = time_calls(Duration::from_secs(1), read).await;
    let before = server.resident_kib();
    let slow = SlowBodies::start(&server.api, "/meta/webhooks/x", 200, LIMIT);
    let beside = time_calls(Duration::from_secs(3), read).await;
    let after = server.resident_kib();
    assert!(
        after <= before + 64 * 1024,
        "{before} KiB before, {after} KiB with {:?}",
        slow.tally
    );
    beside.assert_like(&alone);
}
