//! Reconnect sessions: what a page may do for a person, and nothing beyond.

use std::time::Duration;

use regrant_domain::{Reach, ReconnectSessionId, Within};
use regrant_testdb::TestDatabase;
use regrant_vault::{Acting, ClientChange};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::bench::{APP, Bench, Fleet, Options, Tenant, http, on_both};

on_both!(
    a_page_replaces_the_tokens_of_its_assets_and_follows_them,
    a_page_previews_its_assets_and_no_others,
    a_page_looks_at_previews_as_often_as_it_may,
    every_other_call_of_a_page_is_refused,
    a_use_is_taken_with_each_acceptance_and_by_no_repeat,
    twenty_at_once_take_as_many_uses_as_there_are,
    only_the_person_of_the_session_may_hand_in_a_token,
    an_ended_session_lets_nobody_in,
    an_open_stream_ends_with_its_session_and_with_what_its_client_may,
    a_session_holds_no_more_than_its_client_holds_now,
    a_session_opens_over_known_assets_alone,
    a_repeated_opening_shows_no_token,
);

struct Stage {
    bench: Bench,
    tenant: Tenant,
    fleet: Fleet,
}

/// A page with a session's token.
struct Page {
    token: String,
    api: String,
    opened: Value,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 4, 0);
        let mut options = Options::default();
        options.api.rates.session = 1_000;
        options.api.stream_keep_alive = Duration::from_secs(1);
        let bench = Bench::with(database, &fleet.world(), options).await;
        let tenant = bench.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            bench,
            tenant,
            fleet,
        }
    }

    async fn open(&self, order: Value) -> Page {
        let (status, opened) = self.tenant.post("/v1/reconnect-sessions", &order).await;
        assert_eq!(status, 201, "{opened}");
        let token = opened["token"].as_str().expect("a token").to_owned();
        Page {
            token,
            api: self.bench.api.clone(),
            opened,
        }
    }

    /// A session over the first two assets.
    async fn page(&self) -> Page {
        self.open(json!({ "asset_ids": &self.fleet.ids()[..2] }))
            .await
    }

    async fn token(&self, person: &str) -> String {
        self.bench.sandbox.token(person).await
    }
}

impl Page {
    fn id(&self) -> &str {
        self.opened["id"].as_str().expect("an id")
    }

    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        http()
            .request(method, format!("{}{path}", self.api))
            .bearer_auth(&self.token)
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.call(Method::GET, path)).await
    }

    async fn reconnect(&self, body: &Value) -> (u16, Value) {
        answer(self.call(Method::POST, "/v1/reconnects").json(body)).await
    }

    async fn preview(&self, token: &str, ids: &[String]) -> (u16, Value) {
        let order = json!({ "access_token": token, "asset_ids": ids });
        answer(
            self.call(Method::POST, "/v1/reconnect-previews")
                .json(&order),
        )
        .await
    }

    async fn uses_left(&self) -> u64 {
        self.get("/v1/reconnect-sessions/current").await.1["uses_left"]
            .as_u64()
            .expect("a number")
    }
}

async fn answer(call: RequestBuilder) -> (u16, Value) {
    let answer = call.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let text = answer.text().await.expect("a body");
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}

fn kind(answer: &Value) -> &str {
    answer["type"]
        .as_str()
        .unwrap_or_default()
        .trim_start_matches("/problems/")
}

fn order(token: &str, ids: &[String]) -> Value {
    json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 60 })
}

