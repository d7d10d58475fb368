//! Limits of a request: its body, its headers, its URL, and the time it takes to arrive.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::harness::{Harness, Options, Tenant, code_of};

fn sized(bytes: usize) -> String {
    let frame = r#"{"access_token":"","asset_ids":["1"]}"#;
    format!(
        r#"{{"access_token":"{}","asset_ids":["1"]}}"#,
        "E".repeat(bytes - frame.len())
    )
}

async fn post_raw(tenant: &Tenant, path: &str, body: String) -> Response {
    let call = tenant
        .call(Method::POST, path)
        .header("content-type", "application/json")
        .body(body);
    call.send().await.expect("the server answers")
}

#[tokio::test(flavor = "multi_thread")]
async fn body_size_is_limited_to_the_byte() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let limit = 1024 * 1024;
    let empty = post_raw(&tenant, "/v1/reconnects", String::new()).await;
    assert_eq!(
        (empty.status().as_u16(), code_of(empty).await.as_str()),
        (400, "malformed_json")
    );
    for (bytes, status, code) in [
        (limit, 422, "invalid_request"),
        (limit + 1, 413, "body_too_large"),
    ] {
        let answer = post_raw(&tenant, "/v1/reconnects", sized(bytes)).await;
        assert_eq!(
            (answer.status().as_u16(), code_of(answer).await.as_str()),
            (status, code),
            "{bytes}"
        );
    }
    // A body without a Content-Length is cut off at the same byte.
    let pieces = sized(limit + 1).into_bytes();
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        pieces.chunks(64 * 1024).map(|it| Ok(it.to_vec())).collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let call = tenant
        .call(Method::POST, "/v1/reconnects")
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(call.send().await.expect("the server answers").status(), 413);
}

