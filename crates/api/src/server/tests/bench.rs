//! A vault behind the routes, without a network.

use std::time::Duration;

use actix_web::{
    body::to_bytes,
    dev::{Service, ServiceResponse},
    http::Method,
    test::{TestRequest, init_service},
};
use regrant_crypto::{KeyProvider, Keyring};
use regrant_domain::{AppSecret, Clock, Permissions};
use regrant_storage::Store;
use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, NewApp, NewTenantSpec, Onboarding, Parts, Vault};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{
    server::{ListenerRoutes, SharedState, build_app},
    settings::Settings,
};

/// A vault with one app; its Graph API does not respond.
pub(super) struct Bench {
    pub(super) vault: Vault,
    _database: TestDatabase,
}

pub(super) struct TestResponse {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl TestResponse {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(it, _)| it == name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(super) fn kind(&self) -> String {
        self.json()["type"]
            .as_str()
            .unwrap()
            .trim_start_matches("/problems/")
            .to_owned()
    }
}

impl Bench {
    pub(super) async fn start() -> Self {
        let database = TestDatabase::create_sqlite().await;
        let store = regrant_storage::Settings {
            url: database.url().to_owned(),
            max_connections: 4,
            acquire_timeout: Duration::from_secs(10),
            busy_timeout: Duration::from_secs(10),
        };
        let unreachable = url::Url::parse("http://127.0.0.1:9").unwrap();
        let graph = regrant_graph::Settings {
            base_url: unreachable,
            max_attempts: 1,
            ..Default::default()
        };
        let clock = Clock::System;
        let parts = Parts {
            store: Store::connect(&store).await.unwrap(),
            provider: KeyProvider::from(Keyring::in_memory().unwrap()),
            graph: regrant_graph::Client::new(graph, clock.clone()).unwrap(),
            clock,
            settings: regrant_vault::Settings::default(),
        };
        let vault = Vault::open(parts).await.unwrap();
        let secret = AppSecret::parse("secret".to_owned()).unwrap();
        let app = NewApp {
            id: "1".parse().unwrap(),
            name: "App".to_owned(),
            secret,
            verify_token: None,
        };
        vault
            .create_app(Actor::CommandLine, app, None)
            .await
            .unwrap();
        Self {
            vault,
            _database: database,
        }
    }

    pub(super) async fn tenant(&self) -> Onboarding {
        let new = NewTenantSpec::with_scopes("One", "1".parse().unwrap(), Permissions::all());
        self.vault
            .create_tenant(Actor::CommandLine, new, None)
            .await
            .unwrap()
    }

    /// A bearer token of a new tenant.
    pub(super) async fn bearer(&self, scope: &str) -> String {
        let it = self.tenant().await;
        let scope = Some(scope.parse().unwrap());
        let log_in =
            regrant_vault::ClientLogIn::from_localhost(it.client.id, it.secret.as_ref().unwrap());
        let client = self.vault.authenticate_client(log_in).await.unwrap();
        self.vault
            .issue_token(&client, scope, None)
            .await
            .unwrap()
            .access_token
    }

    pub(super) async fn call(&self, request: TestRequest) -> TestResponse {
        let settings = Settings {
            max_body: 4096,
            ..Settings::default()
        };
        let routes = ListenerRoutes::for_public_api(&settings);
        self.call_on(routes, settings, request).await
    }

    /// Calls these routes with these settings.
    pub(super) async fn call_on(
        &self,
        routes: ListenerRoutes,
        settings: Settings,
        request: TestRequest,
    ) -> TestResponse {
        self.send(self.share(routes, settings), request).await
    }

    /// Calls these routes while other bodies fill the memory of the listener.
    pub(super) async fn call_when_full(
        &self,
        routes: ListenerRoutes,
        request: TestRequest,
    ) -> TestResponse {
        let shared = self.share(routes, Settings::default());
        shared.bodies.fill();
        self.send(shared, request).await
    }

    fn share(&self, routes: ListenerRoutes, settings: Settings) -> SharedState {
        SharedState::new(
            self.vault.clone(),
            settings,
            routes,
            CancellationToken::new(),
        )
    }

    async fn send(&self, shared: SharedState, request: TestRequest) -> TestResponse {
        let service = init_service(build_app(shared)).await;
        let response: ServiceResponse<_> = service.call(request.to_request()).await.unwrap();
        let text = |it: &actix_web::http::header::HeaderValue| it.to_str().unwrap().to_owned();
        let mut headers: Vec<_> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), text(value)))
            .collect();
        headers.sort();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body())
            .await
            .unwrap_or_else(|_| panic!("a body"));
        TestResponse {
            status,
            headers,
            body: body.to_vec(),
        }
    }
}

pub(super) fn request(method: Method, path: &str, bearer: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method);
    if bearer.is_empty() {
        request
    } else {
        request.insert_header(("Authorization", format!("Bearer {bearer}")))
    }
}

pub(super) fn post(path: &str, bearer: &str, body: &str) -> TestRequest {
    let request =
        request(Method::POST, path, bearer).insert_header(("Content-Type", "application/json"));
    request.set_payload(body.to_owned())
}
