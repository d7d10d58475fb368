//! What programs for HTTP expect: HEAD, compressed pages with tags, filters with several values, and a header that says
//! whether a call was repeated.

use regrant_testdb::TestDatabase;
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, http, on_both};

on_both!(
    an_ad_account_is_found_and_deleted_without_its_prefix,
    a_filter_accepts_several_values,
    a_repeated_call_says_that_it_was_answered_before,
);

/// A client that neither asks for compressed bodies nor decompresses them.
fn plain_http() -> Client {
    Client::builder().no_gzip().build().expect("a client")
}

async fn start(database: TestDatabase) -> (Harness, Tenant) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let tenant = harness.tenant("One").await;
    (harness, tenant)
}

async fn register(tenant: &Tenant, assets: &[(&str, &str)]) {
    let assets: Vec<_> = assets
        .iter()
        .map(|(id, kind)| json!({ "id": id, "kind": kind }))
        .collect();
    tenant.register(&assets).await;
}

async fn send(tenant: &Tenant, method: Method, path: &str) -> Response {
    let call = tenant.call(method, path).send().await;
    call.expect("the server answers")
}

async fn an_ad_account_is_found_and_deleted_without_its_prefix(database: TestDatabase) {
    let (_harness, tenant) = start(database).await;
    register(
        &tenant,
        &[("50", "ad_account"), ("60", "page"), ("60", "ad_account")],
    )
    .await;
    for path in ["/v1/assets/50", "/v1/assets/act_50"] {
        assert_eq!(tenant.get(path).await["id"], "act_50", "{path}");
    }
    let audit = async |subject: &str| {
        let path = format!("/v1/audit-events?action=asset.deleted&subject={subject}");
        tenant.get(&path).await["data"]
            .as_array()
            .expect("events")
            .len()
    };
    let deleted = send(&tenant, Method::DELETE, "/v1/assets/50").await;
    assert_eq!(deleted.status(), 204);
    for path in ["/v1/assets/50", "/v1/assets/act_50"] {
        assert_eq!(
            send(&tenant, Method::GET, path).await.status(),
            404,
            "{path}"
        );
        assert_eq!(
            send(&tenant, Method::DELETE, path).await.status(),
            404,
            "{path}"
        );
    }
    assert_eq!((audit("50").await, audit("act_50").await), (1, 1));
    // Where the tenant has a page with these digits, they name the page.
    assert_eq!(tenant.get("/v1/assets/60").await["kind"], "page");
    let deleted = send(&tenant, Method::DELETE, "/v1/assets/60").await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(tenant.get("/v1/assets/60").await["kind"], "ad_account");
}

