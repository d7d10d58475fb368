//! Tokens that are imported for pages: a person's token is never handed out as a page's.

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, on_both};

on_both!(
    a_persons_token_for_a_page_is_served_as_the_pages_own,
    a_persons_token_for_a_page_is_not_served_while_graph_is_down,
    a_pages_own_token_is_served_as_it_is,
);

struct Stage {
    harness: Harness,
    tenant: Tenant,
    pages: Vec<String>,
}

impl Stage {
    /// Two pages of a person; nothing is registered.
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 7, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        let assets = fleet.assets();
        let pages = assets.iter().filter(|it| it["kind"] == "page");
        let pages: Vec<_> = pages
            .filter_map(|it| it["id"].as_str().map(ToOwned::to_owned))
            .collect();
        assert_eq!(pages.len(), 2);
        Self {
            harness,
            tenant,
            pages,
        }
    }

    async fn import(&self, page: &str, token: &str, kind: Option<&str>) {
        let mut asset = json!({ "id": page, "kind": "page", "token": token });
        if let Some(kind) = kind {
            asset["token_kind"] = json!(kind);
        }
        self.tenant.register(&[asset]).await;
    }

    async fn token_of(&self, page: &str) -> Value {
        self.tenant.get(&format!("/v1/assets/{page}/token")).await
    }
}

async fn a_persons_token_for_a_page_is_served_as_the_pages_own(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let persons = stage.harness.sandbox.token(Fleet::PERSON).await;
    for (page, kind) in stage.pages.iter().zip([None, Some("user")]) {
        stage.import(page, &persons, kind).await;
        let served = stage.token_of(page).await;
        assert_eq!(served["kind"], "page", "{kind:?} {served}");
        assert_ne!(served["access_token"], json!(persons), "{kind:?}");
        assert_eq!(served["person_id"], Fleet::PERSON, "{served}");
        assert_eq!(
            stage.harness.sandbox.tries(page, &served).await,
            200,
            "{served}"
        );
    }
    let (_, found) = stage
        .tenant
        .post("/v1/tokens/lookup", &json!({ "asset_ids": stage.pages }))
        .await;
    let kinds: Vec<_> = found["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| &it["kind"])
        .collect();
    assert_eq!(kinds, ["page", "page"], "{found}");
}

async fn a_persons_token_for_a_page_is_not_served_while_graph_is_down(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let persons = stage.harness.sandbox.token(Fleet::PERSON).await;
    let down = json!({ "effect": { "status": 503, "body": "" } });
    stage.harness.sandbox.fault(down).await;
    for (page, kind) in stage.pages.iter().zip([None, Some("user")]) {
        stage.import(page, &persons, kind).await;
        let refused = stage.token_of(page).await;
        assert_eq!(
            (&refused["status"], &refused["type"]),
            (&json!(409), &json!("/problems/no_token")),
            "{refused}"
        );
        let reason = &refused["reason"];
        assert_eq!(
            (&reason["code"], &reason["who"]),
            (&json!("not_probed"), &json!("nobody")),
            "{refused}"
        );
        let next_step = "Regrant asks Graph whose token it is; try again in a moment.";
        assert_eq!(reason["next_step"], next_step);
    }
    stage.harness.sandbox.clear_faults().await;
    stage
        .harness
        .clock
        .advance_by(chrono::TimeDelta::minutes(5));
    for page in &stage.pages {
        assert_eq!(
            stage.token_of(page).await["kind"],
            "page",
            "Graph answers again"
        );
    }
}

async fn a_pages_own_token_is_served_as_it_is(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let other = stage.harness.tenant("Two").await;
    let page = &stage.pages[0];
    other
        .register(&[json!({ "id": page, "kind": "page" })])
        .await;
    let persons = stage.harness.sandbox.token(Fleet::PERSON).await;
    other.reconnect(&persons, std::slice::from_ref(page)).await;
    let own = other.get(&format!("/v1/assets/{page}/token")).await["access_token"].clone();
    stage
        .import(page, own.as_str().expect("a token"), None)
        .await;
    let served = stage.token_of(page).await;
    assert_eq!(
        (&served["kind"], &served["access_token"]),
        (&json!("page"), &own),
        "{served}"
    );
}
