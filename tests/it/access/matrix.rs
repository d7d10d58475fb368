//! The access matrix of the public listener: every route of `openapi.yaml`, every kind of caller.
//!
//! The rule: a route without a row here fails the build. A request for another tenant's object gets byte for byte the
//! same response as a request for an unknown one.

mod credentials;
mod isolation;

use std::collections::BTreeSet;

use regrant_domain::{Permission, Permissions};
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, ClientChange, ClientSpec};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant};

/// What a route requires of the caller.
#[derive(Clone, Copy)]
enum Needs {
    Nothing,
    Scope(Permission),
}

/// The kind of object that the path names.
#[derive(Clone, Copy, PartialEq)]
enum Object {
    None,
    Asset,
    Reconnect,
    Endpoint,
    Person,
    Session,
    Consent,
    Discovery,
    Preview,
    Link,
    Feed,
}

struct Row {
    method: Method,
    path: &'static str,
    needs: Needs,
    /// A second scope that the route requires.
    also: Option<Permission>,
    object: Object,
    /// The status of a valid call for the tenant's own object.
    own: u16,
    /// The request body; null for none.
    body: fn(&World) -> Value,
}

/// The values that the bodies of rows use.
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

fn inspection(world: &World) -> Value {
    json!({ "access_token": world.token, "asset_ids": [world.asset] })
}

fn discovery(world: &World) -> Value {
    json!({ "access_token": world.token, "wait_seconds": 60 })
}

