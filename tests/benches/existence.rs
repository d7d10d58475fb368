//! Measures whether the response time reveals that another tenant's asset exists (goal G28).
//!
//! `cargo bench -p regrant-e2e --bench existence`: pairs of calls in random order over one connection, on each
//! database. It prints the medians, their ratio and the Mann-Whitney p, and fails if the medians differ by more than
//! 3 %. Run it on an idle machine.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a failed expectation ends the benchmark"
)]
#![expect(
    clippy::cast_precision_loss,
    clippy::as_conversions,
    reason = "counts far below 2^52"
)]

// The benchmark uses only a part of the harness.
#[expect(
    dead_code,
    unused_imports,
    unused_macros,
    reason = "the harness of the end-to-end tests"
)]
#[path = "../it"]
mod it {
    pub mod harness;
}

use std::time::{Duration, Instant};

use it::harness::{Fleet, Harness, Tenant};
use regrant_domain::EventId;
use regrant_testdb::TestDatabase;
use reqwest::Method;
use serde_json::{Value, json};

const SINGLE: usize = 10_000;
const BULK: usize = 1_000;
const ASSETS: usize = 50;
const MOST: f64 = 0.03;

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let differs = runtime.block_on(async {
        let mut differs = false;
        for database in TestDatabase::create_all().await {
            differs |= Box::pin(compare(database)).await;
        }
        differs
    });
    assert!(!differs, "the response time reveals which assets exist");
}

async fn compare(database: TestDatabase) -> bool {
    let name = database
        .url()
        .split(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let fleet = Fleet::new(1, ASSETS, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (own, other) = (harness.tenant("One").await, harness.tenant("Two").await);
    own.register(&fleet.assets()).await;
    own.reconnect(&harness.sandbox.token(Fleet::PERSON).await, &fleet.ids())
        .await;
    // A quick machine sends more calls a second than a tenant may.
    harness
        .set_tenant("Two", "requests_per_second = 1000000")
        .await;
    let theirs = fleet.ids();
    let unknown: Vec<_> = (0..theirs.len())
        .map(|n| (299_999_999_900_000 + n).to_string())
        .collect();

    let ids = |n: usize| {
        (
            theirs[n % theirs.len()].clone(),
            unknown[n % unknown.len()].clone(),
        )
    };
    let mut differs = false;
    for (what, path) in [("asset", ""), ("token", "/token")] {
        let get = async |id: String| {
            let path = format!("/v1/assets/{id}{path}");
            time(&other, Method::GET, &path, &Value::Null, 404).await
        };
        differs |= pairs(&format!("{name} {what}"), SINGLE, async |n, first| {
            let (theirs, unknown) = ids(n);
            get(if first { theirs } else { unknown }).await
        })
        .await;
    }
    let bodies = [
        json!({ "asset_ids": theirs }),
        json!({ "asset_ids": unknown }),
    ];
    differs |= pairs(
        &format!("{name} lookup of {ASSETS}"),
        BULK,
        async |_, first| {
            time(
                &other,
                Method::POST,
                "/v1/tokens/lookup",
                &bodies[usize::from(!first)],
                200,
            )
            .await
        },
    )
    .await;
    differs
}

async fn time(tenant: &Tenant, method: Method, path: &str, body: &Value, wanted: u16) -> Duration {
    let call = tenant.call(method, path);
    let call = if body.is_null() {
        call
    } else {
        call.json(body)
    };
    let began = Instant::now();
    let answer = call.send().await.unwrap();
    let (status, _) = (answer.status().as_u16(), answer.bytes().await.unwrap());
    let took = began.elapsed();
    assert_eq!(status, wanted, "{path}");
    took
}

/// Times `n` pairs of calls, in random order within each pair; returns whether the medians differ by more than [`MOST`].
async fn pairs(what: &str, n: usize, call: impl AsyncFn(usize, bool) -> Duration) -> bool {
    let (mut theirs, mut unknown) = (Vec::with_capacity(n), Vec::with_capacity(n));
    for pair in 0..n + n / 10 {
        let flip = EventId::mint().uuid().as_bytes()[15] & 1 == 0;
        let first = call(pair, flip).await;
        let second = call(pair, !flip).await;
        let (of_theirs, of_unknown) = if flip {
            (first, second)
        } else {
            (second, first)
        };
        // The first tenth warms up.
        if pair >= n / 10 {
            theirs.push(of_theirs.as_secs_f64());
            unknown.push(of_unknown.as_secs_f64());
        }
    }
    let p = mann_whitney(&theirs, &unknown);
    let (one, two) = (median(&mut theirs), median(&mut unknown));
    let apart = (one / two - 1.0).abs();
    println!(
        "{what}: {n} pairs, medians {:.1} µs (another tenant's) and {:.1} µs (unknown), {:.2} % apart, p = {p:.3}",
        one * 1e6,
        two * 1e6,
        apart * 100.0
    );
    apart > MOST
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// The two-sided p of the Mann-Whitney test, by the normal approximation; ties are ignored.
fn mann_whitney(one: &[f64], two: &[f64]) -> f64 {
    let mut all: Vec<_> = one
        .iter()
        .map(|it| (it, true))
        .chain(two.iter().map(|it| (it, false)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(b.0));
    let ranks: f64 = all
        .iter()
        .enumerate()
        .filter(|(_, it)| it.1)
        .map(|(rank, _)| rank as f64 + 1.0)
        .sum();
    let (n, m) = (one.len() as f64, two.len() as f64);
    let u = ranks - n * (n + 1.0) / 2.0;
    let z = (u - n * m / 2.0) / (n * m * (n + m + 1.0) / 12.0).sqrt();
    2.0 * (1.0 - normal(z.abs()))
}

/// The distribution function of the normal distribution (Abramowitz and Stegun 26.2.17).
fn normal(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let density = (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let tail = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    1.0 - density * tail.iter().rev().fold(0.0, |sum, it| (sum + it) * t)
}