async fn a_filter_accepts_several_values(database: TestDatabase) {
    let (_harness, tenant) = start(database).await;
    register(
        &tenant,
        &[("1", "page"), ("2", "pixel"), ("3", "ad_account")],
    )
    .await;
    let listed = async |query: &str| {
        let list = tenant.get(&format!("/v1/assets?{query}")).await;
        let ids = list["data"].as_array().expect("assets").iter();
        ids.map(|it| it["id"].as_str().expect("an id").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed("kind=page").await, ["1"]);
    for both in [
        "kind=page&kind=pixel",
        "kind=page,pixel",
        "kind=pixel&kind=page",
    ] {
        assert_eq!(listed(both).await, ["1", "2"], "{both}");
    }
    assert_eq!(
        listed("state=disconnected&state=healthy&kind=page,pixel").await,
        ["1", "2"]
    );
    assert!(listed("state=healthy,expiring").await.is_empty());
    for faulty in ["kind=page&kind=x", "state=", "limit=1&limit=2"] {
        let refused = send(&tenant, Method::GET, &format!("/v1/assets?{faulty}")).await;
        assert_eq!(refused.status(), 422, "{faulty}");
    }
    let count = async |query: &str| {
        let list = tenant.get(&format!("/v1/audit-events?{query}")).await;
        list["data"].as_array().map(Vec::len)
    };
    let one = count("action=asset.registered").await;
    assert_eq!(count("action=asset.registered,asset.deleted").await, one);
    let forecast = tenant.get("/v1/forecast?kind=page&kind=pixel").await;
    assert_eq!(forecast["unknown"], 0, "{forecast}");
    let preview = json!({
        "access_token": "nonsense",
        "select": { "kind": ["page", "x"] },
    });
    let (status, refused) = tenant.post("/v1/reconnects", &preview).await;
    assert_eq!(
        (status, &refused["errors"][0]["field"]),
        (422, &json!("select.kind[1]"))
    );
}

async fn a_repeated_call_says_that_it_was_answered_before(database: TestDatabase) {
    let (harness, tenant) = start(database).await;
    let endpoint = json!({ "url": "http://127.0.0.1:9/hook", "kinds": ["asset.expiring"] });
    let call = async |path: &str, key: &str, body: &Value| {
        let call = tenant
            .call(Method::POST, path)
            .header("Idempotency-Key", key)
            .json(body);
        let answer = call.send().await.expect("the server answers");
        let replayed = answer.headers().get("idempotency-replayed").cloned();
        let replayed = replayed.map(|it| it.to_str().expect("text").to_owned());
        (answer.status().as_u16(), replayed)
    };
    let replayed = Some("true".to_owned());
    let path = "/v1/webhook-endpoints";
    assert_eq!(call(path, "one", &endpoint).await, (201, None));
    assert_eq!(call(path, "one", &endpoint).await, (201, replayed.clone()));
    assert_eq!(call(path, "two", &endpoint).await.1, None);
    register(&tenant, &[("1", "page")]).await;
    let person = harness.sandbox.token(Fleet::PERSON).await;
    let reconnect = json!({ "access_token": person, "asset_ids": ["1"], "wait_seconds": 60 });
    assert_eq!(call("/v1/reconnects", "one", &reconnect).await, (200, None));
    assert_eq!(
        call("/v1/reconnects", "one", &reconnect).await,
        (200, replayed.clone())
    );
    let preview = json!({ "access_token": person, "asset_ids": ["1"] });
    for expected in [None, replayed] {
        let answered = call("/v1/reconnect-previews", "one", &preview).await;
        assert_eq!(answered, (200, expected));
    }
    // A call that only reads runs again.
    let lookup = json!({ "asset_ids": ["1"] });
    for _ in 0..2 {
        assert_eq!(call("/v1/tokens/lookup", "one", &lookup).await, (200, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn head_works_wherever_get_does_but_for_tokens_and_streams() {
    let (_harness, tenant) = start(TestDatabase::create_sqlite().await).await;
    register(&tenant, &[("1", "page")]).await;
    for path in [
        "/v1/assets",
        "/v1/assets/1",
        "/v1/forecast",
        "/livez",
        "/docs/",
    ] {
        let get = send(&tenant, Method::GET, path).await;
        let head = send(&tenant, Method::HEAD, path).await;
        assert_eq!(head.status(), 200, "{path}");
        assert_eq!(
            head.headers().get("content-type"),
            get.headers().get("content-type"),
            "{path}"
        );
        assert!(head.bytes().await.expect("a body").is_empty(), "{path}");
        let refused = send(&tenant, Method::TRACE, path).await;
        let allow = refused.headers()["allow"].to_str().expect("text");
        assert!(allow.starts_with("GET, HEAD"), "{path}: {allow}");
    }
    for path in ["/v1/assets/1/token", "/v1/reconnects/rcn_1/events"] {
        let refused = send(&tenant, Method::HEAD, path).await;
        assert_eq!(refused.status(), 405, "{path}");
        assert_eq!(refused.headers()["allow"], "GET", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn public_files_are_compressed_and_have_tags_and_answers_to_tenants_do_not() {
    let (harness, tenant) = start(TestDatabase::create_sqlite().await).await;
    for (path, at_most) in [
        ("/docs/swagger-ui-bundle.js", 600_000),
        ("/docs/swagger-ui.css", 60_000),
        ("/openapi.json", 40_000),
        ("/problems", 10_000),
        ("/pages.css", 10_000),
    ] {
        let url = format!("{}{path}", harness.api);
        let plain = plain_http().get(&url).send().await.expect("an answer");
        let tag = plain.headers()["etag"].clone();
        assert!(!plain.headers().contains_key("content-encoding"), "{path}");
        let plain = plain.bytes().await.expect("a body");
        let call = plain_http().get(&url).header("accept-encoding", "gzip");
        let gzip = call.send().await.expect("an answer");
        assert_eq!(gzip.headers()["etag"], tag, "{path}");
        assert_eq!(gzip.headers()["cache-control"], "public, max-age=300");
        let is_compressed = gzip.headers().contains_key("content-encoding");
        let gzip = gzip.bytes().await.expect("a body").len();
        assert!(
            gzip <= at_most && (gzip < plain.len() || !is_compressed),
            "{path}: {gzip}"
        );
        let call = plain_http().get(&url).header("if-none-match", tag);
        assert_eq!(
            call.send().await.expect("an answer").status(),
            304,
            "{path}"
        );
        let call = http().get(&url).send().await.expect("an answer");
        assert_eq!(call.bytes().await.expect("a body"), plain, "{path}");
    }
    for path in ["/v1/assets", "/v1/webhook-endpoints"] {
        let call = tenant.call(Method::GET, path);
        let answer = call.header("accept-encoding", "gzip").send().await;
        let answer = answer.expect("the server answers");
        for absent in ["content-encoding", "etag"] {
            assert!(!answer.headers().contains_key(absent), "{path}: {absent}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_listeners_have_pages_with_their_own_name() {
    let (harness, _) = start(TestDatabase::create_sqlite().await).await;
    for (listener, name) in [
        (&harness.api, "Regrant"),
        (&harness.admin, "Regrant for operators"),
    ] {
        for path in ["/", "/docs/"] {
            let url = format!("{listener}{path}");
            let page = http().get(&url).send().await.expect("an answer");
            let page = page.text().await.expect("a page");
            assert!(page.contains(&format!("<title>{name}")), "{url}: {page}");
            assert!(!page.contains("Explore"), "{url}");
        }
        let start = http().get(format!("{listener}/docs/start.js")).send().await;
        let start = start.expect("an answer").text().await.expect("a script");
        assert!(
            start.contains("BaseLayout"),
            "without the box for other descriptions"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_rate_headers_stand_beside_the_older_ones() {
    let mut options = Options::default();
    options.api.rates.tenant = 7;
    let (_harness, tenant) = Harness::small(options).await;
    let answer = send(&tenant, Method::GET, "/v1/assets").await;
    let text = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
    let policy = text("ratelimit-policy");
    assert!(policy.ends_with(";q=70;w=10"), "{policy}");
    let remaining = text("ratelimit-remaining");
    let limit = text("ratelimit");
    assert!(limit.contains(&format!(";r={remaining};t=")), "{limit}");
    assert_eq!(policy.split(';').next(), limit.split(';').next());
    assert_eq!(text("ratelimit-limit"), "70");
}