fn check(world: &World) -> Value {
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

fn consent(world: &World) -> Value {
    json!({ "access_token": world.token })
}

fn reconnect(world: &World) -> Value {
    json!({ "access_token": world.token, "asset_ids": [world.asset] })
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Needs::{Nothing, Scope};
    use Object::{Asset, Consent, Discovery, Endpoint, Feed, Link, Person, Preview, Reconnect, Session};
    use Permission as P;
    let row = |method, path, needs, object, own, body| Row { method, path, needs, also: None, object, own, body };
    vec![
        row(Method::POST,   "/oauth/token",                 Nothing,                  Object::None, 415, none),
        row(Method::POST,   "/oauth/revoke",                Nothing,                  Object::None, 415, none),
        row(Method::POST,   "/oauth/introspect",            Nothing,                  Object::None, 415, none),
        row(Method::GET,    "/.well-known/oauth-authorization-server", Nothing,       Object::None, 200, none),
        row(Method::GET,    "/.well-known/oauth-protected-resource", Nothing,         Object::None, 200, none),
        row(Method::GET,    "/.well-known/jwks.json",       Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/.well-known/statement-keys.json", Nothing,              Object::None, 200, none),
        row(Method::GET,    "/livez",                       Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/readyz",                      Nothing,                  Object::None, 200, none),
        row(Method::GET,    "/meta/webhooks/{app}",         Nothing,                  Object::None, 403, none),
        row(Method::POST,   "/meta/webhooks/{app}",         Nothing,                  Object::None, 403, empty),
        row(Method::POST,   "/meta/deauthorize/{app}",      Nothing,                  Object::None, 403, empty),
        row(Method::POST,   "/meta/data-deletion/{app}",    Nothing,                  Object::None, 403, empty),
        row(Method::GET,    "/meta/data-deletion/{app}/{code}", Nothing,              Object::None, 404, none),
        row(Method::GET,    "/connect",                     Nothing,                  Object::None, 404, none),
        row(Method::GET,    "/connect/callback",            Nothing,                  Object::None, 403, none),
        row(Method::GET,    "/connect/{link}",              Nothing,                  Object::None, 404, none),
        row(Method::POST,   "/connect/{link}",              Nothing,                  Object::None, 415, empty),
        row(Method::GET,    "/connect/{tenant}/{link}",     Nothing,                  Object::None, 404, none),
        row(Method::POST,   "/connect/{tenant}/{link}",     Nothing,                  Object::None, 415, empty),
        row(Method::POST,   "/v1/assets",                   Scope(P::AssetsWrite),    Object::None, 200, register),
        row(Method::GET,    "/v1/assets",                   Scope(P::AssetsRead),     Object::None, 200, none),
        row(Method::GET,    "/v1/assets/{asset_id}",        Scope(P::AssetsRead),     Asset,        200, none),
        row(Method::POST,   "/v1/assets/{asset_id}/check",  Scope(P::AssetsWrite),    Asset,        200, empty),
        row(Method::POST,   "/v1/assets/check",             Scope(P::AssetsWrite),    Object::None, 200, check),
        row(Method::GET,    "/v1/assets/{asset_id}/token",  Scope(P::TokensRead),     Asset,        200, none),
        row(Method::POST,   "/v1/tokens/lookup",            Scope(P::TokensRead),     Object::None, 200, lookup),
        row(Method::POST,   "/v1/tokens/inspect",           Scope(P::ReconnectsPreview), Object::None, 200, inspection),
        row(Method::POST,   "/v1/discoveries",              Scope(P::ReconnectsPreview), Object::None, 200, discovery),
        row(Method::GET,    "/v1/discoveries",              Scope(P::ReconnectsPreview), Object::None, 200, none),
        row(Method::GET,    "/v1/discoveries/{id}",         Scope(P::ReconnectsPreview), Discovery,   200, none),
        row(Method::GET,    "/v1/discoveries/{id}/events",  Scope(P::ReconnectsPreview), Discovery,   200, none),
        row(Method::POST,   "/v1/discoveries/{id}/events/tickets", Scope(P::ReconnectsPreview), Discovery, 201, none),
        row(Method::DELETE, "/v1/discoveries/{id}",         Scope(P::ReconnectsPreview), Discovery,   204, none),
        row(Method::GET,    "/v1/forecast",                 Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/forecast.ics",             Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/calendar/{secret}.ics",    Nothing,                  Object::None, 404, none),
        row(Method::POST,   "/v1/calendar-feeds",           Scope(P::ForecastRead),   Object::None, 201, empty),
        row(Method::GET,    "/v1/calendar-feeds",           Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/calendar-feeds/{id}",      Scope(P::ForecastRead),   Feed,         200, none),
        row(Method::DELETE, "/v1/calendar-feeds/{id}",      Scope(P::ForecastRead),   Feed,         204, none),
        row(Method::GET,    "/v1/reconnect-plan",           Scope(P::ForecastRead),   Object::None, 200, none),
        Row { also: Some(P::ForecastRead), ..row(Method::POST, "/v1/reconnect-plan", Scope(P::ReconnectsWrite), Object::None, 201, none) },
        row(Method::GET,    "/v1/persons",                  Scope(P::ForecastRead),   Object::None, 200, none),
        row(Method::GET,    "/v1/persons/{person_id}/impact", Scope(P::ForecastRead), Person,       200, none),
        row(Method::POST,   "/v1/reconnect-previews",       Scope(P::ReconnectsPreview), Object::None, 200, reconnect),
        row(Method::GET,    "/v1/reconnect-previews",       Scope(P::ReconnectsPreview), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnect-previews/{id}",  Scope(P::ReconnectsPreview), Preview,     200, none),
        row(Method::GET,    "/v1/reconnect-previews/{id}/events", Scope(P::ReconnectsPreview), Preview, 200, none),
        row(Method::POST,   "/v1/reconnect-previews/{id}/events/tickets", Scope(P::ReconnectsPreview), Preview, 201, none),
        row(Method::DELETE, "/v1/reconnect-previews/{id}",  Scope(P::ReconnectsPreview), Preview,     204, none),
        row(Method::POST,   "/v1/reconnects",               Scope(P::ReconnectsWrite), Object::None, 200, reconnect),
        row(Method::GET,    "/v1/reconnects",               Scope(P::ReconnectsWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnects/{id}",          Scope(P::ReconnectsWrite), Reconnect,   200, none),
        row(Method::GET,    "/v1/reconnects/{id}/events",   Scope(P::ReconnectsWrite), Reconnect,   200, none),
        row(Method::POST,   "/v1/reconnects/{id}/events/tickets", Scope(P::ReconnectsWrite), Reconnect, 201, none),
        row(Method::POST,   "/v1/reconnects/{id}/cancel",   Scope(P::ReconnectsWrite), Reconnect,   409, empty),
        row(Method::POST,   "/v1/reconnects/{id}/undo",     Scope(P::ReconnectsWrite), Reconnect,   200, empty),
        row(Method::POST,   "/v1/reconnect-sessions",         Scope(P::ReconnectsWrite), Object::None, 201, session),
        row(Method::GET,    "/v1/reconnect-sessions",         Scope(P::ReconnectsWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnect-sessions/current", Scope(P::ReconnectsWrite), Object::None, 404, none),
        row(Method::GET,    "/v1/reconnect-sessions/{id}",    Scope(P::ReconnectsWrite), Session,      200, none),
        row(Method::POST,   "/v1/reconnect-sessions/{id}/refresh", Scope(P::ReconnectsWrite), Session, 200, empty),
        row(Method::DELETE, "/v1/reconnect-sessions/{id}",    Scope(P::ReconnectsWrite), Session,      204, none),
        row(Method::POST,   "/v1/reconnect-sessions/current/consent", Scope(P::ReconnectsPreview), Object::None, 404, consent),
        row(Method::GET,    "/v1/reconnect-sessions/current/consent", Scope(P::ReconnectsPreview), Object::None, 404, none),
        row(Method::DELETE, "/v1/reconnect-sessions/current/consent", Scope(P::ReconnectsPreview), Object::None, 404, none),
        row(Method::POST,   "/v1/consents",                 Scope(P::ReconnectsPreview), Object::None, 201, consent),
        row(Method::GET,    "/v1/consents",                 Scope(P::ReconnectsPreview), Object::None, 200, none),
        row(Method::GET,    "/v1/consents/{id}",            Scope(P::ReconnectsPreview), Consent,      200, none),
        row(Method::DELETE, "/v1/consents/{id}",            Scope(P::ReconnectsPreview), Consent,      204, none),
        row(Method::POST,   "/v1/reconnect-links",            Scope(P::ReconnectsWrite), Object::None, 201, session),
        row(Method::GET,    "/v1/reconnect-links",            Scope(P::ReconnectsWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/reconnect-links/{id}",       Scope(P::ReconnectsWrite), Link,         200, none),
        row(Method::DELETE, "/v1/reconnect-links/{id}",       Scope(P::ReconnectsWrite), Link,         204, none),
        row(Method::POST,   "/v1/webhook-endpoints",                    Scope(P::WebhooksWrite), Object::None, 201, endpoint),
        row(Method::GET,    "/v1/webhook-endpoints",                    Scope(P::WebhooksWrite), Object::None, 200, none),
        row(Method::GET,    "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    200, none),
        row(Method::PATCH,  "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    200, empty),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/rotate-secret", Scope(P::WebhooksWrite), Endpoint,    200, empty),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/test",          Scope(P::WebhooksWrite), Endpoint,    202, none),
        row(Method::POST,   "/v1/webhook-endpoints/{id}/replay",        Scope(P::WebhooksWrite), Endpoint,    202, since),
        row(Method::GET,    "/v1/webhook-endpoints/{id}/deliveries",    Scope(P::WebhooksWrite), Endpoint,    200, none),
        row(Method::DELETE, "/v1/webhook-endpoints/{id}",               Scope(P::WebhooksWrite), Endpoint,    204, none),
        row(Method::GET,    "/v1/events",                   Scope(P::EventsRead),     Object::None, 200, none),
        row(Method::GET,    "/v1/audit-events",             Scope(P::AuditRead),      Object::None, 200, none),
        row(Method::GET,    "/v1/audit-events/checkpoint",  Scope(P::AuditRead),      Object::None, 200, none),
        row(Method::DELETE, "/v1/assets/{asset_id}",        Scope(P::AssetsWrite),    Asset,        204, none),
    ]
}

#[test]
fn every_route_of_the_openapi_document_has_a_row() {
    let document: Value = yaml_serde::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../openapi.yaml"
    )))
    .expect("openapi.yaml parses");
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
    harness: Harness,
    own: Tenant,
    other: Tenant,
    world: World,
    reconnect: String,
    endpoint: String,
    session: String,
    consent: String,
    discovery: String,
    preview: String,
    link: String,
    feed: String,
}

impl Matrix {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 2, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let (own, other) = (harness.tenant("One").await, harness.tenant("Two").await);
        own.register(&fleet.assets()).await;
        let world = World {
            token: harness.sandbox.token(Fleet::PERSON).await,
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
        let (status, given) = own.post("/v1/consents", &consent(&world)).await;
        assert_eq!(status, 201, "{given}");
        let consent = given["consent_id"].as_str().expect("an id").to_owned();
        let (status, found) = own.post("/v1/discoveries", &discovery(&world)).await;
        assert_eq!(status, 200, "{found}");
        let discovery = found["id"].as_str().expect("an id").to_owned();
        let (status, seen) = own
            .post("/v1/reconnect-previews", &self::reconnect(&world))
            .await;
        assert_eq!(status, 200, "{seen}");
        let preview = seen["id"].as_str().expect("an id").to_owned();
        let (status, made) = own
            .post("/v1/reconnect-links", &self::session(&world))
            .await;
        assert_eq!(status, 201, "{made}");
        let link = made["id"].as_str().expect("an id").to_owned();
        let (status, made) = own.post("/v1/calendar-feeds", &json!({})).await;
        assert_eq!(status, 201, "{made}");
        let feed = made["id"].as_str().expect("an id").to_owned();
        Self {
            harness,
            own,
            other,
            world,
            reconnect,
            endpoint,
            session,
            consent,
            discovery,
            preview,
            link,
            feed,
        }
    }

    /// A call of this route with these ids, without a credential.
    fn call(&self, row: &Row, asset: &str, id: &str) -> RequestBuilder {
        let path = row
            .path
            .replace("{asset_id}", asset)
            .replace("{id}", id)
            .replace("{person_id}", id);
        let call = crate::harness::http()
            .request(row.method.clone(), format!("{}{path}", self.harness.api));
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
            Object::Consent => &self.consent,
            Object::Discovery => &self.discovery,
            Object::Preview => &self.preview,
            Object::Link => &self.link,
            Object::Feed => &self.feed,
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
    for database in TestDatabase::create_all().await {
        Box::pin(async { check(&Matrix::on(database).await).await }).await;
    }
}

impl Matrix {
    /// An access token of the tenant's client with only this scope.
    async fn own_bearer(&self, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let call = crate::harness::http()
            .post(format!("{}/oauth/token", self.harness.api))
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

impl Matrix {
    /// Access tokens with every scope that were valid and were then ended, each in another way.
    async fn ended(&self) -> Vec<(&'static str, String)> {
        let (vault, by) = (&self.harness.vault, Actor::CommandLine);
        let tenant = self.own.id.parse().expect("a tenant's id");
        let mut ended = Vec::new();
        for why in [
            "tokens revoked",
            "secret reset",
            "client disabled",
            "client deleted",
            "client expired",
        ] {
            let mut spec = ClientSpec::with_scopes(why, Permissions::all());
            let ends = self.harness.clock.now() + chrono::Duration::minutes(5);
            spec.expires_at = (why == "client expired").then_some(ends);
            let made = vault
                .create_client(by, tenant, spec, None)
                .await
                .expect("a client");
            let id = made.client.id;
            let secret = made.secret.expect("its secret").expose().to_owned();
            let caller = Tenant::with_secret(
                &self.harness.api,
                self.own.id.clone(),
                id.to_string(),
                secret,
            )
            .await;
            assert_eq!(caller.status("/v1/assets").await, 200, "it was valid");
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
                    self.harness
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
