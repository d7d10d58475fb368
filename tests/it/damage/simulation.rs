//! Goal G48: what is done follows from a seed: who connects which assets, what Graph refuses, and when the process is killed.
//!
//! The rule: at the end a model says which person's token serves each asset, whatever happened in between. How threads and
//! processes interleave does not follow from the seed: `REGRANT_FIRST_SEED=7 REGRANT_SEEDS=1` does the same again, and may
//! meet another interleaving.

use std::time::{Duration, Instant};

use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Fleet, ServerProcess, Tenant, from_environment, on_both};

on_both!(acts_faults_and_kills_of_a_seed_end_as_the_model_says);

/// Generated assets, beside the business itself.
const EACH: usize = 7;
const ACTS: usize = 10;

async fn acts_faults_and_kills_of_a_seed_end_as_the_model_says(database: TestDatabase) {
    let (kind, fleet) = (database.kind(), Fleet::new(1, EACH, 1));
    let settings = vec![
        ("REGRANT_WITH_WORKER", "true"),
        ("REGRANT_LIMITS_REQUESTS_PER_SECOND", "1000000"),
    ];
    let mut server = ServerProcess::start_with(database, &fleet.world(), "error", settings).await;
    let (first, seeds) = (
        from_environment("REGRANT_FIRST_SEED", 1),
        from_environment("REGRANT_SEEDS", 4),
    );
    let (began, mut done) = (Instant::now(), Tally::default());
    for seed in first..first + seeds {
        let mut story = Story::begin(&mut server, &fleet, seed).await;
        for n in 0..ACTS {
            story.act(n).await;
        }
        done = done.and(story.end().await);
    }
    let (code, printed) = server.run_command(&["audit", "verify"]).await;
    assert_eq!(code, Some(0), "{printed}");
    println!(
        "G48: {kind:?}, {seeds} seeds from {first} in {:.0?}: {done:?}, 0 differ from the model",
        began.elapsed()
    );
}

/// What was done.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    reconnects: usize,
    replaced: usize,
    kills: usize,
    faults: usize,
    rotations: usize,
}

impl Tally {
    const fn and(self, other: Self) -> Self {
        Self {
            reconnects: self.reconnects + other.reconnects,
            replaced: self.replaced + other.replaced,
            kills: self.kills + other.kills,
            faults: self.faults + other.faults,
            rotations: self.rotations + other.rotations,
        }
    }
}

/// A reconnect of the story. A killed process may not have answered: the same key is sent again, and finds it or makes it.
struct Order {
    key: String,
    body: Value,
    person: &'static str,
    id: String,
}

/// What one tenant lives through.
struct Story<'a> {
    server: &'a mut ServerProcess,
    fleet: &'a Fleet,
    tenant: Tenant,
    seed: usize,
    random: Random,
    orders: Vec<Order>,
    done: Tally,
}

impl<'a> Story<'a> {
    async fn begin(server: &'a mut ServerProcess, fleet: &'a Fleet, seed: usize) -> Self {
        let tenant = server.tenant(&format!("Seed {seed}")).await;
        tenant.register(&fleet.assets()).await;
        Self {
            server,
            fleet,
            tenant,
            seed,
            random: Random::of_seed(seed),
            orders: Vec::new(),
            done: Tally::default(),
        }
    }

    async fn act(&mut self, n: usize) {
        match self.random.below(10) {
            0..=4 => self.connect(n, None).await,
            5 | 6 => {
                let moment = Duration::from_millis(self.random.below(120));
                self.connect(n, Some(moment)).await;
                self.done.kills += 1;
            }
            7 => {
                let times = 1 + self.random.below(4);
                let effect = [500, 503][usize::from(self.random.below(2) == 0)];
                let fault = json!({ "effect": { "status": effect, "body": "" }, "times": times });
                self.server.sandbox.fault(fault).await;
                self.done.faults += 1;
            }
            8 => {
                let ms = self.random.below(40);
                self.server.sandbox.latency(ms).await;
            }
            _ => {
                let command = ["keys", "rotate-data", "--tenant", &self.tenant.id];
                let (code, printed) = self.server.run_command(&command).await;
                assert_eq!(code, Some(0), "seed {}: {printed}", self.seed);
                self.done.rotations += 1;
            }
        }
    }

