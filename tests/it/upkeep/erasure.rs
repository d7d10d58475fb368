//! Deleted means gone: after the promised moment the files of a SQLite database hold no byte of what was deleted.
//!
//! Each test takes the values of all rows before a deletion and asks that those which no row holds any more are in no
//! file. So a table or column that is added later is looked for, too.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Duration;
use hmac::{Hmac, KeyInit, Mac};
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{APP, Fleet, Harness, Operator, SECRET, Tenant, http, leap};

/// Shorter values occur by chance, or as a part of others.
const MIN_LENGTH: usize = 15;

struct Scene {
    harness: Harness,
    owner: Operator,
    tenant: Tenant,
    ids: Vec<String>,
}

impl Scene {
    /// A tenant with many assets that one person serves, so that pages of the file are split.
    async fn on(database: TestDatabase) -> Self {
        let fleet = Fleet::new(1, 60, 1);
        let world = fleet
            .world()
            .replace("name: Person,", "name: Rosalind Canary,");
        let harness = Harness::start(database, &world).await;
        let (owner, tenant) = (harness.owner().await, harness.tenant("Leaving").await);
        tenant.register(&fleet.assets()).await;
        let ids = fleet.ids();
        let scene = Self {
            harness,
            owner,
            tenant,
            ids,
        };
        scene.replace_tokens(Fleet::PERSON).await;
        scene
    }

    async fn replace_tokens(&self, person: &str) {
        let token = self.harness.sandbox.token(person).await;
        let ended = self.tenant.reconnect(&token, &self.ids).await;
        assert_eq!(ended["status"], "completed", "{ended}");
    }

    async fn values(&self) -> BTreeSet<Vec<u8>> {
        self.harness.database.list_long_values(MIN_LENGTH).await
    }

    /// How many of `before` no row holds any more, and how many of those are in a file.
    async fn search_files(&self, before: &BTreeSet<Vec<u8>>) -> (usize, usize) {
        let live: Vec<u8> = self.values().await.into_iter().flatten().collect();
        let before: Vec<_> = before.iter().collect();
        let search = AhoCorasick::new(&before).expect("a search");
        let held = find_all(&search, &live);
        let gone: Vec<_> = (0..before.len()).filter(|it| !held.contains(it)).collect();
        let mut left = BTreeSet::new();
        for (_, bytes) in self.harness.database.read_contents().await {
            left.extend(find_all(&search, &bytes));
        }
        (
            gone.len(),
            gone.iter().filter(|it| left.contains(it)).count(),
        )
    }

    async fn shred(&self) -> Value {
        let confirm = json!({ "confirm": self.tenant.id });
        let path = format!("/tenants/{}/shred", self.tenant.id);
        let (status, shredded) = self.owner.post(&path, &confirm).await;
        assert_eq!(status, 200, "{shredded}");
        shredded
    }
}

fn find_all(search: &AhoCorasick, bytes: &[u8]) -> BTreeSet<usize> {
    search
        .find_overlapping_iter(bytes)
        .map(|it| it.pattern().as_usize())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_the_keys_of_a_shredded_tenant_once_they_are_erased() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let own = format!("/tenants/{}", scene.tenant.id);
    scene
        .owner
        .post(&format!("{own}/suspend"), &Value::Null)
        .await;
    let before = scene.values().await;
    let shredded = scene.shred().await;
    assert_eq!(shredded["erased_at"], Value::Null, "{shredded}");
    assert_eq!(scene.owner.get(&own).await.1["erased_at"], Value::Null);
    scene.harness.erase().await;
    let shredded = scene.shred().await;
    assert!(shredded["erased_at"].is_string(), "{shredded}");
    assert!(scene.owner.get(&own).await.1["erased_at"].is_string());
    let (gone, left) = scene.search_files(&before).await;
    assert!(gone >= 1, "the wrapped key");
    assert_eq!(left, 0, "of {gone} deleted values");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_row_of_a_deleted_tenant_once_it_is_erased() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    scene.replace_tokens(Fleet::PERSON).await;
    let before = scene.values().await;
    let tenant = scene
        .harness
        .vault
        .find_tenant(scene.tenant.id.parse().expect("an id"));
    let tenant = tenant.await.expect("the tenant").tenant;
    let by = regrant_vault::Actor::CommandLine;
    scene
        .harness
        .vault
        .schedule_deletion(by, tenant.id)
        .await
        .expect("it is scheduled");
    scene.harness.clock.advance_by(Duration::days(31));
    let deleted = scene.harness.vault.delete_due_tenants().await;
    assert_eq!(deleted.expect("a pass"), 1);
    scene.harness.erase().await;
    let (gone, left) = scene.search_files(&before).await;
    assert!(gone > 120, "credentials, grants, keys: {gone}");
    assert_eq!(left, 0, "of {gone} deleted values");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_a_persons_deleted_data_once_the_status_page_says_completed() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let before = scene.values().await;
    assert!(
        before.iter().any(|it| it == b"Rosalind Canary"),
        "Graph named the person"
    );
    let issued_at = scene.harness.clock.now().timestamp();
    let payload =
        json!({ "algorithm": "HMAC-SHA256", "issued_at": issued_at, "user_id": Fleet::PERSON });
    let request = sign_request(&payload);
    let path = format!("{}/meta/data-deletion/{APP}", scene.harness.api);
    let answer = http().post(path).form(&[("signed_request", request)]);
    let answer: Value = answer
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("json");
    let url = answer["url"].as_str().expect("a url").to_owned();
    while scene
        .harness
        .vault
        .apply_due_notices(50)
        .await
        .expect("a pass")
        > 0
    {}
    let page = read_page(&url).await;
    assert!(
        page.contains("In progress") && page.contains("overwritten"),
        "{page}"
    );
    scene.harness.erase().await;
    let page = read_page(&url).await;
    assert!(page.contains("<strong>Completed</strong>"), "{page}");
    let (gone, left) = scene.search_files(&before).await;
    assert!(gone > 60, "credentials and the grant: {gone}");
    assert_eq!(left, 0, "of {gone} deleted values");
    for (file, bytes) in scene.harness.database.read_contents().await {
        let name = b"Rosalind Canary";
        let found = bytes.windows(name.len()).filter(|it| it == name);
        assert_eq!(found.count(), 0, "the name in {file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_file_holds_an_ended_credential_or_an_expired_row_a_day_later() {
    let scene = Scene::on(TestDatabase::create_sqlite().await).await;
    let before = scene.values().await;
    // The first replaces the tokens, the second ends those that were kept as the previous ones.
    scene.replace_tokens(Fleet::PERSON).await;
    scene.replace_tokens(Fleet::PERSON).await;
    leap(&scene.harness, &scene.tenant, Duration::days(200)).await;
    scene.harness.vault.purge_expired().await.expect("a pass");
    scene
        .harness
        .vault
        .erase_deleted_bytes()
        .await
        .expect("a pass");
    let (gone, left) = scene.search_files(&before).await;
    assert!(gone > 60, "the first credentials: {gone}");
    assert_eq!(left, 0, "of {gone} deleted values");
}

fn sign_request(payload: &Value) -> String {
    let payload = URL_SAFE_NO_PAD.encode(payload.to_string());
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
    mac.update(payload.as_bytes());
    format!(
        "{}.{payload}",
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    )
}

async fn read_page(url: &str) -> String {
    let answer = http().get(url).send().await.expect("an answer");
    answer.text().await.expect("a page")
}
