//! Tests of the memory for bodies, on every route that either API description gives a body.

use std::sync::Arc;

use regrant_domain::{
    AppId, ClientId, OperatorId, OperatorName, OperatorRole, Password, Permissions, ReconnectId,
    ReconnectSessionId, TenantId, WebhookEndpointId,
};
use regrant_vault::{Actor, NewOperator};

use super::*;
use crate::AdminRoutes;

/// Method, path and media type of every operation that has a body.
fn operations_with_body(description: &ApiDescription) -> Vec<(Method, String, String)> {
    let api: Value = serde_json::from_slice(description.json().plain()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in api["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            if let Some(content) = operation["requestBody"]["content"].as_object() {
                let method = method.to_uppercase().parse().unwrap();
                let media_type = content.keys().next().unwrap().clone();
                found.push((method, with_ids(path), media_type));
            }
        }
    }
    found
}

/// The path with a well-formed identifier for each parameter.
fn with_ids(path: &str) -> String {
    let (app, tenant) = ("1".parse::<AppId>().unwrap(), TenantId::mint());
    path.replace("{app}", "1")
        .replace("{asset_id}", "7")
        .replace("{client_id}", &ClientId::mint().to_string())
        .replace(
            "operators/{id}",
            &format!("operators/{}", OperatorId::mint()),
        )
        .replace("apps/{id}", &format!("apps/{app}"))
        .replace("tenants/{id}", &format!("tenants/{tenant}"))
        .replace(
            "reconnects/{id}",
            &format!("reconnects/{}", ReconnectId::mint()),
        )
        .replace(
            "reconnect-sessions/{id}",
            &format!("reconnect-sessions/{}", ReconnectSessionId::mint()),
        )
        .replace("{id}", &WebhookEndpointId::mint().to_string())
}

async fn assert_every_body_is_counted(
    bench: &Bench,
    bearer: &str,
    routes: impl Fn() -> ListenerRoutes,
) {
    let operations = operations_with_body(&routes().description);
    assert!(operations.len() > 10, "{operations:?}");
    for (method, path, media_type) in operations {
        let call = request(method.clone(), &path, bearer)
            .insert_header(("Content-Type", media_type))
            .set_payload("{}");
        let response = bench.call_when_full(routes(), call).await;
        assert_eq!(
            (response.status, response.kind().as_str()),
            (503, "bodies_full"),
            "{method} {path}"
        );
        assert_eq!(response.header("retry-after"), Some("2"), "{method} {path}");
        assert!(response.header("x-request-id").is_some());
    }
}

#[actix_web::test]
async fn every_body_of_the_public_listener_is_counted() {
    let bench = Bench::start().await;
    let bearer = bench.bearer(&Permissions::all().to_string()).await;
    let routes = || ListenerRoutes::for_public_api(&Settings::default());
    assert_every_body_is_counted(&bench, &bearer, routes).await;
}

#[actix_web::test]
async fn every_body_of_the_operators_listener_is_counted() {
    let bench = Bench::start().await;
    let password = || Password::parse("correct horse battery".to_owned()).unwrap();
    let name: OperatorName = "owner".parse().unwrap();
    let owner = NewOperator {
        name: name.clone(),
        role: OperatorRole::Owner,
        password: password(),
    };
    let created = bench
        .vault
        .create_operator(Actor::CommandLine, owner, None)
        .await;
    created.unwrap_or_else(|error| panic!("{error}"));
    let logged_in = bench
        .vault
        .log_in(&name, password(), [127, 0, 0, 1].into())
        .await
        .unwrap();
    let routes = || AdminRoutes::All.build_listener(&Settings::default(), Arc::new(|| true));
    assert_every_body_is_counted(&bench, &logged_in.access_token, routes).await;
}

#[actix_web::test]
async fn a_stranger_sends_less_than_a_tenant() {
    let bench = Bench::start().await;
    let form = |bytes: usize| {
        request(Method::POST, "/oauth/token", "")
            .insert_header(("Content-Type", "application/x-www-form-urlencoded"))
            .set_payload("a".repeat(bytes))
    };
    let settings = Settings::default();
    let send = async |call| {
        let routes = ListenerRoutes::for_public_api(&settings);
        bench.call_on(routes, settings.clone(), call).await
    };
    assert_eq!(send(form(64 * 1024)).await.status, 400);
    let refused = send(form(64 * 1024 + 1)).await;
    assert_eq!(
        (refused.status, refused.kind().as_str()),
        (413, "body_too_large")
    );
}
