//! Every kind of event, caused by what it reports, compared with its schema in `openapi.yaml`.

use std::{collections::BTreeSet, time::Duration};

use futures_util::future::{BoxFuture, join_all};
use regrant_domain::EventKind;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use super::{endpoint, receiver::Receiver, verify_webhooks};
use crate::{
    harness::{APP, Fleet, Harness, SECRET, Tenant, http, leap, watch},
    inbound::signed_request,
};

const SYSTEM: &str = "610000000000001";

/// A tenant whose assets are connected, and a receiver of all kinds.
struct Story {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
    receiver: Receiver,
    secret: String,
}

impl Story {
    async fn begin(asset_events: &str) -> Self {
        let fleet = Fleet::new(2, 6, 0);
        let world = format!(
            "{}\nsystem_users:\n  - {{id: \"{SYSTEM}\", business: \"{}\", name: Machine}}\n",
            fleet.world(),
            crate::harness::business(1)
        );
        let harness = Harness::start(TestDatabase::create_sqlite().await, &world).await;
        let tenant = harness.tenant("One").await;
        let receiver = Receiver::start(Some(Duration::ZERO)).await;
        let order = json!({ "url": receiver.url, "asset_events": asset_events });
        let made = endpoint(&tenant, order).await;
        tenant.register(&fleet.assets()).await;
        let path = format!(
            "/v1/webhook-endpoints/{}/test",
            made["id"].as_str().expect("an id")
        );
        assert_eq!(tenant.post(&path, &json!({})).await.0, 202);
        Self {
            secret: made["secret"].as_str().expect("a secret").to_owned(),
            harness,
            fleet,
            tenant,
            receiver,
        }
    }

    async fn reconnect(&self, person: &str) -> String {
        let token = self.harness.sandbox.token(person).await;
        let ended = self.tenant.reconnect(&token, &self.fleet.ids()).await;
        ended["id"].as_str().expect("an id").to_owned()
    }

    async fn leap(&mut self, by: chrono::Duration) {
        self.tenant = leap(&self.harness, &self.tenant, by).await;
        watch(&self.harness).await;
    }

    async fn migrate(&self) -> String {
        let order = json!({
            "person": Fleet::PERSON, "new_person": Fleet::MANAGED,
            "business": crate::harness::business(1),
        });
        let made = self.harness.sandbox.post("migrations", order).await;
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Delivers everything; returns the requests, each with the secret that signed it.
    async fn end(self) -> Vec<Value> {
        let list = format!("/v1/events?limit=200&kind={}", EventKind::AssetsChanged);
        assert_eq!(self.tenant.status(&list).await, 200);
        let mut quiet = 0;
        while quiet < 30 {
            let n = self.harness.vault.deliver_due_webhooks(200).await;
            quiet = if n.expect("the database answers") == 0 {
                quiet + 1
            } else {
                0
            };
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut requests = self.receiver.requests().await;
        for it in &mut requests {
            it["secret"] = self.secret.as_str().into();
        }
        requests
    }
}

async fn promotion(asset_events: &str) -> Vec<Value> {
    let mut story = Story::begin(asset_events).await;
    story.reconnect(Fleet::PERSON).await;
    let migration = story.migrate().await;
    story.leap(chrono::Duration::hours(25)).await;
    let parked = story.reconnect(Fleet::MANAGED).await;
    let path = format!("/v1/reconnects/{parked}/undo");
    let (status, undone) = story
        .tenant
        .post(&path, &json!({ "wait_seconds": 60 }))
        .await;
    assert_eq!(status, 200, "{undone}");
    story.reconnect(Fleet::MANAGED).await;
    let path = format!("migrations/{migration}/complete");
    story.harness.sandbox.post(&path, json!({})).await;
    story.leap(chrono::Duration::hours(2)).await;
    story.end().await
}

async fn failover() -> Vec<Value> {
    let mut story = Story::begin("single").await;
    let machine = json!({ "system_user": SYSTEM, "app": APP });
    let machine = story.harness.sandbox.token_of(machine).await;
    story.tenant.reconnect(&machine, &story.fleet.ids()).await;
    story.reconnect(Fleet::PERSON).await;
    story.harness.sandbox.revoke(&machine).await;
    story.leap(chrono::Duration::hours(25)).await;
    story.end().await
}

async fn refusals() -> Vec<Value> {
    let mut story = Story::begin("single").await;
    story.reconnect(Fleet::PERSON).await;
    let path = format!("persons/{}/leave", Fleet::PERSON);
    let business = json!({ "business": crate::harness::business(1) });
    story.harness.sandbox.post(&path, business).await;
    story.leap(chrono::Duration::hours(25)).await;
    story.leap(chrono::Duration::minutes(11)).await;
    story.end().await
}

async fn refreshes(exchange: Option<&str>) -> Vec<Value> {
    let mut story = Story::begin("single").await;
    story.reconnect(Fleet::PERSON).await;
    if let Some(exchange) = exchange {
        let rule = json!({
            "match": { "path": "oauth/access_token", "input_person": Fleet::PERSON },
            "effect": { "exchange": exchange },
        });
        story.harness.sandbox.fault(rule).await;
    }
    story.leap(chrono::Duration::days(51)).await;
    let refreshed = story.harness.vault.refresh_due_tokens(8).await;
    refreshed.expect("the database answers");
    story.end().await
}

async fn revocation() -> Vec<Value> {
    let story = Story::begin("single").await;
    story.reconnect(Fleet::PERSON).await;
    let payload = json!({
        "algorithm": "HMAC-SHA256", "user_id": Fleet::PERSON,
        "issued_at": story.harness.clock.now().timestamp(),
    });
    let form = [("signed_request", signed_request(SECRET, &payload))];
    let url = format!("{}/meta/deauthorize/{APP}", story.harness.api);
    let sent = http().post(url).form(&form).send().await;
    assert_eq!(sent.expect("an answer").status(), 200);
    let applied = story.harness.vault.apply_due_notices(10).await;
    applied.expect("the database answers");
    // The sandbox still has the person: a log-in afterwards heals.
    story.harness.clock.advance_by(chrono::Duration::minutes(5));
    story.reconnect(Fleet::PERSON).await;
    story.end().await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_event_is_sent_as_described() {
    let stories: [BoxFuture<'_, Vec<Value>>; 7] = [
        Box::pin(promotion("single")),
        Box::pin(promotion("bulk")),
        Box::pin(failover()),
        Box::pin(refusals()),
        Box::pin(refreshes(None)),
        Box::pin(refreshes(Some("same_token"))),
        Box::pin(revocation()),
    ];
    let stories = join_all(stories);
    let requests: Vec<Value> = stories.await.into_iter().flatten().collect();
    let kind = |it: &Value| {
        let body: Value = serde_json::from_str(it["body"].as_str()?).ok()?;
        body["type"].as_str()?.parse::<EventKind>().ok()
    };
    let sent: BTreeSet<_> = requests.iter().filter_map(kind).collect();
    let all: BTreeSet<_> = EventKind::ALL.into_iter().collect();
    assert_eq!(sent, all);
    verify_webhooks(&requests).await;
}