async fn a_page_replaces_the_tokens_of_its_assets_and_follows_them(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let (status, current) = page.get("/v1/reconnect-sessions/current").await;
    assert_eq!(
        (status, current["assets"].as_array().map(Vec::len)),
        (200, Some(2)),
        "{current}"
    );
    assert!(
        current.get("token").is_none() && current["open"] == json!(true),
        "{current}"
    );

    let ids = stage.fleet.ids();
    let (status, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    assert_eq!(status, 200, "{ended}");
    for (n, item) in ended["items"].as_array().expect("items").iter().enumerate() {
        let wanted = if n < 2 { "replaced" } else { "unknown_asset" };
        assert_eq!(
            item["outcome"], wanted,
            "asset {n} of a session that reaches two: {item}"
        );
    }
    let id = ended["id"].as_str().expect("an id");
    assert_eq!(page.get(&format!("/v1/reconnects/{id}")).await.0, 200);
    let (status, events) = page.get(&format!("/v1/reconnects/{id}/events")).await;
    assert_eq!(status, 200);
    assert!(
        events
            .as_str()
            .unwrap_or_default()
            .contains("event: reconnect"),
        "{events}"
    );
    let cancel = page.call(Method::POST, &format!("/v1/reconnects/{id}/cancel"));
    assert_eq!(kind(&answer(cancel).await.1), "reconnect_ended");

    let audit = stage.tenant.get("/v1/audit-events?limit=200").await;
    let actors: Vec<_> = audit["data"].as_array().expect("rows").iter().collect();
    let by = |action: &str| {
        actors
            .iter()
            .find(|it| it["action"] == action)
            .map(|it| it["actor"].clone())
    };
    assert_eq!(
        by("reconnect.accepted"),
        Some(json!(format!("session:{}", page.id())))
    );
    assert_eq!(
        by("reconnect_session.opened"),
        Some(json!(format!("client:{}", stage.tenant.client_id)))
    );
    assert!(!audit.to_string().contains(&page.token));
}

async fn a_page_previews_its_assets_and_no_others(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, whole) = (stage.fleet.ids(), stage.token(Fleet::PERSON).await);
    stage.tenant.reconnect(&whole, &ids).await;
    let page = stage.page().await;
    let narrow = json!({ "person": Fleet::PERSON, "app": APP, "assets": &ids[..1] });
    let narrow = stage.bench.sandbox.token_of(narrow).await;
    let (status, preview) = page.preview(&narrow, &ids).await;
    assert_eq!(status, 200, "{preview}");
    assert_eq!(
        preview["items"][2]["reason"]["code"], "unknown_asset",
        "it is out of the page's reach"
    );
    let (_, preview) = page.preview(&narrow, &ids[..1]).await;
    let siblings = preview["siblings"].as_array().expect("siblings");
    let named: Vec<_> = siblings.iter().map(|it| &it["asset_id"]).collect();
    assert_eq!(
        named,
        [&json!(ids[1])],
        "losses beyond the page's assets are not told: {preview}"
    );
    assert_eq!(page.uses_left().await, 5, "a preview takes no use");
}

async fn a_page_looks_at_previews_as_often_as_it_may(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let (ids, token) = (
        stage.fleet.ids()[..1].to_vec(),
        stage.token(Fleet::PERSON).await,
    );
    let page = stage.page().await;
    for left in (17..20).rev() {
        assert_eq!(page.preview(&token, &ids).await.0, 200);
        let current = page.get("/v1/reconnect-sessions/current").await.1;
        assert_eq!(current["previews_left"], left);
    }
    assert_eq!(
        page.preview("EAAB-cut-off", &ids).await.0,
        422,
        "one that is refused counts, too"
    );
    for _ in 0..16 {
        assert_eq!(page.preview(&token, &ids).await.0, 200);
    }
    let (status, problem) = page.preview(&token, &ids).await;
    assert_eq!((status, kind(&problem)), (409, "session_used_up"));
    let (status, ended) = page.reconnect(&order(&token, &ids)).await;
    assert_eq!(
        (status, &ended["counts"]),
        (200, &json!({ "replaced": 1 })),
        "it may still replace"
    );
}

