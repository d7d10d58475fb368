//! The access matrix of the admin listener: every route of `openapi-admin.yaml`, every caller, every object.
//!
//! The rule: a route without a row here fails the build. The owner calls the rows in this order, so rows that delete or
//! end something come last.

use std::collections::BTreeSet;

use regrant_domain::OperatorRole;
use regrant_testdb::TestDatabase;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Operator, PASSWORD};

/// The caller.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    Anonymous,
    Garbage,
    /// A token of the public listener.
    Tenant,
    LoggedOut,
    Disabled,
    Support,
    Owner,
}

/// The callers that a route admits.
#[derive(Clone, Copy, PartialEq)]
enum Lets {
    /// Callers without credentials, too.
    All,
    /// Every operator that is logged in.
    Operators,
    /// Owners.
    Owners,
}

/// The object that the path names.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Object {
    Existing,
    Unknown,
    Malformed,
}

struct Row {
    method: Method,
    path: &'static str,
    lets: Lets,
    /// The status for an admitted caller and an existing object.
    good: u16,
    /// The request body; null for none.
    body: fn(&Scene) -> Value,
}

struct Scene {
    harness: Harness,
    tenant: String,
    client: String,
    deleted: String,
    tokens: Vec<(Who, Option<String>)>,
    http: reqwest::Client,
}

fn none(_: &Scene) -> Value {
    Value::Null
}

fn empty(_: &Scene) -> Value {
    json!({})
}

fn log_in(_: &Scene) -> Value {
    json!({ "name": "owner", "password": PASSWORD })
}

fn same_password(_: &Scene) -> Value {
    json!({ "current_password": PASSWORD, "new_password": PASSWORD })
}

fn operator(_: &Scene) -> Value {
    json!({ "name": "new", "role": "support", "password": PASSWORD })
}

fn app(_: &Scene) -> Value {
    json!({ "id": "78", "name": "New", "secret": "a-secret" })
}

fn secret(_: &Scene) -> Value {
    json!({ "secret": crate::harness::SECRET })
}

fn tenant(_: &Scene) -> Value {
    json!({ "name": "New", "app_id": APP })
}

fn client(_: &Scene) -> Value {
    json!({ "name": "New", "scopes": ["assets:read"] })
}

fn confirm(scene: &Scene) -> Value {
    json!({ "confirm": scene.tenant })
}

fn deletion(_: &Scene) -> Value {
    json!({ "app_id": APP, "person_ids": ["77"] })
}

fn signing(_: &Scene) -> Value {
    json!({ "kind": "signing" })
}

fn unknown_key(_: &Scene) -> Value {
    json!({ "key": "x", "confirm": "x" })
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    use Lets::{All, Operators, Owners};
    let row = |method, path, lets, good, body| Row { method, path, lets, good, body };
    vec![
        row(Method::GET,    "/livez",                                   All,       200, none),
        row(Method::GET,    "/readyz",                                  All,       200, none),
        row(Method::POST,   "/admin/v1/session",                        All,       201, log_in),
        row(Method::GET,    "/admin/v1/session",                        Operators, 200, none),
        row(Method::POST,   "/admin/v1/session/password",               Operators, 204, same_password),
        row(Method::GET,    "/admin/v1/operators",                      Operators, 200, none),
        row(Method::POST,   "/admin/v1/operators",                      Owners,    201, operator),
        row(Method::GET,    "/admin/v1/operators/{id}",                 Operators, 200, none),
        row(Method::PATCH,  "/admin/v1/operators/{id}",                 Owners,    200, empty),
        row(Method::GET,    "/admin/v1/apps",                           Operators, 200, none),
        row(Method::POST,   "/admin/v1/apps",                           Owners,    201, app),
        row(Method::GET,    "/admin/v1/apps/{id}",                      Operators, 200, none),
        row(Method::PATCH,  "/admin/v1/apps/{id}",                      Owners,    200, empty),
        row(Method::POST,   "/admin/v1/apps/{id}/secret",               Owners,    200, secret),
        row(Method::GET,    "/admin/v1/tenants",                        Operators, 200, none),
        row(Method::POST,   "/admin/v1/tenants",                        Owners,    201, tenant),
        row(Method::GET,    "/admin/v1/tenants/{id}",                   Operators, 200, none),
        row(Method::PATCH,  "/admin/v1/tenants/{id}",                   Owners,    200, empty),
        row(Method::GET,    "/admin/v1/tenants/{id}/clients",           Operators, 200, none),
        row(Method::POST,   "/admin/v1/tenants/{id}/clients",           Owners,    201, client),
        row(Method::GET,    "/admin/v1/tenants/{id}/clients/{client_id}",               Operators, 200, none),
        row(Method::PATCH,  "/admin/v1/tenants/{id}/clients/{client_id}",               Owners,    200, empty),
        row(Method::POST,   "/admin/v1/tenants/{id}/clients/{client_id}/secret",        Owners,    200, empty),
        row(Method::POST,   "/admin/v1/tenants/{id}/clients/{client_id}/revoke-tokens", Owners,    204, none),
        row(Method::POST,   "/admin/v1/deletions",                      Owners,    200, deletion),
        // The code is unknown, and the tenant is not deleted yet.
        row(Method::GET,    "/admin/v1/apps/{id}/deletions/{code}",     Operators, 404, none),
        row(Method::GET,    "/admin/v1/tenants/{id}/deletion-receipt",  Operators, 404, none),
        row(Method::GET,    "/admin/v1/keys",                           Operators, 200, none),
        row(Method::POST,   "/admin/v1/keys/rotate",                    Owners,    200, signing),
        row(Method::GET,    "/admin/v1/keys/encryption",                Operators, 200, none),
        row(Method::POST,   "/admin/v1/keys/stage",          Owners,    200, none),
        row(Method::POST,   "/admin/v1/keys/promote",        Owners,    200, none),
        row(Method::POST,   "/admin/v1/keys/verify",         Operators, 200, none),
        row(Method::POST,   "/admin/v1/keys/retire",         Owners,    422, unknown_key),
        row(Method::POST,   "/admin/v1/keys/data/rotate",               Owners,    200, empty),
        row(Method::GET,    "/admin/v1/jobs",                           Operators, 200, none),
        row(Method::GET,    "/admin/v1/graph-errors",                   Operators, 200, none),
        row(Method::GET,    "/admin/v1/audit-events",                   Operators, 200, none),
        row(Method::GET,    "/admin/v1/audit-events/checkpoint",        Operators, 200, none),
        row(Method::DELETE, "/admin/v1/operators/{id}",                 Owners,    204, none),
        row(Method::DELETE, "/admin/v1/tenants/{id}/clients/{client_id}",               Owners,    204, none),
        row(Method::POST,   "/admin/v1/tenants/{id}/suspend",           Owners,    200, none),
        row(Method::POST,   "/admin/v1/tenants/{id}/resume",            Owners,    200, none),
        row(Method::DELETE, "/admin/v1/tenants/{id}",                   Owners,    202, none),
        row(Method::POST,   "/admin/v1/tenants/{id}/restore",           Owners,    200, none),
        row(Method::POST,   "/admin/v1/tenants/{id}/shred",             Owners,    200, confirm),
        row(Method::DELETE, "/admin/v1/session",                        Operators, 204, none),
    ]
}

