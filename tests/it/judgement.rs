//! Real cases that were once decided wrong, each with the right answer.
//!
//! The rule: a case keeps the input as it was reported; its kind has a table or a property in the domain.

mod dates;
mod errors;
mod limits;
mod refresh;
mod refusals;
mod tokens;

use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant};

/// A tenant with two businesses of seven assets each, registered and not connected.
struct Case {
    harness: Harness,
    tenant: Tenant,
    ids: Vec<String>,
}

impl Case {
    async fn start(database: regrant_testdb::TestDatabase) -> Self {
        let fleet = Fleet::new(2, 6, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenant = harness.tenant("One").await;
        tenant.register(&fleet.assets()).await;
        Self {
            harness,
            tenant,
            ids: fleet.ids(),
        }
    }

    /// The same, connected with a token of the person.
    async fn connected(database: regrant_testdb::TestDatabase) -> Self {
        let case = Self::start(database).await;
        let token = case.harness.sandbox.token(Fleet::PERSON).await;
        let ended = case.tenant.reconnect(&token, &case.ids).await;
        assert_eq!(ended["counts"], json!({ "replaced": 14 }), "{ended}");
        case
    }

    /// The id of an asset of this kind in the first business.
    fn asset(&self, kind: &str) -> String {
        let prefix = match kind {
            "page" => "3001",
            "ad_account" => "act_5001",
            "product_catalog" => "6001",
            "pixel" => "7001",
            "instagram_account" => "178414",
            _ => "8001",
        };
        let found = self.ids.iter().find(|it| it.starts_with(prefix));
        found.expect("the fleet has every kind").clone()
    }

    /// Makes the sandbox answer reads of this asset in batches with an error.
    async fn refuse(&self, asset: &str, error: Value) {
        let rule = json!({
            "match": { "asset": asset, "batch_item": true }, "effect": { "error": error },
        });
        self.harness.sandbox.fault(rule).await;
    }

    /// The only item of a reconnect of one asset with a token.
    async fn item(&self, token: &str, asset: &str) -> Value {
        let ended = self.tenant.reconnect(token, &[asset.to_owned()]).await;
        ended["items"][0].clone()
    }

    async fn state(&self, asset: &str) -> Value {
        self.tenant.get(&format!("/v1/assets/{asset}")).await
    }
}

/// Outcome, code and party of an item.
fn verdict(item: &Value) -> [&str; 3] {
    [
        item["outcome"].as_str().unwrap_or_default(),
        item["reason"]["code"].as_str().unwrap_or_default(),
        item["reason"]["who"].as_str().unwrap_or_default(),
    ]
}
