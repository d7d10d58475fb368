//! Links: hosted pages at which one person gives a consent for listed assets.

pub(super) mod browser;
mod flow;
mod kill;
mod making;
mod refusals;
mod tabs;
mod visitor;

use regrant_testdb::TestDatabase;
use regrant_vault::{Actor, AppChange, LoginChange, Vault};
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Tenant};

/// What the app asks for.
const SCOPES: &str = "ads_management ads_read business_management catalog_management instagram_basic \
     pages_read_engagement pages_show_list whatsapp_business_management";

/// The name of the tenant, as a page must escape it.
const TENANT: &str = "Acme & <Sons>";

/// A tenant whose assets a person's token serves, and whose app logs in at the sandbox.
struct Stage {
    harness: Harness,
    tenant: Tenant,
    fleet: Fleet,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(2, 3, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant(TENANT).await;
        tenant.register(&fleet.assets()).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
        log_in_at(&harness.vault, &harness.sandbox.url).await;
        Self {
            harness,
            tenant,
            fleet,
        }
    }

    /// Makes a link for all assets and the person.
    async fn link(&self) -> Value {
        self.link_with(json!({})).await
    }

    async fn link_with(&self, more: Value) -> Value {
        let mut order = json!({ "asset_ids": self.fleet.ids(), "person_id": Fleet::PERSON });
        let more = more.as_object().expect("an object").clone();
        order.as_object_mut().expect("an object").extend(more);
        self.make(&order).await
    }

    async fn make(&self, order: &Value) -> Value {
        let (status, made) = self.tenant.post("/v1/reconnect-links", order).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    async fn links(&self) -> Vec<Value> {
        let list = self.tenant.get("/v1/reconnect-links").await;
        list["data"].as_array().expect("a list").clone()
    }

    async fn status_of(&self, link: &Value) -> String {
        let id = link["id"].as_str().expect("an id");
        let read = self.tenant.get(&format!("/v1/reconnect-links/{id}")).await;
        read["status"].as_str().expect("a status").to_owned()
    }

    /// The token that serves each asset, in the order of the fleet.
    async fn served(&self) -> Vec<Value> {
        let tokens = self.tenant.tokens(&self.fleet.ids()).await;
        let ids = self.fleet.ids();
        ids.iter()
            .map(|it| tokens[it]["access_token"].clone())
            .collect()
    }

    async fn reconnects(&self) -> Vec<Value> {
        let list = self.tenant.get("/v1/reconnects").await;
        list["data"].as_array().expect("a list").clone()
    }
}

/// Lets the provider's app log people in at the sandbox.
async fn log_in_at(vault: &Vault, sandbox: &str) {
    let page = |text: &str| Some(Some(text.parse().expect("an address")));
    let change = AppChange {
        login: LoginChange {
            config_id: None,
            scopes: Some(SCOPES.parse().expect("scopes")),
            dialog_base_url: page(sandbox),
            landing_url: page("https://provider.example/start"),
        },
        ..AppChange::default()
    };
    let app = APP.parse().expect("an app id");
    let changed = vault.change_app(Actor::CommandLine, &app, change).await;
    changed.expect("the app is there");
}

fn url_of(link: &Value) -> &str {
    link["url"].as_str().expect("an address")
}