const VERBS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

#[test]
fn every_route_of_the_admin_document_has_a_row() {
    let document: Value = yaml_serde::from_str(include_str!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../openapi-admin.yaml"
    )))
    .expect("openapi-admin.yaml parses");
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

impl Row {
    /// Whether the path names an object.
    fn has_object(&self) -> bool {
        self.path.contains('{')
    }

    /// The declared status.
    fn declared(&self, who: Who, object: Object) -> u16 {
        let is_let_in = matches!(who, Who::Support | Who::Owner);
        match (self.lets, object) {
            (Lets::All, _) => self.good,
            (Lets::Operators | Lets::Owners, _) if !is_let_in => 401,
            // A malformed identifier names no object: 404 for support, too.
            (_, Object::Malformed) => 404,
            (Lets::Owners, _) if who == Who::Support => 403,
            (_, Object::Unknown) => 404,
            (_, Object::Existing) => self.good,
        }
    }
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let harness = Harness::start(database, &Fleet::new(1, 2, 0).world()).await;
        let tenant = harness.tenant("One").await;
        let (owner, support) = (harness.owner().await, harness.support().await);
        let deleted = harness.operator("deleted", OperatorRole::Support).await.id;
        let disabled = harness.operator("disabled", OperatorRole::Owner).await;
        let path = format!("/operators/{}", disabled.id);
        assert_eq!(
            owner.patch(&path, &json!({ "disabled": true })).await.0,
            200
        );
        let gone = Operator::log_in(&harness.admin, "owner", PASSWORD).await;
        assert_eq!(gone.delete("/session").await.0, 204);
        let tokens = vec![
            (Who::Anonymous, None),
            (Who::Garbage, Some("a.b.c".to_owned())),
            (Who::Tenant, Some(tenant.bearer.clone())),
            (Who::LoggedOut, Some(gone.bearer)),
            (Who::Disabled, Some(disabled.bearer)),
            (Who::Support, Some(support.bearer)),
            (Who::Owner, Some(owner.bearer)),
        ];
        Self {
            harness,
            tenant: tenant.id,
            client: tenant.client_id,
            deleted,
            tokens,
            http: crate::harness::http(),
        }
    }

    fn call(&self, row: &Row, object: Object, token: Option<&str>) -> RequestBuilder {
        let zero = "00000000000070008000000000000000";
        let existing = match row.path {
            path if path.contains("/operators/") => self.deleted.clone(),
            path if path.contains("/apps/") => APP.to_owned(),
            _ => self.tenant.clone(),
        };
        let unknown = match row.path {
            path if path.contains("/operators/") => format!("opr_{zero}"),
            path if path.contains("/apps/") => "999".to_owned(),
            _ => format!("ten_{zero}"),
        };
        let (id, client) = match object {
            Object::Existing => (existing, self.client.clone()),
            Object::Unknown => (unknown, format!("cli_{zero}")),
            Object::Malformed => ("1%2F..%2Fme".to_owned(), "cli_1".to_owned()),
        };
        let path = row
            .path
            .replace("{id}", &id)
            .replace("{client_id}", &client);
        let call = self
            .http
            .request(row.method.clone(), format!("{}{path}", self.harness.admin));
        let call = match token {
            Some(token) => call.bearer_auth(token),
            None => call,
        };
        match (row.body)(self) {
            Value::Null => call,
            body => call.json(&body),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_caller_gets_the_declared_status_on_every_admin_route() {
    for database in TestDatabase::create_all().await {
        let scene = Box::pin(Scene::on(database)).await;
        for (who, token) in &scene.tokens {
            for row in rows() {
                for object in [Object::Malformed, Object::Unknown, Object::Existing] {
                    if !row.has_object() && object != Object::Existing {
                        continue;
                    }
                    let answer = scene
                        .call(&row, object, token.as_deref())
                        .send()
                        .await
                        .expect("an answer");
                    let (status, body) = (
                        answer.status().as_u16(),
                        answer.text().await.unwrap_or_default(),
                    );
                    let declared = row.declared(*who, object);
                    assert_eq!(
                        status, declared,
                        "{who:?} {object:?} {} {}: {body}",
                        row.method, row.path
                    );
                }
            }
        }
    }
}
