//! Quotas of a tenant: how many assets it keeps and how many reconnects run at once.

use futures_util::future::join_all;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, code_of, header_number, on_both};

on_both!(
    a_tenant_cannot_exceed_its_asset_quota,
    a_tenant_cannot_exceed_its_quota_of_running_reconnects,
);

async fn a_tenant_cannot_exceed_its_asset_quota(database: TestDatabase) {
    let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
    let tenant = harness.tenant("One").await;
    harness.set_tenant("One", "max_assets = 5").await;
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
