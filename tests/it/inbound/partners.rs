//! The owner of a WhatsApp Business account removes the provider (case 42 of the field).

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{answer, apply_notices, probe, signature};
use crate::harness::{APP, Fleet, Harness, SECRET, Tenant, http, on_both};

on_both!(
    a_removal_makes_the_account_due_at_once_in_the_tenants_that_own_it,
    a_removal_names_the_account_in_either_place,
    removals_of_unknown_and_deleted_accounts_are_acknowledged_without_work,
    the_account_is_disconnected_after_the_probe_that_a_removal_causes,
);

const ACCOUNT: &str = "8001001000005";

struct Scene {
    harness: Harness,
    owner: Tenant,
    other: Tenant,
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 6, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let (owner, other) = (harness.tenant("Owner").await, harness.tenant("Other").await);
        let assets = fleet.assets();
        owner.register(&assets).await;
        let without: Vec<_> = assets
            .into_iter()
            .filter(|it| it["id"] != ACCOUNT)
            .collect();
        other.register(&without).await;
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let ended = owner.reconnect(&token, &fleet.ids()).await;
        assert_eq!(ended["counts"]["replaced"], 7, "{ended}");
        Self {
            harness,
            owner,
            other,
        }
    }

    fn removal(&self, entry: &str, value: &Value) -> String {
        let change = json!({ "field": "account_update", "value": value });
        let entry = json!({ "id": entry, "time": self.harness.clock.now().timestamp(), "changes": [change] });
        json!({ "object": "whatsapp_business_account", "entry": [entry] }).to_string()
    }

    async fn send(&self, raw: &str) -> usize {
        let call = http()
            .post(format!("{}/meta/webhooks/{APP}", self.harness.api))
            .header("Content-Type", "application/json")
            .header("X-Hub-Signature-256", signature(SECRET, raw))
            .body(raw.to_owned());
        assert_eq!(answer(call).await.0, 200);
        apply_notices(&self.harness).await
    }

    /// Whether the account's next probe is due.
    async fn is_due(&self) -> bool {
        let asset = self.owner.get(&format!("/v1/assets/{ACCOUNT}")).await;
        let next = asset["next_check_at"].as_str().expect("a plan");
        let next = chrono::DateTime::parse_from_rfc3339(next).expect("a moment");
        next <= self.harness.clock.now()
    }
}

fn removed(account: &str) -> Value {
    let info = json!({ "waba_id": account, "owner_business_id": "77000000000001" });
    json!({ "event": "PARTNER_REMOVED", "waba_info": info })
}

async fn a_removal_makes_the_account_due_at_once_in_the_tenants_that_own_it(
    database: TestDatabase,
) {
    let scene = Scene::on(database).await;
    assert!(!scene.is_due().await);
    let raw = scene.removal(ACCOUNT, &removed(ACCOUNT));
    assert_eq!(scene.send(&raw).await, 1);
    assert!(scene.is_due().await);
    let events = scene
        .owner
        .get("/v1/audit-events?action=partner.removed")
        .await;
    assert_eq!(events["data"].as_array().map(Vec::len), Some(1), "{events}");
    let events = scene
        .other
        .get("/v1/audit-events?action=partner.removed")
        .await;
    assert_eq!(events["data"].as_array().map(Vec::len), Some(0), "{events}");
    probe(&scene.harness).await;
    assert!(
        !scene.is_due().await,
        "the access stands, and so does the schedule"
    );
    assert_eq!(scene.send(&raw).await, 0, "a replay is no new notice");
    assert!(!scene.is_due().await);
}

async fn a_removal_names_the_account_in_either_place(database: TestDatabase) {
    let scene = Scene::on(database).await;
    for raw in [
        scene.removal("99000000000001", &removed(ACCOUNT)),
        scene.removal(ACCOUNT, &json!({ "event": "PARTNER_APP_UNINSTALLED" })),
    ] {
        assert_eq!(scene.send(&raw).await, 1, "{raw}");
        assert!(scene.is_due().await, "{raw}");
        probe(&scene.harness).await;
        assert!(!scene.is_due().await);
    }
}

async fn removals_of_unknown_and_deleted_accounts_are_acknowledged_without_work(
    database: TestDatabase,
) {
    let scene = Scene::on(database).await;
    let unknown = scene.removal("99000000000001", &removed("99000000000001"));
    assert_eq!(scene.send(&unknown).await, 0);
    let added = scene.removal(ACCOUNT, &json!({ "event": "PARTNER_ADDED" }));
    assert_eq!(scene.send(&added).await, 0);
    assert!(!scene.is_due().await);
    let call = scene
        .owner
        .call(reqwest::Method::DELETE, &format!("/v1/assets/{ACCOUNT}"));
    assert_eq!(answer(call).await.0, 204);
    assert_eq!(
        scene.send(&scene.removal(ACCOUNT, &removed(ACCOUNT))).await,
        0
    );
}

async fn the_account_is_disconnected_after_the_probe_that_a_removal_causes(database: TestDatabase) {
    let scene = Scene::on(database).await;
    let body = json!({ "waba": ACCOUNT });
    scene.harness.sandbox.post("partners/remove", body).await;
    scene.send(&scene.removal(ACCOUNT, &removed(ACCOUNT))).await;
    probe(&scene.harness).await;
    let asset = scene.owner.get(&format!("/v1/assets/{ACCOUNT}")).await;
    assert_ne!(asset["state"], "healthy", "{asset}");
}