async fn every_other_call_of_a_page_is_refused(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let page = stage.page().await;
    let (ids, token) = (stage.fleet.ids(), stage.token(Fleet::PERSON).await);
    let others = stage.tenant.reconnect(&token, &ids).await;
    let others = others["id"].as_str().expect("an id");
    for path in [
        format!("/v1/reconnects/{others}"),
        format!("/v1/reconnects/{others}/events"),
    ] {
        let (status, problem) = page.get(&path).await;
        assert_eq!((status, kind(&problem)), (404, "not_found"), "{path}");
    }
    let cancel = page.call(Method::POST, &format!("/v1/reconnects/{others}/cancel"));
    assert_eq!(kind(&answer(cancel).await.1), "not_found");

    let asset = &ids[0];
    let document: Value = serde_norway::from_str(include_str!("../../openapi.yaml")).expect("yaml");
    let mut refused = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in ["get", "post", "put", "patch", "delete"] {
            let open = OPEN.contains(&(method, path.as_str()));
            if item.get(method).is_none() || open || !path.starts_with("/v1") {
                continue;
            }
            let path = path.replace("{asset_id}", asset).replace("{id}", page.id());
            let method: Method = method.to_uppercase().parse().expect("a method");
            let (status, problem) = answer(page.call(method.clone(), &path).json(&json!({}))).await;
            assert_eq!(
                (status, kind(&problem)),
                (403, "restricted"),
                "{method} {path}: {problem}"
            );
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
    for path in [
        "/v1/nothing",
        "/v1/%61ssets",
        "/v1/reconnects/",
        "/v1//reconnects",
    ] {
        let (status, problem) = page.get(path).await;
        assert!(status == 403 || status == 404, "{path}: {problem}");
    }
}

const OPEN: [(&str, &str); 6] = [
    ("post", "/v1/reconnect-previews"),
    ("post", "/v1/reconnects"),
    ("get", "/v1/reconnects/{id}"),
    ("get", "/v1/reconnects/{id}/events"),
    ("post", "/v1/reconnects/{id}/cancel"),
    ("get", "/v1/reconnect-sessions/current"),
];

async fn a_use_is_taken_with_each_acceptance_and_by_no_repeat(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage.open(json!({ "asset_ids": ids, "uses": 2 })).await;
    let good = order(&stage.token(Fleet::PERSON).await, &ids);
    let once = || {
        page.call(Method::POST, "/v1/reconnects")
            .header("Idempotency-Key", "once")
            .json(&good)
    };
    let (first, again) = (answer(once()).await, answer(once()).await);
    assert_eq!((first.0, &first.1["id"]), (200, &again.1["id"]));
    assert_eq!(page.uses_left().await, 1, "a repeat takes none");

    let (status, problem) = page.reconnect(&order("EAAB-cut-off", &ids)).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(
        page.uses_left().await,
        0,
        "a refused token does not give its use back"
    );
    let (status, problem) = page.reconnect(&good).await;
    assert_eq!((status, kind(&problem)), (409, "session_used_up"));
    assert_eq!(
        answer(once()).await.1["id"],
        first.1["id"],
        "what was accepted is still told"
    );
    let (_, malformed) = page
        .reconnect(&json!({ "access_token": "E", "asset_ids": [] }))
        .await;
    assert_eq!(kind(&malformed), "invalid_request");
}

async fn twenty_at_once_take_as_many_uses_as_there_are(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage.open(json!({ "asset_ids": ids, "uses": 3 })).await;
    let body = order(&stage.token(Fleet::PERSON).await, &ids);
    let calls = (0..20).map(|_| page.reconnect(&body));
    let answers = futures_util::future::join_all(calls).await;
    let accepted = answers
        .iter()
        .filter(|(status, _)| *status == 200 || *status == 202)
        .count();
    let used_up = answers
        .iter()
        .filter(|(_, problem)| kind(problem) == "session_used_up")
        .count();
    assert_eq!((accepted, used_up), (3, 17));
}

async fn only_the_person_of_the_session_may_hand_in_a_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let page = stage
        .open(json!({ "asset_ids": ids, "person_id": Fleet::PERSON }))
        .await;
    assert_eq!(page.opened["require_person"], json!(true));
    let (status, problem) = page
        .reconnect(&order(&stage.token(Fleet::MANAGED).await, &ids))
        .await;
    assert_eq!(
        (status, kind(&problem)),
        (422, "token_of_another_person"),
        "{problem}"
    );
    let mut other = order(&stage.token(Fleet::PERSON).await, &ids);
    other["expect_person"] = json!(Fleet::MANAGED);
    let (status, problem) = page.reconnect(&other).await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("expect_person")),
        "{problem}"
    );
    assert_eq!(
        page.uses_left().await,
        4,
        "the body that named another took none"
    );
    let asset = stage.tenant.get(&format!("/v1/assets/{}", ids[0])).await;
    assert_eq!(
        asset["slots"]["active"],
        Value::Null,
        "nothing was replaced: {asset}"
    );
    let (status, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids))
        .await;
    assert_eq!(
        (status, &ended["counts"]),
        (200, &json!({ "replaced": 1 })),
        "{ended}"
    );

    let open = stage
        .open(json!({ "asset_ids": ids, "person_id": Fleet::PERSON, "require_person": false }))
        .await;
    let (status, ended) = open
        .reconnect(&order(&stage.token(Fleet::MANAGED).await, &ids))
        .await;
    assert_eq!(status, 200, "{ended}");
}

