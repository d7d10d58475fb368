//! A confined client: on every route the assets out of its reach look as if they did not exist.

mod businesses;
mod registrations;

use regrant_domain::{Permissions, Reach, ReachLimit};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientSpec};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, business, ids, on_both};

on_both!(
    an_asset_out_of_reach_answers_like_an_unknown_one,
    a_confined_clients_reconnects_stay_within_its_reach,
    a_confined_client_gets_403_on_tenant_wide_routes,
);

struct World {
    harness: Harness,
    fleet: Fleet,
    whole: Tenant,
    /// Confined to the first business and one asset of the second.
    confined: Tenant,
}

impl World {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 3, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let whole = harness.tenant("One").await;
        whole.register(&fleet.assets()).await;
        let confined = confine(
            &harness,
            &whole,
            &[&ids(&fleet.assets_of(2))[1]],
            &[&business(1)],
        )
        .await;
        Self {
            harness,
            fleet,
            whole,
            confined,
        }
    }

    fn reached(&self) -> Vec<String> {
        let mut reached = ids(&self.fleet.assets_of(1));
        reached.push(ids(&self.fleet.assets_of(2))[1].clone());
        reached.sort_unstable();
        reached
    }

    /// An asset that exists and is out of reach.
    fn hidden(&self) -> String {
        ids(&self.fleet.assets_of(2))[2].clone()
    }

    async fn token(&self) -> String {
        self.harness.sandbox.token(Fleet::PERSON).await
    }
}

/// A client of the tenant that is confined to assets and businesses.
async fn confine(
    harness: &Harness,
    tenant: &Tenant,
    assets: &[&str],
    businesses: &[&str],
) -> Tenant {
    let ids = |texts: &[&str]| texts.iter().map(|it| it.parse().expect("an id")).collect();
    let reach = Reach::Within(ReachLimit {
        assets: ids(assets),
        businesses: ids(businesses),
    });
    let spec = ClientSpec {
        reach,
        ..ClientSpec::with_scopes("partner", Permissions::all())
    };
    let id = tenant.id.parse().expect("a tenant's id");
    let made = harness
        .vault
        .create_client(Actor::CommandLine, id, spec, None)
        .await
        .expect("a client");
    Tenant::of_client(&harness.api, made).await
}

/// Status and body, without the request id.
async fn answer(client: &Tenant, method: Method, path: &str, body: &Value) -> (u16, Value) {
    let mut call = client.call(method, path);
    if !body.is_null() {
        call = call.json(body);
    }
    let answer = call.send().await.expect("the server answers");
    let status = answer.status().as_u16();
    let mut body: Value =
        serde_json::from_str(&answer.text().await.expect("a body")).unwrap_or_default();
    if let Some(members) = body.as_object_mut() {
        members.remove("request_id");
    }
    (status, body)
}

