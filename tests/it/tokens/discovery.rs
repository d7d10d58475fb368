//! Discoveries: what a token lists, compared, streamed, registered and continued after a kill.

use std::{collections::BTreeMap, time::Duration};

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Options, ServerProcess, Tenant, on_both, problem_code};

on_both!(
    a_discovery_finds_every_asset_once_and_compares_it_with_the_tenants,
    empty_pages_with_a_next_one_end_no_list,
    a_page_that_was_not_ticked_is_listed_and_not_granted,
    registering_adds_what_is_granted_up_to_the_quota,
    a_stream_of_a_discovery_resumes_after_the_last_event_id,
    one_discovery_of_a_tenant_runs_and_deleting_ends_it,
    a_discovery_keeps_no_token_and_only_the_last_ten,
    a_list_that_graph_refuses_is_named_and_a_dead_token_ends_the_discovery,
    a_throttled_discovery_continues_by_itself,
    a_killed_discovery_continues_where_it_was,
    ten_thousand_assets_are_the_most_of_a_discovery,
);

struct Stage {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        Self::with(database, Fleet::new(2, 12, 0)).await
    }

    async fn with(database: TestDatabase, fleet: Fleet) -> Self {
        let harness = Harness::with(database, &fleet.world(), Options::default()).await;
        let tenant = harness.tenant("One").await;
        Self {
            harness,
            fleet,
            tenant,
        }
    }

    async fn token(&self) -> String {
        self.harness.sandbox.token(Fleet::PERSON).await
    }

    async fn start(&self, order: Value) -> (u16, Value) {
        self.tenant.post("/v1/discoveries", &order).await
    }

    async fn discover(&self, token: &str, register: bool) -> Value {
        let order = json!({ "access_token": token, "register": register, "wait_seconds": 60 });
        let (status, found) = self.start(order).await;
        assert_eq!(status, 200, "{found}");
        found
    }
}