#[tokio::test(flavor = "multi_thread")]
async fn nesting_depth_and_member_count_are_limited() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    for (depth, code) in [
        (32, "invalid_request"),
        (33, "malformed_json"),
        (100_000, "malformed_json"),
    ] {
        let answer = post_raw(&tenant, "/v1/reconnects", nested(depth)).await;
        assert_eq!(code_of(answer).await, code, "{depth} deep");
    }
    let started = Instant::now();
    let members: Vec<_> = (0..100_000).map(|n| format!("\"{n:x}\":1")).collect();
    let answer = post_raw(
        &tenant,
        "/v1/reconnects",
        format!("{{{}}}", members.join(",")),
    )
    .await;
    let status = answer.status();
    let problem: Value = answer.json().await.expect("json");
    assert!(status == 422 || status == 413, "{status}");
    assert!(
        problem["errors"].as_array().is_none_or(|it| it.len() <= 20),
        "not all of them are named"
    );
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
    let twice = r#"{"access_token":"E","access_token":"F","asset_ids":["1"]}"#.to_owned();
    let answer = post_raw(&tenant, "/v1/reconnects", twice).await;
    assert!(
        [400, 422].contains(&answer.status().as_u16()),
        "two contradicting values are refused"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_too_many_values_is_refused_whole() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let values = |n: usize| format!(r#"{{"asset_ids":[{}1]}}"#, "1,".repeat(n - 1));
    for (n, status, code) in [
        (100_001, 422, "too_many_items"),
        (500_000, 422, "too_many_items"),
        (1_000_000, 413, "body_too_large"),
    ] {
        let answer = post_raw(&tenant, "/v1/reconnects", values(n)).await;
        assert_eq!(
            (answer.status().as_u16(), code_of(answer).await.as_str()),
            (status, code),
            "{n} values"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asset_that_a_body_names_twice_is_registered_once() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let page = json!({ "id": "88", "kind": "page" });
    let (status, answer) = tenant
        .post("/v1/assets", &json!({ "assets": [page, page] }))
        .await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(
        [&answer["data"][0]["status"], &answer["data"][1]["status"]],
        ["created", "duplicate"],
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_and_one_asset_too_many_are_refused() {
    let (_bench, tenant) = Harness::small(Options::default()).await;
    let gzip = tenant
        .call(Method::POST, "/v1/reconnects")
        .header("content-type", "application/json");
    let gzip = gzip
        .header("content-encoding", "gzip")
        .body(vec![0x1f, 0x8b, 8, 0])
        .send()
        .await;
    let gzip = gzip.expect("the server answers");
    assert_eq!(
        (gzip.status().as_u16(), code_of(gzip).await.as_str()),
        (415, "unsupported_media_type")
    );
    let pages = |n: usize| {
        let pages: Vec<_> = (0..n)
            .map(|n| json!({ "id": format!("88{n}"), "kind": "page" }))
            .collect();
        json!({ "assets": pages })
    };
    let (status, problem) = tenant.post("/v1/assets", &pages(1_001)).await;
    assert_eq!(
        (status, &problem["type"]),
        (422, &json!("/problems/too_many_items"))
    );
    assert_eq!(
        tenant.get("/v1/assets").await["data"],
        json!([]),
        "nothing was registered"
    );
    assert_eq!(tenant.post("/v1/assets", &pages(1_000)).await.0, 200);
}

/// Sends a raw request on a new connection and returns everything until the server closes it.
async fn raw(harness: &Harness, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(harness.api.trim_start_matches("http://"))
        .await
        .expect("a connection");
    // The server may close the connection before it has read everything.
    let _sent = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _read =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn oversized_headers_and_urls_are_refused() {
    let (harness, tenant) = Harness::small(Options::default()).await;
    let head =
        |extra: &str| format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}\r\n");
    assert!(
        raw(&harness, head("").as_bytes())
            .await
            .starts_with("HTTP/1.1 200")
    );
    let large = format!("X-Large: {}\r\n", "a".repeat(256 * 1024));
    let many: String = (0..500).fold(String::new(), |text, n| text + &format!("X-{n}: 1\r\n"));
    let long = format!(
        "GET /{} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "a".repeat(256 * 1024)
    );
    for (what, request) in [
        ("a large header", head(&large)),
        ("many headers", head(&many)),
        ("a long address", long),
    ] {
        let answer = raw(&harness, request.as_bytes()).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{what}: {answer:.80}"
        );
    }
    assert_eq!(
        tenant
            .status(&format!("/v1/assets/{}", "9".repeat(4_000)))
            .await,
        404
    );
    assert_eq!(tenant.status("/v1/assets").await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_slow_callers_do_not_stop_others() {
    let mut options = Options::default();
    options.api.request_timeout = Duration::from_secs(2);
    let (harness, tenant) = Harness::small(options).await;
    let address = harness.api.trim_start_matches("http://").to_owned();
    let mut slow = Vec::new();
    for n in 0..50 {
        let mut stream = TcpStream::connect(&address).await.expect("a connection");
        let half = if n % 2 == 0 {
            "GET /v1/assets HTTP/1.1\r\nHost: x\r\nX-Slow: ".to_owned()
        } else {
            format!(
                "POST /v1/reconnects HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Type: \
                 application/json\r\nContent-Length: 1000\r\n\r\n{{\"access_token\":",
                tenant.bearer
            )
        };
        stream.write_all(half.as_bytes()).await.expect("written");
        slow.push(stream);
    }
    for _ in 0..20 {
        let started = Instant::now();
        assert_eq!(tenant.status("/v1/assets").await, 200);
        assert!(
            started.elapsed() < Duration::from_secs(2),
            "{:?}",
            started.elapsed()
        );
    }
    let ends = slow.into_iter().map(|mut stream| async move {
        let mut answer = Vec::new();
        let read =
            tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await;
        (read.is_ok(), String::from_utf8_lossy(&answer).into_owned())
    });
    for (ended, answer) in join_all(ends).await {
        assert!(ended, "the server ends the connection of a slow caller");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
}