fn listed(page: &Value, member: &str) -> Vec<String> {
    let data = page["data"]
        .as_array()
        .unwrap_or_else(|| panic!("no list: {page}"));
    let mut ids: Vec<_> = data
        .iter()
        .map(|it| it[member].as_str().unwrap_or_default().to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

async fn an_asset_out_of_reach_answers_like_an_unknown_one(database: TestDatabase) {
    let world = World::on(database).await;
    world
        .whole
        .reconnect(&world.token().await, &world.fleet.ids())
        .await;
    let client = &world.confined;
    assert_eq!(
        listed(&client.get("/v1/assets").await, "id"),
        world.reached()
    );
    let first = &client.get("/v1/assets?limit=2").await;
    let second = client
        .get(&format!(
            "/v1/assets?cursor={}",
            first["next_cursor"].as_str().unwrap_or("")
        ))
        .await;
    let mut paged = listed(first, "id");
    paged.extend(listed(&second, "id"));
    assert_eq!(paged, world.reached());
    let by_business = client
        .get(&format!("/v1/assets?business_id={}", business(2)))
        .await;
    assert_eq!(listed(&by_business, "id").len(), 1);

    let (hidden, unknown) = (world.hidden(), "77777");
    for (method, path) in [
        (Method::GET, "/v1/assets/{}"),
        (Method::GET, "/v1/assets/{}/token"),
        (Method::POST, "/v1/assets/{}/check"),
        (Method::DELETE, "/v1/assets/{}"),
    ] {
        let of = |id: &str| path.replace("{}", id);
        let theirs = answer(client, method.clone(), &of(&hidden), &Value::Null).await;
        assert_eq!(
            theirs,
            answer(client, method.clone(), &of(unknown), &Value::Null).await,
            "{method} {path}"
        );
        assert_eq!(theirs.0, 404);
        if method == Method::GET {
            for id in world.reached() {
                assert_eq!(
                    answer(client, method.clone(), &of(&id), &Value::Null)
                        .await
                        .0,
                    200,
                    "{path} {id}"
                );
            }
        }
    }
    assert_eq!(
        world.whole.status(&format!("/v1/assets/{hidden}")).await,
        200,
        "it still exists"
    );
    let asked = json!({ "asset_ids": [hidden, unknown, world.reached()[0]] });
    let anonymous = |entry: &Value| {
        entry
            .to_string()
            .replace(&hidden, "?")
            .replace(unknown, "?")
    };
    for (path, member) in [
        ("/v1/tokens/lookup", "access_token"),
        ("/v1/assets/check", "after"),
    ] {
        let (_, found) = answer(client, Method::POST, path, &asked).await;
        let entries = found["data"].as_array().expect("a list").clone();
        assert_eq!(
            anonymous(&entries[0]),
            anonymous(&entries[1]),
            "{path}: {found}"
        );
        assert!(!entries[2][member].is_null(), "{path}: {found}");
    }

    let calendar = client.get("/v1/forecast?limit=200").await;
    assert_eq!(listed(&calendar, "asset_id"), world.reached(), "{calendar}");
    let feed = client
        .call(Method::GET, "/v1/forecast.ics")
        .send()
        .await
        .expect("an answer");
    let feed = feed.text().await.expect("a body").replace("\r\n ", "");
    assert!(
        feed.contains(&world.reached()[0]) && !feed.contains(&hidden),
        "{feed}"
    );
    // It can delete an asset within its reach.
    let own = format!("/v1/assets/{}", ids(&world.fleet.assets_of(1))[1]);
    assert_eq!(
        answer(client, Method::DELETE, &own, &Value::Null).await.0,
        204
    );
}

async fn a_confined_clients_reconnects_stay_within_its_reach(database: TestDatabase) {
    let world = World::on(database).await;
    let (token, client) = (world.token().await, &world.confined);
    let theirs = world.whole.reconnect(&token, &world.fleet.ids()).await;
    let (hidden, reached) = (world.hidden(), world.reached());

    let mine = client
        .reconnect(
            &token,
            &[hidden.clone(), "77777".to_owned(), reached[0].clone()],
        )
        .await;
    let outcomes: Vec<_> = mine["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|it| &it["outcome"])
        .collect();
    assert_eq!(
        outcomes[..2],
        [&json!("unknown_asset"), &json!("unknown_asset")],
        "{mine}"
    );
    assert_eq!(outcomes[2], &json!("unchanged"), "{mine}");

    let order = json!({ "access_token": token, "select": {}, "wait_seconds": 60 });
    let (_, selected) = client.post("/v1/reconnects", &order).await;
    let selected = client.ended(selected["id"].as_str().expect("an id")).await;
    let mut named: Vec<_> = selected["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|it| it["asset_id"].clone())
        .collect();
    named.sort_unstable_by_key(ToString::to_string);
    assert_eq!(
        named,
        reached.iter().map(|it| json!(it)).collect::<Vec<_>>()
    );

    let theirs = theirs["id"].as_str().expect("an id");
    let unknown = regrant_domain::ReconnectId::mint().to_string();
    for (method, path) in [
        (Method::GET, "/v1/reconnects/{}"),
        (Method::GET, "/v1/reconnects/{}/events"),
        (Method::POST, "/v1/reconnects/{}/cancel"),
    ] {
        let of = |id: &str| path.replace("{}", id);
        let seen = answer(client, method.clone(), &of(theirs), &Value::Null).await;
        assert_eq!(
            seen,
            answer(client, method, &of(&unknown), &Value::Null).await,
            "{path}"
        );
        assert_eq!(seen.0, 404, "{path}");
    }
    let mut own = vec![
        mine["id"].as_str().unwrap_or_default(),
        selected["id"].as_str().unwrap_or_default(),
    ];
    own.sort_unstable();
    assert_eq!(listed(&client.get("/v1/reconnects").await, "id"), own);
    assert_eq!(
        listed(&world.whole.get("/v1/reconnects").await, "id").len(),
        3
    );
}

async fn a_confined_client_gets_403_on_tenant_wide_routes(database: TestDatabase) {
    let world = World::on(database).await;
    world
        .whole
        .reconnect(&world.token().await, &world.fleet.ids())
        .await;
    let (person, endpoint) = (Fleet::PERSON, regrant_domain::WebhookEndpointId::mint());
    let of_endpoint = |path: &str| format!("/v1/webhook-endpoints/{endpoint}{path}");
    let new = json!({ "url": "http://127.0.0.1:9/hook", "kinds": ["asset.expiring"] });
    let since = json!({ "since": "2026-01-01T00:00:00Z" });
    let read = [
        "/v1/persons".to_owned(),
        format!("/v1/persons/{person}/impact"),
        format!("/v1/forecast?what_if_person_leaves={person}"),
        format!("/v1/forecast.ics?what_if_person_leaves={person}"),
        "/v1/reconnect-plan".to_owned(),
        "/v1/discoveries".to_owned(),
        "/v1/discoveries/dsc_00000000000070008000000000000000".to_owned(),
        "/v1/audit-events".to_owned(),
        "/v1/audit-events?format=jsonl".to_owned(),
        "/v1/audit-events/checkpoint".to_owned(),
        "/v1/webhook-endpoints".to_owned(),
        "/v1/events".to_owned(),
        of_endpoint(""),
        of_endpoint("/deliveries"),
    ];
    let written = [
        (
            Method::POST,
            "/v1/discoveries".to_owned(),
            json!({ "access_token": "E" }),
        ),
        (Method::POST, "/v1/webhook-endpoints".to_owned(), new),
        (Method::PATCH, of_endpoint(""), json!({})),
        (Method::DELETE, of_endpoint(""), Value::Null),
        (Method::POST, of_endpoint("/rotate-secret"), json!({})),
        (Method::POST, of_endpoint("/test"), Value::Null),
        (Method::POST, of_endpoint("/replay"), since),
    ];
    let read = read.map(|path| (Method::GET, path, Value::Null));
    for (method, path, body) in read.into_iter().chain(written) {
        let (status, problem) = answer(&world.confined, method.clone(), &path, &body).await;
        assert_eq!(
            (status, &problem["type"]),
            (403, &json!("/problems/restricted")),
            "{method} {path}"
        );
    }
    assert_eq!(
        world.whole.get("/v1/webhook-endpoints").await["data"],
        json!([])
    );
}
