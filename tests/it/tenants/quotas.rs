//! Quotas of a tenant: how many assets it keeps and how many reconnects run at once.

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, Tenant, code_of, header_number, leap, on_both};

on_both!(
    a_tenant_cannot_exceed_its_asset_quota,
    a_tenant_without_a_quota_of_its_own_cannot_exceed_the_setting,
    a_tenant_cannot_exceed_its_quota_of_running_reconnects,
    a_tenant_cannot_exceed_its_bytes_of_records_and_its_reads_and_repetitions_are_served,
    history_over_its_part_of_the_bytes_is_deleted_early_and_never_within_a_day,
);

async fn a_tenant_cannot_exceed_its_asset_quota(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let tenant = harness.tenant("One").await;
    harness.set_tenant("One", "max_assets = 5").await;
    exceed_five_assets(&tenant).await;
}

async fn a_tenant_without_a_quota_of_its_own_cannot_exceed_the_setting(database: TestDatabase) {
    let mut options = Options::default();
    options.vault.tenants.max_assets = 5;
    let harness = Harness::with(database, &Fleet::new(1, 2, 0).world(), options).await;
    exceed_five_assets(&harness.tenant("One").await).await;
    let more = harness.tenant("Two").await;
    harness.set_tenant("Two", "max_assets = 9").await;
    let page = |n: usize| json!({ "id": format!("88{n}"), "kind": "page" });
    let pages = json!({ "assets": (0..9).map(page).collect::<Vec<_>>() });
    assert_eq!(more.post("/v1/assets", &pages).await.0, 200);
}

/// Registers pages of a tenant that may have five assets.
async fn exceed_five_assets(tenant: &Tenant) {
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
        "an existing asset may be registered again"
    );
    let one_more = join_all((4..12).map(|n| {
        let page = pages(n, n + 1);
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

async fn a_tenant_cannot_exceed_its_quota_of_running_reconnects(database: TestDatabase) {
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    harness
        .set_tenant("One", "max_running_reconnects = 2")
        .await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness.sandbox.latency(2_000).await;
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
        assert!(header_number(&answer, "retry-after") >= 1);
        assert_eq!(code_of(answer).await, "too_many_reconnects");
    }
    let list = tenant.get("/v1/reconnects").await;
    let running = list["data"].as_array().expect("a list");
    assert_eq!(running.len(), 2, "the refused calls left nothing");
    harness.sandbox.clear_faults().await;
    for it in running {
        tenant.ended(it["id"].as_str().expect("an id")).await;
    }
    let again = start().await;
    assert!(
        again.status().is_success(),
        "an ended reconnect frees the quota: {}",
        again.status()
    );
}

async fn scene_with_bytes(database: TestDatabase, max_record_bytes: u64) -> (Harness, Fleet) {
    let mut options = Options::default();
    options.vault.tenants.max_record_bytes = max_record_bytes;
    let fleet = Fleet::new(1, 2, 0);
    let harness = Harness::with(database, &fleet.world(), options).await;
    (harness, fleet)
}

/// Starts a reconnect of this many assets that do not exist; its status and body.
async fn reconnect_unknown(tenant: &Tenant, token: &str, assets: usize) -> (u16, Value) {
    let ids: Vec<_> = (0..assets).map(|n| format!("66{n}")).collect();
    let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 20 });
    tenant.post("/v1/reconnects", &order).await
}

async fn a_tenant_cannot_exceed_its_bytes_of_records_and_its_reads_and_repetitions_are_served(
    database: TestDatabase,
) {
    let (harness, fleet) = scene_with_bytes(database, 40 * 1024).await;
    let (tenant, other) = (harness.tenant("One").await, harness.tenant("Other").await);
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    tenant.reconnect(&token, &fleet.ids()).await;
    let session = json!({ "asset_ids": fleet.ids(), "minutes": 5 });
    let open = async || {
        let call = tenant.call(Method::POST, "/v1/reconnect-sessions");
        let call = call.header("idempotency-key", "first").json(&session);
        let answer = call.send().await.expect("the server answers");
        answer.json::<Value>().await.expect("JSON")["id"].clone()
    };
    let opened = open().await;
    assert!(opened.is_string(), "{opened}");
    assert_eq!(reconnect_unknown(&tenant, &token, 100).await.0, 200);
    let (status, problem) = reconnect_unknown(&tenant, &token, 1).await;
    assert_eq!(
        (status, &problem["type"]),
        (429, &json!("/problems/records_full")),
        "{problem}"
    );
    let refused = tenant.call(Method::POST, "/v1/reconnect-sessions");
    let refused = refused.json(&session).send().await.expect("an answer");
    assert_eq!(header_number(&refused, "retry-after"), 300);
    assert_eq!(code_of(refused).await, "records_full");
    let keyed = tenant.call(Method::POST, "/v1/assets");
    let keyed = keyed.header("idempotency-key", "another");
    let keyed = keyed.json(&json!({ "assets": fleet.assets() }));
    assert_eq!(keyed.send().await.expect("an answer").status(), 429);
    assert_eq!(open().await, opened, "a repetition is answered");
    tenant.register(&fleet.assets()).await;
    let read = format!("/v1/assets/{}/token", fleet.ids()[0]);
    assert_eq!(tenant.status(&read).await, 200);
    assert_eq!(reconnect_unknown(&other, &token, 10).await.0, 200);
}

async fn history_over_its_part_of_the_bytes_is_deleted_early_and_never_within_a_day(
    database: TestDatabase,
) {
    let (harness, fleet) = scene_with_bytes(database, 140 * 1024).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let session = json!({ "asset_ids": fleet.ids(), "minutes": 1 });
    let (mut started, mut tenant) = (Vec::new(), tenant);
    for _ in 0..5 {
        let (status, ended) = reconnect_unknown(&tenant, &token, 40).await;
        assert_eq!(status, 200, "{ended}");
        started.push(ended["id"].as_str().expect("an id").to_owned());
        tenant.post("/v1/reconnect-sessions", &session).await;
        tenant = leap(&harness, &tenant, chrono::Duration::minutes(10)).await;
    }
    // Each reconnect counts 20.5 KiB, and 35 KiB are kept.
    harness.vault.purge_expired().await.expect("a pass");
    for id in &started {
        let kept = tenant.status(&format!("/v1/reconnects/{id}")).await;
        assert_eq!(kept, 200, "a day has not passed");
    }
    assert_eq!(reconnect_unknown(&tenant, &token, 80).await.0, 200);
    assert_eq!(reconnect_unknown(&tenant, &token, 1).await.0, 429, "full");
    let tenant = leap(&harness, &tenant, chrono::Duration::hours(24)).await;
    harness.vault.purge_expired().await.expect("a pass");
    for id in &started {
        let kept = tenant.status(&format!("/v1/reconnects/{id}")).await;
        assert_eq!(kept, 404, "older than what fits");
    }
    let listed = tenant.get("/v1/reconnect-sessions").await;
    assert_eq!(listed["data"].as_array().map(Vec::len), Some(5), "they fit");
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let again = reconnect_unknown(&tenant, &token, 1).await;
    assert_eq!(again.0, 200, "there is room again: {}", again.1);
}
