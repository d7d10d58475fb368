//! One person's migration from start to end, on a test clock: announced, forecast, replaced, parked, promoted.
//!
//! The rule: at every tick each asset serves a token that works.

use std::time::Duration as Wait;

use chrono::Duration;
use futures_util::{StreamExt, stream};
use regrant_testdb::TestDatabase;
use regrant_worker::Worker;
use serde_json::{Value, json};

use crate::harness::{APP, Fleet, Harness, Tenant, business};

const TICK: Duration = Duration::hours(12);

#[tokio::test(flavor = "multi_thread")]
async fn a_person_migrates_and_no_asset_is_ever_without_a_working_token_sqlite() {
    Box::pin(run_story(TestDatabase::create_sqlite().await)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_migrates_and_no_asset_is_ever_without_a_working_token_postgres() {
    if let Some(database) = TestDatabase::create_postgres().await {
        Box::pin(run_story(database)).await;
    }
}

/// Four businesses with 120 assets; three migrate, the fourth migrates later.
async fn run_story(database: TestDatabase) {
    let fleet = Fleet::new(4, 29, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    harness.listen_to_meta().await;
    let tenant = harness.tenant("Provider").await;
    tenant.register(&fleet.assets()).await;
    let ended = tenant
        .reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    assert_eq!(ended["counts"], json!({ "replaced": 120 }));
    let mut story = Story::new(harness, fleet, tenant);
    story.days(1).await;

    let migrations = story.announce().await;
    story.the_calendar_shows(120).await;
    story.days(4).await;
    for migration in &migrations[..3] {
        story.complete(migration).await;
    }
    let managed = story.harness.sandbox.token(Fleet::MANAGED).await;
    let ended = story.tenant.reconnect(&managed, &story.fleet.ids()).await;
    assert_eq!(
        ended["counts"],
        json!({ "replaced": 90, "parked": 30 }),
        "{ended}"
    );
    story.days(10).await;
    assert_eq!(
        story.served_by(Fleet::PERSON).await,
        30,
        "the old token still serves"
    );

    story.complete(&migrations[3]).await;
    story.days(1).await;
    assert_eq!(
        story.served_by(Fleet::MANAGED).await,
        120,
        "promoted without a call of the tenant"
    );
    story.days(20).await;
    assert_eq!(
        story.served_by(Fleet::MANAGED).await,
        120,
        "every cut-off has passed"
    );
    assert!(story.reads >= 120 * 2 * 36, "{} reads", story.reads);
}

struct Story {
    harness: Harness,
    fleet: Fleet,
    tenant: Tenant,
    worker: Worker,
    reads: usize,
}

impl Story {
    fn new(harness: Harness, fleet: Fleet, tenant: Tenant) -> Self {
        let worker = Worker::new(&harness.vault, regrant_worker::Settings::default());
        Self {
            harness,
            fleet,
            tenant,
            worker,
            reads: 0,
        }
    }

    /// Advances the clock by days, tick by tick: the worker runs, then every token is tried.
    async fn days(&mut self, days: i64) {
        for _ in 0..days * 24 / TICK.num_hours() {
            self.harness.clock.advance_by(TICK);
            self.worker.run_until_idle().await.expect("no task fails");
            self.tenant = self.tenant.log_in_again().await;
            self.every_token_works().await;
        }
    }

    async fn every_token_works(&mut self) {
        let tokens = self.tenant.tokens(&self.fleet.ids()).await;
        assert_eq!(tokens.len(), 120);
        let sandbox = &self.harness.sandbox;
        let tries = stream::iter(tokens).map(async |(id, token)| {
            let status = sandbox.tries(&id, &token).await;
            assert_eq!(status, 200, "{id}: {token}");
        });
        self.reads += tries.buffer_unordered(16).count().await;
    }

    /// Starts a migration in every business; Meta announces each by webhook.
    async fn announce(&mut self) -> Vec<String> {
        let mut migrations = Vec::new();
        for n in 1..=4 {
            let order = json!({ "person": Fleet::PERSON, "new_person": Fleet::MANAGED, "business": business(n) });
            let begun = self.harness.sandbox.post("migrations", order).await;
            migrations.push(begun["id"].as_str().expect("an id").to_owned());
        }
        self.harness.sandbox.delivered(4).await;
        self.worker.run_until_idle().await.expect("no task fails");
        migrations
    }

    async fn complete(&self, migration: &str) {
        self.harness
            .sandbox
            .post(&format!("migrations/{migration}/complete"), json!({}))
            .await;
    }

    async fn the_calendar_shows(&self, assets: usize) {
        let (mut entries, mut cursor) = (Vec::<Value>::new(), String::new());
        loop {
            let page = self
                .tenant
                .get(&format!("/v1/forecast?limit=100{cursor}"))
                .await;
            entries.extend(page["data"].as_array().expect("a list").clone());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let cut_offs: Vec<_> = entries
            .iter()
            .filter(|it| it["ending"]["cause"] == "cut_off")
            .collect();
        assert_eq!(cut_offs.len(), assets);
        let certain = cut_offs
            .iter()
            .filter(|it| it["ending"]["confidence"] == "certain")
            .count();
        assert_eq!(
            certain,
            4 * 21,
            "read on each asset whose kind carries the field"
        );
    }

    async fn served_by(&self, person: &str) -> usize {
        let tokens = self.tenant.tokens(&self.fleet.ids()).await;
        tokens
            .values()
            .filter(|it| it["person_id"] == person)
            .count()
    }
}

impl Harness {
    /// Makes the simulated Graph send its webhooks to this server.
    pub async fn listen_to_meta(&self) {
        let url = format!("{}/meta/webhooks/{APP}", self.api);
        self.sandbox
            .put(&format!("apps/{APP}/webhook"), json!({ "url": url }))
            .await;
    }
}

impl crate::harness::SandboxControl {
    /// Waits until `n` webhooks were accepted.
    async fn delivered(&self, n: usize) {
        for _ in 0..200 {
            let webhooks = self.get("webhooks").await;
            let all = webhooks["data"].as_array().cloned().unwrap_or_default();
            let taken = all.iter().filter(|it| it["status"] == 200).count();
            if taken >= n {
                return;
            }
            tokio::time::sleep(Wait::from_millis(25)).await;
        }
        panic!(
            "the webhooks were not taken: {}",
            self.get("webhooks").await
        );
    }
}
