//! Notices from Meta: accepted only if signed, applied once, in every tenant of the person and in no other.

mod attribution;
mod callbacks;
mod handshake;
mod imported;
mod orders;
mod partners;
mod resurrection;
mod sandbox;
mod survivors;
mod webhooks;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use regrant_testdb::TestDatabase;
use regrant_vault::ProbeQueue;
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{APP, Fleet, Harness, SECRET, Tenant, http};

fn hmac(secret: &str, message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

pub(crate) fn signature(secret: &str, raw: &str) -> String {
    format!("sha256={}", hex::encode(hmac(secret, raw.as_bytes())))
}

pub(crate) fn signed_request(secret: &str, payload: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    format!(
        "{}.{payload}",
        URL_SAFE_NO_PAD.encode(hmac(secret, payload.as_bytes()))
    )
}

fn migration(person: &str, time: i64, date: &str) -> String {
    let value = json!({ "user_id": person, "migration_expire_time": date });
    let change = json!({ "field": "migration_expire_time", "value": value });
    let entry = json!({ "id": person, "time": time, "changes": [change] });
    json!({ "object": "managed_meta_account", "entry": [entry] }).to_string()
}

/// Two tenants whose assets the same person serves, and a third that does not know the person.
struct Scene {
    harness: Harness,
    one: Tenant,
    two: Tenant,
    third: Tenant,
    ids: Vec<String>,
}

impl Scene {
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 3, 1);
        let harness = Harness::start(database, &fleet.world()).await;
        let tenants = [
            harness.tenant("One").await,
            harness.tenant("Two").await,
            harness.tenant("Third").await,
        ];
        for tenant in &tenants {
            tenant.register(&fleet.assets()).await;
        }
        let [one, two, third] = tenants;
        for (tenant, person) in [
            (&one, Fleet::PERSON),
            (&two, Fleet::PERSON),
            (&third, Fleet::MANAGED),
        ] {
            let ended = tenant
                .reconnect(&harness.sandbox.token(person).await, &fleet.ids())
                .await;
            assert_eq!(ended["counts"]["replaced"], 4, "{ended}");
        }
        Self {
            harness,
            one,
            two,
            third,
            ids: fleet.ids(),
        }
    }

    fn now(&self) -> i64 {
        self.harness.clock.now().timestamp()
    }

    fn post(&self, path: &str) -> RequestBuilder {
        http()
            .post(format!("{}{path}", self.harness.api))
            .header("X-Request-Id", "same")
    }

    fn webhook(&self, app: &str, raw: &str) -> RequestBuilder {
        self.post(&format!("/meta/webhooks/{app}"))
            .header("Content-Type", "application/json")
            .body(raw.to_owned())
    }

    async fn send_notice(&self, raw: &str) {
        let call = self
            .webhook(APP, raw)
            .header("X-Hub-Signature-256", signature(SECRET, raw));
        assert_eq!(answer(call).await.0, 200);
    }

    async fn callback(&self, path: &str, request: &str) -> (u16, String) {
        answer(self.post(path).form(&[("signed_request", request)])).await
    }

    fn said(&self, ago: i64) -> Value {
        json!({ "algorithm": "HMAC-SHA256", "issued_at": self.now() - ago, "user_id": Fleet::PERSON })
    }

    /// Applies every stored notice and returns their number.
    async fn receive(&self) -> usize {
        apply_notices(&self.harness).await
    }

    /// Sends the person's request to delete their data, and returns the address of its status.
    async fn request_deletion(&self) -> String {
        let request = signed_request(SECRET, &self.said(0));
        let (status, receipt) = self
            .callback(&format!("/meta/data-deletion/{APP}"), &request)
            .await;
        assert_eq!(status, 200);
        let receipt: Value = serde_json::from_str(&receipt).expect("json");
        receipt["url"].as_str().expect("a url").to_owned()
    }

    async fn contents(&self) -> Vec<(String, Vec<u8>)> {
        let mut contents = self.harness.database.read_contents().await;
        // The -shm file of SQLite holds locks, not rows.
        contents.retain(|(name, _)| !name.ends_with("-shm"));
        contents
    }

    async fn holds(&self, text: &str) -> bool {
        let contents = self.harness.database.read_contents().await;
        contents
            .iter()
            .any(|(_, bytes)| bytes.windows(text.len()).any(|it| it == text.as_bytes()))
    }

    /// The cut-off that all assets of a tenant share.
    async fn cut_off(&self, tenant: &Tenant) -> Value {
        let mut cut_offs = Vec::new();
        for id in &self.ids {
            cut_offs.push(tenant.get(&format!("/v1/assets/{id}")).await["cut_off"].clone());
        }
        cut_offs.dedup();
        assert_eq!(cut_offs.len(), 1, "{cut_offs:?}");
        cut_offs.remove(0)
    }
}

/// Applies the notices that are due, and returns their number.
async fn apply_notices(harness: &Harness) -> usize {
    let mut n = 0;
    loop {
        let applied = harness.vault.apply_due_notices(50).await;
        match applied.expect("the database answers") {
            0 => break,
            more => n += more,
        }
    }
    // A deletion is complete when its bytes are erased, too.
    harness.erase().await;
    n
}

/// Probes all assets that are due.
async fn probe(harness: &Harness) {
    for queue in ProbeQueue::ALL {
        let probed = harness.vault.probe_due_assets(queue, 500).await;
        probed.expect("the database answers");
    }
}

/// The state that the status page of a deletion shows.
async fn status_of(url: &str) -> String {
    let (status, page) = answer(http().get(url)).await;
    assert_eq!(status, 200, "{page}");
    let state = page.split("<strong>").nth(1);
    let state = state.and_then(|it| it.split("</strong>").next());
    state.expect("a state").to_owned()
}

/// The token of a page, minted by a person's token as a provider's old system did.
async fn page_token(harness: &Harness, user_token: &str, page: &str) -> String {
    let proof = hex::encode(hmac(SECRET, user_token.as_bytes()));
    let call = http()
        .get(format!("{}/v26.0/{page}", harness.sandbox.url))
        .query(&[("fields", "access_token"), ("appsecret_proof", &proof)])
        .bearer_auth(user_token);
    let (_, body) = answer(call).await;
    let body: Value = serde_json::from_str(&body).expect("json");
    body["access_token"]
        .as_str()
        .expect("a page token")
        .to_owned()
}

async fn answer(call: RequestBuilder) -> (u16, String) {
    let answer = call.send().await.expect("the server answers");
    (
        answer.status().as_u16(),
        answer.text().await.expect("a body"),
    )
}

async fn each_database(check: impl AsyncFn(Scene)) {
    for database in TestDatabase::create_all().await {
        // Boxed, so that the futures of the tests stay small.
        Box::pin(check(Scene::on(database).await)).await;
    }
}
