//! Who may do what, over every route of `openapi.yaml`.
//!
//! The rule: a route without a row here fails the build. Another tenant's object answers byte for
//! byte like one that does not exist.

use std::collections::BTreeSet;

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Acting, ClientChange, ClientSpec};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::bench::{Bench, Fleet, Tenant};

/// What a caller needs.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Scope(Permission),
}

/// What a route is about.
#[derive(Clone, Copy, PartialEq)]
enum Object {
    None,
    Asset,
    Reconnect,
    Endpoint,
    Person,
    Session,
}

struct Row {
    method: Method,
    path: &'static str,
    needs: Needs,
    object: Object,
    /// The answer to the tenant's own, good call.
    own: u16,
    /// Its body; null for none.
    body: fn(&World) -> Value,
}

/// What rows may speak of.
struct World {
    token: String,
    asset: String,
}

fn none(_: &World) -> Value {
    Value::Null
}

fn empty(_: &World) -> Value {
    json!({})
}

fn register(_: &World) -> Value {
    json!({ "assets": [{ "id": "42", "kind": "page" }] })
}

fn lookup(world: &World) -> Value {
    json!({ "asset_ids": [world.asset] })
}

fn endpoint(_: &World) -> Value {
    json!({ "url": "http://127.0.0.1:9/hook", "kinds": ["asset.expiring"] })
}

fn since(_: &World) -> Value {
    json!({ "since": "2026-01-01T00:00:00Z" })
}

fn session(world: &World) -> Value {
    json!({ "asset_ids": [world.asset] })
}

