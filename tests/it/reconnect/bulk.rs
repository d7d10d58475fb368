//! How long the bulk calls take: a measurement, which compares two builds in one session.

use std::time::Instant;

use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness};

/// Businesses; each has 999 other assets.
const BUSINESSES: usize = 10;
const EACH: usize = 999;

mod measure {
    use super::*;

    /// Prints the times of 10 registrations of 1,000 and of a reconnect of 10,000, on a database without statistics.
    ///
    /// `cargo test -p regrant-e2e --test e2e bulk_calls_are_timed -- --ignored --nocapture --test-threads=1`
    #[tokio::test(flavor = "multi_thread")]
    #[ignore = "a measurement of minutes"]
    async fn bulk_calls_are_timed() {
        for database in TestDatabase::create_all().await {
            time_bulk_calls(database).await;
        }
    }
}

async fn time_bulk_calls(database: TestDatabase) {
    let kind = database.kind();
    let fleet = Fleet::new(BUSINESSES, EACH, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    let assets = fleet.assets();
    for part in 0..2 {
        let mut seconds = Vec::new();
        for chunk in assets.chunks(1_000) {
            let with_tokens: Vec<Value> = chunk.iter().map(with_token).collect();
            let began = Instant::now();
            tenant.register(&with_tokens).await;
            seconds.push(began.elapsed().as_secs_f64());
        }
        println!("{kind:?}: registering 10 x 1,000, round {part}: {seconds:.2?} s");
    }
    for round in 0..2 {
        let token = harness.sandbox.token(Fleet::PERSON).await;
        let began = Instant::now();
        let ended = tenant.reconnect(&token, &fleet.ids()).await;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{kind:?}: a reconnect of {}, round {round}: {seconds:.2} s {}",
            assets.len(),
            ended["counts"]
        );
    }
}

fn with_token(asset: &Value) -> Value {
    let mut asset = asset.clone();
    let id = asset["id"].as_str().unwrap_or_default().to_owned();
    asset["token"] = json!(format!("EAAG-imported-{id}"));
    asset
}
