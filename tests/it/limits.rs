//! How often, how much and how large: rates, quotas, and bodies at their bounds.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use regrant_domain::Permissions;
use regrant_testdb::TestDatabase;
use regrant_vault::{Acting, ClientSpec};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::bench::{Bench, Fleet, Options, Tenant, http, on_both};

on_both!(
    a_tenant_has_its_rate_and_many_clients_have_no_more,
    a_tenant_keeps_no_more_assets_than_it_may,
    a_tenant_runs_no_more_reconnects_than_it_may,
);

async fn small(options: Options) -> (Bench, Tenant) {
    let bench = Bench::with(
        TestDatabase::sqlite().await,
        &Fleet::new(1, 2, 0).world(),
        options,
    )
    .await;
    let tenant = bench.tenant("One").await;
    (bench, tenant)
}

fn with_address_rate(address: u32) -> Options {
    let mut options = Options::default();
    options.api.rates.address = address;
    options
}

fn number(answer: &Response, name: &str) -> u64 {
    answer
        .headers()
        .get(name)
        .and_then(|it| it.to_str().ok()?.parse().ok())
        .unwrap_or(u64::MAX)
}

async fn kind(answer: Response) -> String {
    let problem: Value = answer.json().await.expect("json");
    problem["type"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("/problems/")
        .to_owned()
}

/// Another client of the same tenant.
async fn another(bench: &Bench, tenant: &Tenant, name: &str) -> Tenant {
    let id = tenant.id.parse().expect("a tenant's id");
    let spec = ClientSpec::named(name, Permissions::all());
    let made = bench
        .vault
        .create_client(Acting::CommandLine, id, spec, None)
        .await
        .expect("a client");
    Tenant::of_client(&bench.api, made).await
}

async fn a_tenant_has_its_rate_and_many_clients_have_no_more(database: TestDatabase) {
    let bench = Bench::start(database, &Fleet::new(1, 2, 0).world()).await;
    let first = bench.tenant("One").await;
    let other = bench.tenant("Two").await;
    bench.set_tenant("One", "requests_per_second = 1").await;
    let mut clients = vec![first];
    for n in 0..4 {
        clients.push(another(&bench, &clients[0], &format!("more {n}")).await);
    }
    // Each client alone could call ten times; together they can call ten times, and no header changes that.
    let calls = (0..40).map(|n| {
        let call = clients[n % clients.len()].call(Method::GET, "/v1/assets");
        call.header("X-Forwarded-For", format!("198.51.100.{n}"))
            .send()
    });
    let answers = join_all(calls).await;
    let answers: Vec<_> = answers
        .into_iter()
        .map(|it| it.expect("the server answers"))
        .collect();
    let passed = answers.iter().filter(|it| it.status() == 200).count();
    assert!((10..=25).contains(&passed), "{passed} of 40 passed");
    for answer in answers {
        assert_eq!(number(&answer, "ratelimit-limit"), 10);
        assert!(
            number(&answer, "ratelimit-remaining") < 10 && number(&answer, "ratelimit-reset") <= 10
        );
        if answer.status() != 200 {
            assert_eq!(answer.status(), 429);
            assert!(
                (1..=10).contains(&number(&answer, "retry-after")),
                "{:?}",
                answer.headers()
            );
            assert!(answer.headers().contains_key("x-request-id"));
            assert_eq!(kind(answer).await, "rate_limited");
        }
    }
    assert_eq!(
        other.status("/v1/assets").await,
        200,
        "another tenant does not notice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_a_rate_of_its_own() {
    let (bench, tenant) = small(Options::default()).await;
    let fleet = Fleet::new(1, 2, 0);
    tenant.register(&fleet.assets()).await;
    let (_, opened) = tenant
        .post(
            "/v1/reconnect-sessions",
            &json!({ "asset_ids": fleet.ids() }),
        )
        .await;
    let token = opened["token"].as_str().expect("a token").to_owned();
    let http = http();
    let call = || {
        http.get(format!("{}/v1/reconnect-sessions/current", bench.api))
            .bearer_auth(&token)
            .send()
    };
    let answers = join_all((0..80).map(|_| call())).await;
    let refused = answers
        .iter()
        .filter(|it| it.as_ref().is_ok_and(|it| it.status() == 429))
        .count();
    assert!(
        (1..=30).contains(&refused),
        "{refused} of 80 refused where 50 may come at once"
    );
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "its tenant does not notice"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_is_slowed_by_address_whatever_is_forwarded() {
    let (bench, tenant) = small(with_address_rate(1)).await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "cli_x"),
        ("client_secret", "y"),
    ];
    let mut slowed = 0;
    for n in 0..15 {
        let call = http()
            .post(format!("{}/oauth/token", bench.api))
            .form(&form);
        let call = call
            .header("X-Forwarded-For", format!("198.51.100.{n}"))
            .header("Forwarded", "for=1.2.3.4");
        let answer = call.send().await.expect("the server answers");
        if answer.status() == 429 {
            slowed += 1;
            assert!(number(&answer, "retry-after") >= 1);
            assert_eq!(kind(answer).await, "rate_limited");
        } else {
            assert_eq!(answer.status(), 401);
        }
    }
    assert!(
        slowed >= 3,
        "{slowed} of 15 were slowed, where ten may come at once"
    );
    let stranger = http()
        .get(format!("{}/v1/assets", bench.api))
        .bearer_auth("a.b.c");
    let stranger = stranger.send().await.expect("the server answers");
    assert!(
        [401, 429].contains(&stranger.status().as_u16()),
        "the same address"
    );
    assert_eq!(number(&stranger, "ratelimit-limit"), 10);
    assert_eq!(
        tenant.status("/v1/assets").await,
        200,
        "who is let in is not slowed by its address"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_each_caller_is_counted_for_itself() {
    let mut options = with_address_rate(1);
    options.api.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    let (bench, _) = small(options).await;
    let knock = async |from: String| {
        let call = http()
            .get(format!("{}/v1/assets", bench.api))
            .header("X-Forwarded-For", from);
        call.send()
            .await
            .expect("the server answers")
            .status()
            .as_u16()
    };
    for n in 0..20 {
        assert_eq!(knock(format!("198.51.100.{n}")).await, 401);
    }
    let mut slowed = false;
    for n in 0..20 {
        slowed |= knock(format!("203.0.113.{n}, 198.51.100.200")).await == 429;
    }
    assert!(
        slowed,
        "what stands before the first stranger is its own word"
    );
}

async fn a_tenant_keeps_no_more_assets_than_it_may(database: TestDatabase) {
    let bench = Bench::start(database, &Fleet::new(1, 2, 0).world()).await;
    let tenant = bench.tenant("One").await;
    bench.set_tenant("One", "max_assets = 5").await;
    let pages = |from: usize, to: usize| {
        let pages: Vec<_> = (from..to)
            .map(|n| json!({ "id": format!("77{n}"), "kind": "page" }))
            .collect();
        json!({ "assets": pages })
    };
    assert_eq!(tenant.post("/v1/assets", &pages(0, 4)).await.0, 200);
    let (status, problem) = tenant.post("/v1/assets", &pages(3, 6)).await;
    assert_eq!(
        (status, &problem["type"]),
        (409, &json!("/problems/too_many_assets")),
        "{problem}"
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|it| it.contains('5')),
        "{problem}"
    );
    assert_eq!(
        tenant.get("/v1/assets").await["data"]
            .as_array()
            .map(Vec::len),
        Some(4),
        "nothing changed"
    );
    assert_eq!(
        tenant.post("/v1/assets", &pages(0, 4)).await.0,
        200,
        "what is there may be told again"
    );
    let one_more = join_all((4..12).map(|n| {
        let (tenant, page) = (&tenant, pages(n, n + 1));
        async move { tenant.post("/v1/assets", &page).await.0 }
    }));
    let statuses = one_more.await;
    assert_eq!(
        statuses.iter().filter(|it| **it == 200).count(),
        1,
        "{statuses:?}"
    );
    assert_eq!(
        tenant.get("/v1/assets").await["data"]
            .as_array()
            .map(Vec::len),
        Some(5)
    );
}

async fn a_tenant_runs_no_more_reconnects_than_it_may(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let bench = Bench::start(database, &fleet.world()).await;
    let tenant = bench.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    bench.set_tenant("One", "max_running_reconnects = 2").await;
    let token = bench.sandbox.token(Fleet::PERSON).await;
    bench.sandbox.latency(2_000).await;
    let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 0 });
    let start = || async {
        let call = tenant.call(Method::POST, "/v1/reconnects").json(&order);
        call.send().await.expect("the server answers")
    };
    let answers = join_all((0..6).map(|_| start())).await;
    let refused: Vec<_> = answers
        .into_iter()
        .filter(|it| it.status() == 429)
        .collect();
    assert_eq!(refused.len(), 4);
    for answer in refused {
        assert!(number(&answer, "retry-after") >= 1);
        assert_eq!(kind(answer).await, "too_many_reconnects");
    }
    let list = tenant.get("/v1/reconnects").await;
    let running = list["data"].as_array().expect("a list");
    assert_eq!(running.len(), 2, "nothing of the others is there");
    bench.sandbox.clear_faults().await;
    for it in running {
        tenant.ended(it["id"].as_str().expect("an id")).await;
    }
    let again = start().await;
    assert!(
        again.status().is_success(),
        "who has ended makes room: {}",
        again.status()
    );
}

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
async fn bodies_are_bounded_to_the_byte() {
    let (_bench, tenant) = small(Options::default()).await;
    let limit = 1024 * 1024;
    let empty = post_raw(&tenant, "/v1/reconnects", String::new()).await;
    assert_eq!(
        (empty.status().as_u16(), kind(empty).await.as_str()),
        (400, "malformed_json")
    );
    for (bytes, status, code) in [
        (limit, 422, "invalid_request"),
        (limit + 1, 413, "body_too_large"),
    ] {
        let answer = post_raw(&tenant, "/v1/reconnects", sized(bytes)).await;
        assert_eq!(
            (answer.status().as_u16(), kind(answer).await.as_str()),
            (status, code),
            "{bytes}"
        );
    }
    // A body that does not say how long it is stops at the same byte.
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
async fn depth_and_number_of_members_are_bounded() {
    let (_bench, tenant) = small(Options::default()).await;
    let nested = |depth: usize| format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    for (depth, code) in [
        (32, "invalid_request"),
        (33, "malformed_json"),
        (100_000, "malformed_json"),
    ] {
        let answer = post_raw(&tenant, "/v1/reconnects", nested(depth)).await;
        assert_eq!(kind(answer).await, code, "{depth} deep");
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
        "which of two counts, nobody can say"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_and_one_asset_too_many_are_refused() {
    let (_bench, tenant) = small(Options::default()).await;
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
        (gzip.status().as_u16(), kind(gzip).await.as_str()),
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

/// One raw request on a connection of its own; what comes back until the server hangs up.
async fn raw(bench: &Bench, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(bench.api.trim_start_matches("http://"))
        .await
        .expect("a connection");
    // The server may hang up before it has read all of it.
    let _sent = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _read =
        tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer)).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_and_addresses_without_end_are_refused() {
    let (bench, tenant) = small(Options::default()).await;
    let head =
        |extra: &str| format!("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{extra}\r\n");
    assert!(
        raw(&bench, head("").as_bytes())
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
        let answer = raw(&bench, request.as_bytes()).await;
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
    let (bench, tenant) = small(options).await;
    let address = bench.api.trim_start_matches("http://").to_owned();
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
        assert!(ended, "a slow caller is not waited for");
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408"),
            "{answer}"
        );
    }
}