    /// Connects some assets by the token of a person. If the process is killed meanwhile, it is started again, and the call
    /// is repeated.
    async fn connect(&mut self, n: usize, killed_after: Option<Duration>) {
        let persons = [Fleet::PERSON, Fleet::MANAGED, Fleet::STRANGER];
        let drawn = self.random.below(7);
        let person = persons[usize::from(drawn > 2) + usize::from(drawn > 5)];
        let mut assets = self.fleet.ids();
        assets.retain(|_| self.random.below(3) > 0);
        if assets.is_empty() {
            assets = self.fleet.ids();
        }
        let token = self.server.sandbox.token(person).await;
        let order = json!({ "access_token": token, "asset_ids": assets, "wait_seconds": 0 });
        let key = format!("seed-{}-{n}", self.seed);
        let call = tokio::spawn(send(self.tenant.clone(), key.clone(), order.clone()));
        if let Some(moment) = killed_after {
            tokio::time::sleep(moment).await;
            self.server.restart().await;
            self.tenant = self.tenant.at(&self.server.api).log_in_again().await;
        }
        let mut answer = call.await.expect("the call ends");
        for _ in 0..100 {
            if answer.as_ref().is_some_and(is_final) {
                break;
            }
            // It was not answered, or Graph did not answer and nothing was changed.
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = send(self.tenant.clone(), key.clone(), order.clone()).await;
        }
        let answer = answer.expect("the server is back");
        // The token of a stranger serves nothing: it may be refused as a whole.
        let Some(id) = answer["id"].as_str() else {
            assert!(person == Fleet::STRANGER, "seed {}: {answer}", self.seed);
            return;
        };
        self.orders.push(Order {
            id: id.to_owned(),
            body: order,
            key,
            person,
        });
    }

    /// Each reconnect ends, its key names it still, and each asset is served by the person who replaced its token last.
    async fn end(mut self) -> Tally {
        self.server.sandbox.clear_faults().await;
        self.server.sandbox.latency(0).await;
        let (mut holders, seed) = (std::collections::BTreeMap::new(), self.seed);
        for it in &self.orders {
            let repeated = send(self.tenant.clone(), it.key.clone(), it.body.clone()).await;
            let repeated = repeated.expect("the server answers");
            assert_eq!(repeated["id"], it.id, "seed {seed}");
            let ended = self.tenant.ended(&it.id).await;
            for item in ended["items"].as_array().expect("items") {
                if item["outcome"] == "replaced" {
                    let asset = item["asset_id"].as_str().expect("an id").to_owned();
                    holders.insert(asset, it.person);
                    self.done.replaced += 1;
                }
            }
        }
        self.done.reconnects = self.orders.len();
        let tokens = self.tenant.tokens(&self.fleet.ids()).await;
        for id in self.fleet.ids() {
            let asset = self.tenant.get(&format!("/v1/assets/{id}")).await;
            let (wanted, serves) = (holders.get(&id), &asset["slots"]["active"]["person_id"]);
            assert_eq!(serves.as_str(), wanted.copied(), "seed {seed}: {asset}");
            let is_read = tokens[&id]["access_token"].is_string();
            assert_eq!(is_read, wanted.is_some(), "seed {seed}: {}", tokens[&id]);
        }
        self.done
    }
}

/// Whether the call need not be repeated: it was accepted, or refused for good.
fn is_final(answer: &Value) -> bool {
    let status = answer["status"].as_u64().unwrap_or_default();
    answer["id"].is_string() || (400..500).contains(&status) && status != 409 && status != 429
}

async fn send(tenant: Tenant, key: String, order: Value) -> Option<Value> {
    let call = tenant.call(Method::POST, "/v1/reconnects");
    let call = call.header("Idempotency-Key", key).json(&order);
    call.send().await.ok()?.json().await.ok()
}

/// A small generator whose numbers are the same in every run (`SplitMix64`).
struct Random(u64);

impl Random {
    fn of_seed(seed: usize) -> Self {
        Self(u64::try_from(seed).expect("a number"))
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}