/// Every asset of a discovery, page by page.
async fn assets(tenant: &Tenant, discovery: &Value) -> BTreeMap<String, Value> {
    let id = discovery["id"].as_str().expect("an id");
    let (mut all, mut cursor) = (BTreeMap::new(), String::new());
    loop {
        let path = format!("/v1/discoveries/{id}?limit=200{cursor}");
        let page = tenant.get(&path).await;
        for it in page["data"].as_array().expect("a list") {
            let id = it["asset_id"].as_str().expect("an id").to_owned();
            let before = all.insert(id, it.clone());
            assert_eq!(before, None, "each asset once: {it}");
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

async fn ended(tenant: &Tenant, id: &str) -> Value {
    for _ in 0..600 {
        let found = tenant.get(&format!("/v1/discoveries/{id}")).await;
        if found["status"] != "running" {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the discovery {id} does not end")
}

async fn a_discovery_finds_every_asset_once_and_compares_it_with_the_tenants(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let all = stage.fleet.assets();
    stage.tenant.register(&all[..3]).await;
    let mut other_kind = all[3].clone();
    other_kind["kind"] = json!("pixel");
    stage.tenant.register(&[other_kind]).await;
    let found = stage.discover(&stage.token().await, false).await;
    assert_eq!(
        (&found["status"], &found["counts"], &found["unread"]),
        (
            &json!("completed"),
            &json!({ "registered": 3, "new": 22, "another_kind": 1 }),
            &json!([])
        ),
        "{found}"
    );
    assert_eq!(found["person"]["id"], Fleet::PERSON);
    let listed = assets(&stage.tenant, &found).await;
    let ids: Vec<_> = listed.keys().cloned().collect();
    let mut expected = stage.fleet.ids();
    expected.sort_unstable();
    assert_eq!(ids, expected);
    for asset in &all[4..] {
        let it = &listed[asset["id"].as_str().expect("an id")];
        assert_eq!(
            (&it["kind"], &it["status"], &it["is_granted"]),
            (&asset["kind"], &json!("new"), &json!(true)),
            "{it}"
        );
        if asset["kind"] != "business" {
            assert_eq!(it["business_id"], asset["business_id"], "{it}");
            assert!(it["name"].is_string(), "{it}");
        }
    }
    assert_eq!(
        listed[all[3]["id"].as_str().expect("an id")]["status"],
        "another_kind"
    );
    let assets = stage.tenant.get("/v1/assets?limit=200").await;
    assert_eq!(
        assets["data"].as_array().map(Vec::len),
        Some(4),
        "nothing was registered"
    );
}

async fn empty_pages_with_a_next_one_end_no_list(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let fault = json!({ "match": { "path": "*owned_pages" }, "effect": "empty_page", "times": 3 });
    stage.harness.sandbox.fault(fault).await;
    let fault = json!({ "match": { "path": "me/businesses" }, "effect": "empty_page", "times": 1 });
    stage.harness.sandbox.fault(fault).await;
    let found = stage.discover(&stage.token().await, false).await;
    assert_eq!(found["counts"], json!({ "new": 26 }), "{found}");
    // Three lists of the person, twelve of each business, and four empty pages.
    assert_eq!(found["calls"], 3 + 24 + 4, "{found}");
}

async fn a_page_that_was_not_ticked_is_listed_and_not_granted(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let pages: Vec<_> = stage
        .fleet
        .assets()
        .into_iter()
        .filter(|it| it["kind"] == "page")
        .map(|it| it["id"].as_str().expect("an id").to_owned())
        .collect();
    let mut ticked = stage.fleet.ids();
    ticked.retain(|it| *it != pages[0]);
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "assets": ticked });
    let token = stage.harness.sandbox.token_of(wanted).await;
    let found = stage.discover(&token, true).await;
    let listed = assets(&stage.tenant, &found).await;
    assert_eq!(listed[&pages[0]]["is_granted"], false);
    assert_eq!(listed[&pages[0]]["status"], "new", "it is not registered");
    assert_eq!(listed[&pages[1]]["status"], "registered");
    assert_eq!(found["counts"], json!({ "registered": 25, "new": 1 }));
}

async fn registering_adds_what_is_granted_up_to_the_quota(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.token().await;
    let found = stage.discover(&token, true).await;
    assert_eq!(found["counts"], json!({ "registered": 26 }), "{found}");
    assert_eq!(found["not_registered"], Value::Null);
    let page = &stage.fleet.assets()[1];
    let id = page["id"].as_str().expect("an id");
    let asset = stage.tenant.get(&format!("/v1/assets/{id}")).await;
    assert_eq!(
        (&asset["kind"], &asset["business_id"]),
        (&page["kind"], &page["business_id"]),
        "{asset}"
    );
    let audited = stage
        .tenant
        .get("/v1/audit-events?action=assets.registered")
        .await;
    assert_eq!(audited["data"].as_array().map(Vec::len), Some(1));

    let small = stage.harness.tenant("Two").await;
    stage.harness.set_tenant("Two", "max_assets = 5").await;
    let order = json!({ "access_token": token, "register": true, "wait_seconds": 60 });
    let (status, found) = small.post("/v1/discoveries", &order).await;
    assert_eq!(status, 200, "{found}");
    assert_eq!(
        (&found["status"], &found["not_registered"]),
        (&json!("completed"), &json!("too_many_assets")),
        "{found}"
    );
    assert_eq!(small.get("/v1/assets").await["data"], json!([]));
}

async fn a_stream_of_a_discovery_resumes_after_the_last_event_id(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage.harness.sandbox.latency(50).await;
    let order = json!({ "access_token": stage.token().await, "wait_seconds": 0 });
    let (status, started) = stage.start(order).await;
    assert_eq!(status, 202, "{started}");
    let id = started["id"].as_str().expect("an id");
    let all = events(&stage.tenant, id, 0).await;
    let (last, found) = all.split_last().expect("events");
    assert_eq!(
        (last.1.as_str(), &last.2["status"]),
        ("discovery", &json!("completed"))
    );
    assert_eq!(found.len(), 26);
    assert!(found.windows(2).all(|pair| pair[0].0 < pair[1].0));
    let rest = events(&stage.tenant, id, found[9].0).await;
    assert_eq!(rest, all[10..]);
}

/// Events as (id, name, data); the last one has no id.
async fn events(tenant: &Tenant, id: &str, after: i64) -> Vec<(i64, String, Value)> {
    let call = tenant.call(Method::GET, &format!("/v1/discoveries/{id}/events"));
    let call = call.header("Last-Event-ID", after.to_string());
    let answer = call.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    let text = answer.text().await.expect("the stream ends");
    let event = |block: &str| {
        let field = |name: &str| {
            let mut lines = block.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        let data = serde_json::from_str(field("data:")?).ok()?;
        let number = field("id:").and_then(|it| it.parse().ok());
        Some((
            number.unwrap_or_default(),
            field("event:")?.to_owned(),
            data,
        ))
    };
    text.split("\n\n").filter_map(event).collect()
}

async fn one_discovery_of_a_tenant_runs_and_deleting_ends_it(database: TestDatabase) {
    let stage = Stage::on(database).await;
    stage.harness.sandbox.latency(500).await;
    let token = stage.token().await;
    let order = json!({ "access_token": token, "wait_seconds": 0 });
    let (status, first) = stage.start(order.clone()).await;
    assert_eq!(status, 202, "{first}");
    let (status, problem) = stage.start(order.clone()).await;
    assert_eq!(
        (status, problem_code(&problem)),
        (429, "too_many_discoveries"),
        "{problem}"
    );
    let other = stage.harness.tenant("Two").await;
    let (status, theirs) = other.post("/v1/discoveries", &order).await;
    assert_eq!(status, 202, "another tenant has its own: {theirs}");
    let path = format!("/v1/discoveries/{}", first["id"].as_str().expect("an id"));
    let deleted = stage.tenant.call(Method::DELETE, &path).send().await;
    assert_eq!(deleted.expect("an answer").status(), 204);
    assert_eq!(stage.tenant.status(&path).await, 404);
    let (status, again) = stage.start(order).await;
    assert_eq!(status, 202, "{again}");
}

async fn a_discovery_keeps_no_token_and_only_the_last_ten(database: TestDatabase) {
    let stage = Stage::with(database, Fleet::new(1, 1, 0)).await;
    let token = stage.token().await;
    let key = |call: reqwest::RequestBuilder| call.header("Idempotency-Key", "same");
    let order = json!({ "access_token": token, "wait_seconds": 60 });
    let mut ids = Vec::new();
    for _ in 0..2 {
        let call = stage.tenant.call(Method::POST, "/v1/discoveries");
        let answer = key(call).json(&order).send().await.expect("an answer");
        let found: Value = answer.json().await.expect("json");
        ids.push(found["id"].clone());
    }
    assert_eq!(ids[0], ids[1], "the same key is the same discovery");
    for _ in 0..11 {
        stage.discover(&token, false).await;
    }
    let page = stage.tenant.get("/v1/discoveries?limit=200").await;
    assert_eq!(page["data"].as_array().map(Vec::len), Some(11), "{page}");
    let contents = stage.harness.database.read_contents().await;
    let holds = |bytes: &[u8]| bytes.windows(token.len()).any(|it| it == token.as_bytes());
    assert!(contents.iter().all(|(_, it)| !holds(it)), "in the clear");
    let sealed = "SELECT count(*) FROM discoveries WHERE submitted IS NOT NULL";
    assert_eq!(stage.harness.database.count_as_superuser(sealed).await, 0);
}

async fn a_list_that_graph_refuses_is_named_and_a_dead_token_ends_the_discovery(
    database: TestDatabase,
) {
    let stage = Stage::on(database).await;
    let scopes = json!([
        "pages_show_list",
        "business_management",
        "ads_read",
        "public_profile"
    ]);
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "scopes": scopes });
    let few = stage.harness.sandbox.token_of(wanted).await;
    let error = json!({ "code": 200, "message": "Requires catalog_management permission" });
    let fault =
        json!({ "match": { "path": "*owned_product_catalogs" }, "effect": { "error": error } });
    stage.harness.sandbox.fault(fault).await;
    let found = stage.discover(&few, false).await;
    let unread = found["unread"].as_array().expect("a list");
    assert_eq!(unread.len(), 2, "{found}");
    assert_eq!(unread[0]["kind"], "product_catalog", "{found}");
    assert_eq!(unread[0]["reason"]["code"], "missing_scope", "{found}");
    assert_eq!(found["status"], "completed");

    stage.harness.sandbox.clear_faults().await;
    stage.harness.sandbox.latency(300).await;
    let token = stage.token().await;
    let (_, started) = stage
        .start(json!({ "access_token": token, "wait_seconds": 0 }))
        .await;
    stage.harness.sandbox.revoke(&token).await;
    let failed = ended(&stage.tenant, started["id"].as_str().expect("an id")).await;
    assert_eq!(
        (&failed["status"], &failed["reason"]["code"]),
        (&json!("failed"), &json!("token_dead")),
        "{failed}"
    );
    stage.harness.sandbox.latency(0).await;
    let (status, problem) = stage.start(json!({ "access_token": token })).await;
    assert_eq!((status, problem_code(&problem)), (422, "token_dead"));
}

async fn a_throttled_discovery_continues_by_itself(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let fault = json!({ "match": { "path": "*owned_pages" }, "times": 1,
        "effect": { "status": 503, "body": "Service Unavailable" } });
    for _ in 0..6 {
        stage.harness.sandbox.fault(fault.clone()).await;
    }
    let order = json!({ "access_token": stage.token().await, "wait_seconds": 0 });
    let (_, started) = stage.start(order).await;
    let found = ended(&stage.tenant, started["id"].as_str().expect("an id")).await;
    assert_eq!(
        (&found["status"], &found["counts"]),
        (&json!("completed"), &json!({ "new": 26 })),
        "{found}"
    );
}

async fn a_killed_discovery_continues_where_it_was(database: TestDatabase) {
    let fleet = Fleet::new(6, 12, 0);
    let mut server = ServerProcess::start(database, &fleet.world(), "warn").await;
    let tenant = server.tenant("One").await;
    server.sandbox.latency(150).await;
    let token = server.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "wait_seconds": 0 });
    let (status, started) = tenant.post("/v1/discoveries", &order).await;
    assert_eq!(status, 202, "{started}");
    let id = started["id"].as_str().expect("an id").to_owned();
    tokio::time::sleep(Duration::from_millis(600)).await;
    server.kill().await;
    let made = server.sandbox.calls().await["total"]
        .as_u64()
        .expect("a number");
    server.restart().await;
    let tenant = Tenant::with_secret(
        &server.api,
        tenant.id,
        tenant.client_id,
        tenant.client_secret,
    )
    .await;
    let found = ended(&tenant, &id).await;
    assert_eq!(
        (&found["status"], &found["counts"]),
        (&json!("completed"), &json!({ "new": 6 * 13 })),
        "{found}"
    );
    let after = server.sandbox.calls().await["total"]
        .as_u64()
        .expect("a number");
    // 75 lists in all; what was read before the kill is not read again, but for one wave.
    assert!(
        after - made < 75,
        "{made} calls before the kill, {after} in all"
    );
}

