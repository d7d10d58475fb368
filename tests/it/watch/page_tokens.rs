//! Page tokens that end with the token that they were minted from: a short-lived one, or a system user's.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Tenant, business, leap, on_both, watch};

on_both!(
    a_page_token_ends_with_its_system_users_token_and_is_refreshed_with_it,
    a_page_token_of_a_short_lived_token_ends_with_it,
    a_page_token_of_a_long_lived_token_never_expires,
);

const SYSTEM: &str = "610000000000001";

/// Seven assets of a business that has a system user; the assets are not registered.
struct Stage {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
    page: String,
}

impl Stage {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 6, 0);
        let world = format!(
            "{}\nsystem_users:\n  - {{id: \"{SYSTEM}\", business: \"{}\", name: Machine}}\n",
            fleet.world(),
            business(1)
        );
        let harness = Harness::start(database, &world).await;
        let tenant = harness.tenant("One").await;
        let ids = fleet.ids();
        let page = ids.iter().find(|id| id.starts_with("3001"));
        let page = page.expect("the fleet has a page").clone();
        Self {
            harness,
            fleet,
            tenant,
            page,
        }
    }

    async fn connect(&self, token: &str) {
        self.tenant.register(&self.fleet.assets()).await;
        let ended = self.tenant.reconnect(token, &self.fleet.ids()).await;
        assert_eq!(ended["counts"], json!({ "replaced": 7 }), "{ended}");
    }

    async fn leap(&mut self, by: Duration) {
        self.tenant = leap(&self.harness, &self.tenant, by).await;
        watch(&self.harness).await;
    }

    /// Refreshes what is due until its reconnects have ended; how many were refreshed.
    async fn refresh(&self) -> usize {
        let refreshed = self.harness.vault.refresh_due_tokens(10).await;
        let list = self.tenant.get("/v1/reconnects?limit=9").await;
        for it in list["data"].as_array().expect("a list") {
            self.tenant.ended(it["id"].as_str().expect("an id")).await;
        }
        refreshed.expect("the database answers")
    }

    async fn asset(&self, id: &str) -> Value {
        self.tenant.get(&format!("/v1/assets/{id}")).await
    }

    async fn is_page_readable(&self) -> bool {
        let page = self.page.clone();
        let tokens = self.tenant.tokens(std::slice::from_ref(&page)).await;
        let token = tokens.get(&page).expect("the page is found");
        self.harness.sandbox.tries(&page, token).await == 200
    }
}

async fn a_page_token_ends_with_its_system_users_token_and_is_refreshed_with_it(
    database: TestDatabase,
) {
    let mut stage = Stage::on(database).await;
    let wanted = json!({ "system_user": SYSTEM, "app": APP, "expires_in_60_days": true });
    let machine = stage.harness.sandbox.token_of(wanted).await;
    stage.connect(&machine).await;
    let before = stage.asset(&stage.page).await;
    let (ending, account) = (&before["ending"], stage.fleet.ids()[2].clone());
    let account = stage.asset(&account).await;
    assert_eq!(
        (&ending["cause"], &ending["who"], &ending["at"]),
        (
            &json!("system_user_60_days"),
            &json!("nobody"),
            &account["ending"]["at"]
        ),
        "{before}"
    );
    let forecast = stage.tenant.get("/v1/forecast?limit=200").await;
    let entries = forecast["data"].as_array().expect("a list").iter();
    let of_page: Vec<_> = entries
        .filter(|it| it["asset_id"] == json!(stage.page))
        .collect();
    assert_eq!(of_page.len(), 1, "{forecast}");
    assert_eq!(of_page[0]["ending"]["cause"], "system_user_60_days");
    assert_eq!(of_page[0]["covered_by"], "refresh", "{forecast}");

    stage.leap(Duration::days(41)).await;
    assert_eq!(stage.refresh().await, 1);
    let after = stage.asset(&stage.page).await;
    assert!(
        after["ending"]["at"].as_str() > ending["at"].as_str(),
        "{after}"
    );
    stage.leap(Duration::days(20)).await;
    assert!(stage.is_page_readable().await, "it was minted again");
}

async fn a_page_token_of_a_short_lived_token_ends_with_it(database: TestDatabase) {
    let mut stage = Stage::on(database).await;
    let wanted = json!({ "person": Fleet::PERSON, "app": APP, "short_lived": true });
    let short = stage.harness.sandbox.token_of(wanted).await;
    let import = json!({ "id": stage.page, "kind": "page", "token": short });
    stage.tenant.register(&[import]).await;
    watch(&stage.harness).await;
    let page = stage.asset(&stage.page).await;
    let active = &page["slots"]["active"]["kind"];
    assert_eq!(
        (active, &page["state"], &page["ending"]["cause"]),
        (&json!("page"), &json!("expiring"), &json!("token_expiry")),
        "{page}"
    );
    // The worker exchanges the person's token, and the page's token is minted again.
    assert_eq!(stage.refresh().await, 1);
    stage.leap(Duration::hours(3)).await;
    let page = stage.asset(&stage.page).await;
    assert_ne!(page["ending"]["cause"], "token_expiry", "{page}");
    assert!(stage.is_page_readable().await, "it was minted again");
}

async fn a_page_token_of_a_long_lived_token_never_expires(database: TestDatabase) {
    let stage = Stage::on(database).await;
    let token = stage.harness.sandbox.token(Fleet::PERSON).await;
    stage.connect(&token).await;
    let page = stage.asset(&stage.page).await;
    assert_ne!(page["ending"]["cause"], "token_expiry", "{page}");
}