async fn an_open_stream_ends_with_its_session_and_with_what_its_client_may(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids()[..1].to_vec();
    let pages = [stage.page().await, stage.page().await];
    let token = stage.token(Fleet::PERSON).await;
    stage
        .bench
        .sandbox
        .fault(json!({ "match": { "batch_item": true }, "effect": { "latency_ms": 25_000 } }))
        .await;
    let mut streams = Vec::new();
    for page in &pages {
        let order = json!({ "access_token": token, "asset_ids": ids, "wait_seconds": 0 });
        let (status, accepted) = page.reconnect(&order).await;
        assert_eq!(status, 202, "{accepted}");
        let path = format!(
            "/v1/reconnects/{}/events",
            accepted["id"].as_str().expect("an id")
        );
        if streams.is_empty() {
            let by_client = stage
                .tenant
                .call(Method::GET, &path)
                .send()
                .await
                .expect("an answer");
            streams.push(by_client.text());
        }
        let stream = page
            .call(Method::GET, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(stream.status(), 200);
        streams.push(stream.text());
    }
    let path = format!("/v1/reconnect-sessions/{}", pages[0].id());
    let end = stage
        .tenant
        .call(Method::DELETE, &path)
        .send()
        .await
        .expect("an answer");
    assert_eq!(end.status(), 204);
    let mut streams = streams.into_iter();
    let of_client = streams.next().expect("the client's");
    let told = tokio::time::timeout(Duration::from_secs(15), streams.next().expect("one")).await;
    let told = told.expect("it ends with its session").expect("text");
    assert!(
        !told.contains("event: reconnect"),
        "the reconnect itself goes on: {told}"
    );
    let (tenant, client) = (stage.tenant.id.parse(), stage.tenant.client_id.parse());
    let (tenant, client) = (tenant.expect("an id"), client.expect("an id"));
    let assets = ids.iter().map(|it| it.parse().expect("an id")).collect();
    let reach = Some(Reach::Within(Within {
        assets,
        ..Within::default()
    }));
    let narrow = ClientChange {
        reach,
        ..ClientChange::default()
    };
    let narrowed = stage
        .bench
        .vault
        .change_client(Acting::CommandLine, tenant, client, narrow)
        .await;
    narrowed.expect("it is confined");
    let told = tokio::time::timeout(Duration::from_secs(10), of_client).await;
    told.expect("it ends when its client is confined")
        .expect("text");
    let revoked = stage
        .bench
        .vault
        .revoke_client_tokens(Acting::CommandLine, tenant, client, None)
        .await;
    revoked.expect("its tokens are revoked");
    let told =
        tokio::time::timeout(Duration::from_secs(15), streams.next().expect("another")).await;
    told.expect("it ends with its client's tokens")
        .expect("text");
}

async fn an_ended_session_lets_nobody_in(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let refused = async |page: &Page| page.get("/v1/reconnect-sessions/current").await.0;
    let page = stage.page().await;
    assert_eq!(refused(&page).await, 200);
    let path = format!("/v1/reconnect-sessions/{}", page.id());
    for _ in 0..2 {
        let end = stage
            .tenant
            .call(Method::DELETE, &path)
            .send()
            .await
            .expect("an answer");
        assert_eq!(end.status(), 204);
    }
    assert_eq!(refused(&page).await, 401);
    assert_eq!(stage.tenant.get(&path).await["open"], json!(false));

    let suspended = stage.page().await;
    stage.bench.set_tenant("One", "status = 'suspended'").await;
    assert_eq!(refused(&suspended).await, 401);
    stage.bench.set_tenant("One", "status = 'active'").await;
    assert_eq!(refused(&suspended).await, 200);

    let expired = stage
        .open(json!({ "asset_ids": stage.fleet.ids()[..1], "minutes": 1 }))
        .await;
    stage.bench.clock.advance(chrono::Duration::seconds(30));
    assert_eq!(refused(&expired).await, 200);
    stage.bench.clock.advance(chrono::Duration::seconds(31));
    assert_eq!(
        refused(&expired).await,
        401,
        "without the leeway of two clocks"
    );

    // A client's token is none of a session's, nor the other way round.
    let form = [("grant_type", "client_credentials")];
    let call = http()
        .post(format!("{}/oauth/token", stage.bench.api))
        .form(&form);
    assert_eq!(
        answer(call.basic_auth(ReconnectSessionId::mint(), Some("x")))
            .await
            .0,
        401
    );
}

async fn a_session_holds_no_more_than_its_client_holds_now(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let ids = stage.fleet.ids();
    let change = async |change: ClientChange| {
        let (tenant, client) = (&stage.tenant.id, &stage.tenant.client_id);
        let (tenant, client) = (
            tenant.parse().expect("an id"),
            client.parse().expect("an id"),
        );
        let changed = stage
            .bench
            .vault
            .change_client(Acting::CommandLine, tenant, client, change)
            .await;
        changed.expect("it is there");
    };
    let current = async |page: &Page| page.get("/v1/reconnect-sessions/current").await;
    let page = stage.page().await;
    let within = Within {
        assets: [ids[1].parse().expect("an id")].into(),
        ..Within::default()
    };
    change(ClientChange {
        reach: Some(Reach::Within(within)),
        ..ClientChange::default()
    })
    .await;
    let (_, told) = current(&page).await;
    assert_eq!(told["assets"].as_array().map(Vec::len), Some(1), "{told}");
    let (_, ended) = page
        .reconnect(&order(&stage.token(Fleet::PERSON).await, &ids[..2]))
        .await;
    assert_eq!(ended["items"][0]["outcome"], "unknown_asset", "{ended}");
    let (status, problem) = stage
        .tenant
        .post("/v1/reconnect-sessions", &json!({ "asset_ids": ids[..2] }))
        .await;
    assert_eq!(
        (status, &problem["errors"][0]["field"]),
        (422, &json!("asset_ids[0]")),
        "{problem}"
    );

    let reader = "assets:read".parse().expect("a scope");
    change(ClientChange {
        scopes: Some(reader),
        ..ClientChange::default()
    })
    .await;
    let (status, problem) = current(&page).await;
    assert_eq!(
        (status, kind(&problem)),
        (403, "missing_scope"),
        "{problem}"
    );

    let all = Some(regrant_domain::Permissions::all());
    change(ClientChange {
        scopes: all,
        reach: Some(Reach::All),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 200);
    let end = stage.bench.clock.now() + chrono::Duration::seconds(60);
    change(ClientChange {
        expires_at: Some(Some(end)),
        ..ClientChange::default()
    })
    .await;
    stage.bench.clock.advance(chrono::Duration::seconds(61));
    assert_eq!(current(&page).await.0, 401, "the client's time is over");
    change(ClientChange {
        expires_at: Some(None),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 200);
    change(ClientChange {
        disabled: Some(true),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(current(&page).await.0, 401);
    change(ClientChange {
        disabled: Some(false),
        ..ClientChange::default()
    })
    .await;
    assert_eq!(
        current(&page).await.0,
        401,
        "what revokes the client's tokens ends its sessions for good"
    );
}

async fn a_session_opens_over_known_assets_alone(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let other = stage.bench.tenant("Two").await;
    other
        .register(&[json!({ "id": "4242", "kind": "page" })])
        .await;
    let own = &stage.fleet.ids()[0];
    let open = async |body: Value| stage.tenant.post("/v1/reconnect-sessions", &body).await;
    let refused = async |foreign: &str| {
        let (status, mut problem) =
            open(json!({ "asset_ids": [own, foreign, own, foreign] })).await;
        problem
            .as_object_mut()
            .expect("a problem")
            .remove("request_id");
        let fields: Vec<_> = problem["errors"]
            .as_array()
            .expect("errors")
            .iter()
            .map(|it| it["field"].clone())
            .collect();
        assert_eq!(
            (status, fields),
            (422, vec![json!("asset_ids[1]"), json!("asset_ids[3]")])
        );
        problem
    };
    assert_eq!(
        refused("4242").await,
        refused("4243").await,
        "another tenant's looks like an unknown one"
    );
    for (body, field) in [
        (json!({ "asset_ids": [] }), "asset_ids"),
        (json!({ "asset_ids": [own], "minutes": 0 }), "minutes"),
        (json!({ "asset_ids": [own], "minutes": 61 }), "minutes"),
        (json!({ "asset_ids": [own], "uses": 0 }), "uses"),
        (json!({ "asset_ids": [own], "uses": 21 }), "uses"),
        (
            json!({ "asset_ids": [own], "require_person": true }),
            "require_person",
        ),
        (json!({ "asset_ids": [own], "tenant": "ten_1" }), "tenant"),
    ] {
        let (status, problem) = open(body).await;
        assert_eq!(
            (status, &problem["errors"][0]["field"]),
            (422, &json!(field)),
            "{problem}"
        );
    }
    let many: Vec<_> = (0..10_001).map(|n| format!("9{n:08}")).collect();
    let (status, problem) = open(json!({ "asset_ids": many })).await;
    assert_eq!((status, kind(&problem)), (422, "too_many_items"));
    assert_eq!(
        stage.tenant.get("/v1/reconnect-sessions").await["data"],
        json!([]),
        "nothing was opened"
    );
}

async fn a_repeated_opening_shows_no_token(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let body = json!({ "asset_ids": &stage.fleet.ids()[..2] });
    let open = || {
        let call = stage.tenant.call(Method::POST, "/v1/reconnect-sessions");
        answer(call.header("Idempotency-Key", "open-1").json(&body))
    };
    let answers = futures_util::future::join_all((0..5).map(|_| open())).await;
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|(_, it)| it["id"].to_string()).collect();
    assert_eq!(ids.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| *status == 201));
    let shown = answers
        .iter()
        .filter(|(_, it)| it["token"].is_string())
        .count();
    assert!(shown <= 1, "a token is shown once: {shown}");
    let list = stage.tenant.get("/v1/reconnect-sessions").await;
    assert_eq!(list["data"].as_array().map(Vec::len), Some(1));
    assert!(!list.to_string().contains("token"));
}