fn reconnect(world: &World) -> Value {
    json!({ "access_token": world.token, "asset_ids": [world.asset] })
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Needs::{Nothing, Scope};
    use Object::{Asset, Endpoint, Person, Reconnect, Session};
    use Permission as P;
    let row = |method, path, needs, object, own, body| Row { method, path, needs, object, own, body };
    vec![
        row(Method::POST,   "/oauth/token",                 Nothing,                  Object::None, 400, none),
        row(Method::GET,    "/.well-known/jwks.json",       Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/livez",                       Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/readyz",                      Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/meta/webhooks/{app}",         Nothing,                  Object::None, 403, none),
        row(Method::POST,   "/meta/webhooks/{app}",         Nothing,                  Object::None, 403, empty),
        row(Method::POST,   "/meta/deauthorize/{app}",      Nothing,                  Object::None, 403, empty),
        row(Method::POST,   "/meta/data-deletion/{app}",    Nothing,                  Object::None, 403, empty),
        row(Method::GET,    "/meta/data-deletion/{app}/{code}", Nothing,              Object::None, 404, none),
        row(Method::POST,   "/v1/assets",                   Scope(P::AssetsWrite),    Object::None, 200, register),
        row(Method::GET,    "/v1/assets",                   Scope(P::AssetsRead),     Object::None, 200, none),
        row(Method::GET,    "/v1/assets/{asset_id}",        Scope(P::AssetsRead),     Asset,        200, none),
        row(Method::GET,    "/v1/assets/{asset_id}/token",  Scope(P::TokensRead),     Asset,        200, none),
        row(Method::POST,   "/v1/tokens/lookup",            Scope(P::TokensRead),     Object::None, 200, lookup),
        row(Method::GET,    "/v1/forecast",                 Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/forecast.ics",             Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/persons",                  Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/persons/{person_id}/impact", Scope(P::ForecastRead), Person,       200, none),
        row(Method::POST,   "/v1/reconnect-previews",       Scope(P::ReconnectsPreview), Object::None, 200, reconnect),
        row(Method::POST,   "/v1/reconnects",               Scope(P::ReconnectsWrite), Object::None, 200, reconnect),
        row(Method::GET,    "/v1/reconnects",               Scope(P::ReconnectsWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnects/{id}",          Scope(P::ReconnectsWrite), Reconnect,   200, none),
        row(Method::GET,    "/v1/reconnects/{id}/events",   Scope(P::ReconnectsWrite), Reconnect,   200, none),
        row(Method::POST,   "/v1/reconnects/{id}/cancel",   Scope(P::ReconnectsWrite), Reconnect,   409, empty),
        row(Method::POST,   "/v1/reconnect-sessions",         Scope(P::ReconnectsWrite), Object::None, 201, session),
        row(Method::GET,    "/v1/reconnect-sessions",         Scope(P::ReconnectsWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnect-sessions/current", Scope(P::ReconnectsWrite), Object::None, 404, none),
        row(Method::GET,    "/v1/reconnect-sessions/{id}",    Scope(P::ReconnectsWrite), Session,      200, none),
        row(Method::DELETE, "/v1/reconnect-sessions/{id}",    Scope(P::ReconnectsWrite), Session,      204, none),
        row(Method::POST,   "/v1/webhook-endpoints",                    Scope(P::WebhooksWrite), Object::None, 201, endpoint),
        row(Method::GET,    "/v1/webhook-endpoints",                    Scope(P::WebhooksWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    200, none),
        row(Method::PATCH,  "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    200, empty),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/rotate-secret", Scope(P::WebhooksWrite), Endpoint,    200, empty),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/test",          Scope(P::WebhooksWrite), Endpoint,    202, none),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/replay",        Scope(P::WebhooksWrite), Endpoint,    202, since),
        row(Method::GET,    "/v1/webhook-endpoints/{id}/deliveries",    Scope(P::WebhooksWrite), Endpoint,    200, none),
        row(Method::DELETE, "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    204, none),
        row(Method::GET,    "/v1/audit-events",             Scope(P::AuditRead),      Object::None, 200, none),
        row(Method::GET,    "/v1/audit-events/checkpoint",  Scope(P::AuditRead),      Object::None, 200, none),
        row(Method::DELETE, "/v1/assets/{asset_id}",        Scope(P::AssetsWrite),    Asset,        204, none),
    ]
}

#[test]
fn every_route_of_the_openapi_document_has_a_row() {
    let document: Value =
        serde_norway::from_str(include_str!("../../openapi.yaml")).expect("openapi.yaml parses");
    let mut routes = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for method in item
            .as_object()
            .expect("methods")
            .keys()
            .filter(|it| VERBS.contains(&it.as_str()))
        {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let rows: BTreeSet<_> = rows()
        .iter()
        .map(|row| format!("{} {}", row.method, row.path))
        .collect();
    assert_eq!(rows, routes);
}

const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

struct Matrix {
    bench: Bench,
    own: Tenant,
    other: Tenant,
    world: World,
    reconnect: String,
    endpoint: String,
    session: String,
}

impl Matrix {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 2, 0);
        let bench = Bench::start(database, &fleet.world()).await;
        let (own, other) = (bench.tenant("One").await, bench.tenant("Two").await);
        own.register(&fleet.assets()).await;
        let world = World {
            token: bench.sandbox.token(Fleet::PERSON).await,
            asset: fleet.ids()[0].clone(),
        };
        let ended = own.reconnect(&world.token, &fleet.ids()).await;
        let reconnect = ended["id"].as_str().expect("an id").to_owned();
        let (status, made) = own.post("/v1/webhook-endpoints", &endpoint(&world)).await;
        assert_eq!(status, 201, "{made}");
        let endpoint = made["id"].as_str().expect("an id").to_owned();
        let (status, opened) = own.post("/v1/reconnect-sessions", &session(&world)).await;
        assert_eq!(status, 201, "{opened}");
        let session = opened["id"].as_str().expect("an id").to_owned();
        Self {
            bench,
            own,
            other,
            world,
            reconnect,
            endpoint,
            session,
        }
    }

    /// A call of this route with these ids, as nobody.
    fn call(&self, row: &Row, asset: &str, id: &str) -> RequestBuilder {
        let path = row
            .path
            .replace("{asset_id}", asset)
            .replace("{id}", id)
            .replace("{person_id}", id);
        let call =
            crate::bench::http().request(row.method.clone(), format!("{}{path}", self.bench.api));
        match (row.body)(&self.world) {
            Value::Null => call,
            body => call.json(&body),
        }
    }

    fn own_id(&self, row: &Row) -> &str {
        match row.object {
            Object::Endpoint => &self.endpoint,
            Object::Person => Fleet::PERSON,
            Object::Session => &self.session,
            Object::None | Object::Asset | Object::Reconnect => &self.reconnect,
        }
    }

    fn own_call(&self, row: &Row) -> RequestBuilder {
        self.call(row, &self.world.asset, self.own_id(row))
    }
}

async fn status(call: RequestBuilder) -> u16 {
    call.send()
        .await
        .expect("the server answers")
        .status()
        .as_u16()
}

async fn each_database(check: impl AsyncFn(&Matrix)) {
    for database in TestDatabase::all().await {
        Box::pin(async { check(&Matrix::on(database).await).await }).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_and_strangers_get_401_where_a_scope_is_needed() {
    each_database(async |matrix| {
        for row in rows() {
            let wanted = if matches!(row.needs, Needs::Nothing) {
                row.own
            } else {
                401
            };
            assert_eq!(
                status(matrix.own_call(&row)).await,
                wanted,
                "nobody: {} {}",
                row.method,
                row.path
            );
            for bearer in ["", "garbage", "a.b.c", &tampered(&matrix.own.bearer)] {
                let call = matrix.own_call(&row).bearer_auth(bearer);
                assert_eq!(
                    status(call).await,
                    wanted,
                    "{bearer:?}: {} {}",
                    row.method,
                    row.path
                );
            }
        }
    })
    .await;
}

/// The same token with the last character of its signature changed in a bit that counts.
fn tampered(bearer: &str) -> String {
    let at = bearer.len() - 10;
    let other = if bearer.as_bytes()[at] == b'A' {
        "B"
    } else {
        "A"
    };
    format!("{}{other}{}", &bearer[..at], &bearer[at + 1..])
}

#[tokio::test(flavor = "multi_thread")]
async fn each_route_demands_its_scope_and_only_that() {
    each_database(async |matrix| {
        for row in rows() {
            let Needs::Scope(needed) = row.needs else {
                continue;
            };
            let without: Permissions = Permissions::all()
                .iter()
                .filter(|it| *it != needed)
                .collect();
            let scope = without.to_string();
            let bearer = matrix.own_bearer(&scope).await;
            assert_eq!(
                status(matrix.own_call(&row).bearer_auth(bearer)).await,
                403,
                "{} {}",
                row.method,
                row.path
            );
            let bearer = matrix.own_bearer(needed.as_str()).await;
            assert_eq!(
                status(matrix.own_call(&row).bearer_auth(bearer)).await,
                row.own,
                "{} {}",
                row.method,
                row.path
            );
        }
    })
    .await;
}

impl Matrix {
    /// A token of the tenant's client that carries only this scope.
    async fn own_bearer(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let call = crate::bench::http()
            .post(format!("{}/oauth/token", self.bench.api))
            .form(&form);
        let call = call.basic_auth(&self.own.client_id, Some(&self.own.client_secret));
        let answer: Value = call
            .send()
            .await
            .expect("an answer")
            .json()
            .await
            .expect("json");
        answer["access_token"].as_str().expect("a token").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_no_longer_counts_is_nobodys() {
    each_database(async |matrix| {
        for (why, bearer) in matrix.ended().await {
            for row in rows()
                .iter()
                .filter(|row| matches!(row.needs, Needs::Scope(_)))
            {
                let got = status(matrix.own_call(row).bearer_auth(&bearer)).await;
                assert_eq!(got, 401, "{why}: {} {}", row.method, row.path);
            }
        }
    })
    .await;
}

impl Matrix {
    /// Access tokens with every scope that counted, each ended in its own way.
    async fn ended(&self) -> Vec<(&'static str, String)> {
        let (vault, by) = (&self.bench.vault, Acting::CommandLine);
        let tenant = self.own.id.parse().expect("a tenant's id");
        let mut ended = Vec::new();
        for why in [
            "tokens revoked",
            "secret reset",
            "client disabled",
            "client deleted",
            "client expired",
        ] {
            let mut spec = ClientSpec::named(why, Permissions::all());
            let ends = self.bench.clock.now() + chrono::Duration::minutes(5);
            spec.expires_at = (why == "client expired").then_some(ends);
            let made = vault
                .create_client(by, tenant, spec, None)
                .await
                .expect("a client");
            let id = made.client.id;
            let secret = made.secret.expect("its secret").expose().to_owned();
            let caller =
                Tenant::with_secret(&self.bench.api, self.own.id.clone(), id.to_string(), secret)
                    .await;
            assert_eq!(caller.status("/v1/assets").await, 200, "it counted");
            match why {
                "tokens revoked" => vault
                    .revoke_client_tokens(by, tenant, id, None)
                    .await
                    .expect(why),
                "secret reset" => {
                    drop(
                        vault
                            .reset_client_secret(by, tenant, id, None, None)
                            .await
                            .expect(why),
                    );
                }
                "client deleted" => vault.delete_client(by, tenant, id).await.expect(why),
                "client disabled" => {
                    let change = ClientChange {
                        disabled: Some(true),
                        ..ClientChange::default()
                    };
                    drop(
                        vault
                            .change_client(by, tenant, id, change)
                            .await
                            .expect(why),
                    );
                }
                _ => drop(
                    self.bench
                        .sandbox
                        .post("clock", json!({ "advance": "6m" }))
                        .await,
                ),
            }
            ended.push((why, caller.bearer));
        }
        ended
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_past_its_end_is_nobodys() {
    each_database(async |matrix| {
        matrix
            .bench
            .sandbox
            .post("clock", json!({ "advance": "16m" }))
            .await;
        for row in rows()
            .iter()
            .filter(|row| matches!(row.needs, Needs::Scope(_)))
        {
            let got = status(matrix.own_call(row).bearer_auth(&matrix.own.bearer)).await;
            assert_eq!(got, 401, "{} {}", row.method, row.path);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_answers_byte_for_byte_like_what_never_was() {
    each_database(async |matrix| {
        for path in [
            format!("/v1/assets/{}", matrix.world.asset),
            format!("/v1/webhook-endpoints/{}", matrix.endpoint),
        ] {
            let gone = matrix
                .own
                .call(Method::DELETE, &path)
                .send()
                .await
                .expect("the server answers");
            assert_eq!(gone.status().as_u16(), 204);
        }
        for row in rows()
            .iter()
            .filter(|row| [Object::Asset, Object::Endpoint].contains(&row.object))
        {
            let gone = answer(matrix.own_call(row).bearer_auth(&matrix.own.bearer)).await;
            let unknown = matrix
                .call(row, NO_ASSET, NO_ENDPOINT)
                .bearer_auth(&matrix.own.bearer);
            let gone = gone
                .replace(&matrix.world.asset, NO_ASSET)
                .replace(&matrix.endpoint, NO_ENDPOINT);
            assert_eq!(gone, answer(unknown).await, "{} {}", row.method, row.path);
        }
    })
    .await;
}

/// An id that names nothing, as long as one that does.
const NO_ASSET: &str = "299999999999999";
const NO_PERSON: &str = "100000000000077";
const NO_RECONNECT: &str = "rcn_00000000000070008000000000000000";
const NO_SESSION: &str = "rse_00000000000070008000000000000000";
const NO_ENDPOINT: &str = "whk_00000000000070008000000000000000";

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_object_answers_byte_for_byte_like_an_unknown_one() {
    each_database(async |matrix| {
        for row in rows().iter().filter(|row| row.object != Object::None) {
            let theirs = answer(matrix.own_call(row).bearer_auth(&matrix.other.bearer)).await;
            let no_id = match row.object {
                Object::Endpoint => NO_ENDPOINT,
                Object::Person => NO_PERSON,
                Object::Session => NO_SESSION,
                Object::None | Object::Asset | Object::Reconnect => NO_RECONNECT,
            };
            let unknown = answer(
                matrix
                    .call(row, NO_ASSET, no_id)
                    .bearer_auth(&matrix.other.bearer),
            )
            .await;
            let theirs = theirs
                .replace(&matrix.world.asset, NO_ASSET)
                .replace(matrix.own_id(row), no_id);
            assert_eq!(theirs, unknown, "{} {}", row.method, row.path);
            assert!(
                unknown.starts_with("404"),
                "{} {}: {unknown}",
                row.method,
                row.path
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenants_asset_in_a_list_answers_like_an_unknown_one() {
    each_database(async |matrix| {
        for path in ["/v1/tokens/lookup", "/v1/reconnects"] {
            let ask = async |asset: &str| {
                let mut body = json!({ "asset_ids": [asset] });
                if path == "/v1/reconnects" {
                    body["access_token"] = json!(matrix.world.token);
                }
                let (status, mut answer) = matrix.other.post(path, &body).await;
                for field in ["id", "created_at", "finished_at"] {
                    answer.as_object_mut().expect("an object").remove(field);
                }
                format!("{status} {answer}").replace(asset, NO_ASSET)
            };
            assert_eq!(
                ask(&matrix.world.asset).await,
                ask(NO_ASSET).await,
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_id_never_reaches_an_object() {
    let matrix = Matrix::on(TestDatabase::sqlite().await).await;
    for row in rows().iter().filter(|row| row.object != Object::None) {
        for id in [
            "1%2F..%2Fme",
            "1%3Ffields=id",
            "rcn_1",
            "%00",
            "act_",
            "1,2",
        ] {
            let got = status(matrix.call(row, id, id).bearer_auth(&matrix.own.bearer)).await;
            assert!(
                got == 404 || got == 422,
                "{got}: {} {} {id}",
                row.method,
                row.path
            );
        }
    }
}

/// Status, headers and body, without what differs by request.
async fn answer(call: RequestBuilder) -> String {
    let answer = call
        .header("X-Request-Id", "same")
        .send()
        .await
        .expect("the server answers");
    let status = answer.status().as_u16();
    // Whether the server ends the connection tells only how much of the body had arrived; each call counts.
    let differs = [
        "date",
        "connection",
        "ratelimit-remaining",
        "ratelimit-reset",
    ];
    let mut headers: Vec<_> = answer
        .headers()
        .iter()
        .filter(|(name, _)| !differs.contains(&name.as_str()))
        .collect();
    headers.sort_by_key(|(name, _)| name.as_str());
    let headers = format!("{headers:?}");
    format!(
        "{status} {headers} {}",
        answer.text().await.expect("a body")
    )
}