async fn ten_thousand_assets_are_the_most_of_a_discovery(database: TestDatabase) {
    let few = Fleet::new(1, 0, 0);
    let more = format!(
        "{}  - {{kind: page, business: \"{}\", count: 10050, first_id: \"3001001000000\", name: \"Page {{n}}\"}}\n",
        few.world(),
        crate::harness::business(1),
    );
    let harness = Harness::with(database, &more, Options::default()).await;
    let tenant = harness.tenant("One").await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let order = json!({ "access_token": token, "wait_seconds": 0 });
    let (_, started) = tenant.post("/v1/discoveries", &order).await;
    let found = ended(&tenant, started["id"].as_str().expect("an id")).await;
    assert_eq!(
        (&found["truncated"], &found["counts"]["new"]),
        (&json!(true), &json!(10_000)),
        "{found}"
    );
}

/// `cargo test --profile fast -p regrant-e2e discovery::measured -- --ignored --nocapture`
mod measured {
    use std::time::Instant;

    use super::*;

    async fn measure(database: TestDatabase, name: &str) {
        let fleet = Fleet::new(10, 996, 0);
        let stage = Stage::with(database, fleet).await;
        stage.harness.sandbox.latency(80).await;
        let token = stage.token().await;
        let (before, began) = (peak_memory(), Instant::now());
        let order = json!({ "access_token": token, "wait_seconds": 0 });
        let (_, started) = stage.start(order).await;
        let found = ended(&stage.tenant, started["id"].as_str().expect("an id")).await;
        let took = began.elapsed();
        println!(
            "{name}: {} assets, {} calls, {took:.1?}; peak memory of the process with the sandbox {} MiB, {} MiB before",
            found["counts"]["new"],
            found["calls"],
            peak_memory(),
            before,
        );
        assert_eq!(found["counts"]["new"], 9_970, "{found}");
    }

    /// `VmHWM` of this process, in MiB.
    fn peak_memory() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find(|it| it.starts_with("VmHWM"));
        let kib = line.and_then(|it| it.split_whitespace().nth(1)?.parse::<u64>().ok());
        kib.unwrap_or_default() / 1_024
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "a measurement"]
    async fn sqlite() {
        measure(TestDatabase::create_sqlite().await, "SQLite").await;
    }

    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "a measurement"]
    async fn postgres() {
        if let Some(database) = TestDatabase::create_postgres().await {
            measure(database, "PostgreSQL").await;
        }
    }
}
