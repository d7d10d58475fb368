//! Work on many assets: registering, reconnecting, and reads beside it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::json;

use crate::{
    ROUNDS,
    it::harness::{Fleet, Tenant},
    load,
    product::{Product, registration},
    prototypes,
    report::Report,
};

const ASSETS: usize = 10_000;
const REGISTERED: usize = 100_000;

/// Registers assets with tokens, a thousand a call, until there are a hundred thousand.
pub async fn register(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, 10).await;
    let tenant = product.server.tenant("One").await;
    let mut rates = Vec::new();
    for from in (0..REGISTERED).step_by(1_000) {
        let body = registration(from, 1_000);
        let began = Instant::now();
        let (status, answer) = tenant.post("/v1/assets", &body).await;
        assert_eq!(status, 200, "{answer}");
        rates.push(1_000.0 / began.elapsed().as_secs_f64());
    }
    for (name, of) in [
        ("first 10,000", &rates[..10]),
        ("last 10,000", &rates[rates.len() - 10..]),
        ("all", &rates[..]),
    ] {
        for rate in of {
            report.add(
                &format!("{kind}: registering with tokens, {name}"),
                "rows/s",
                *rate,
            );
        }
    }
}

/// Reconnects ten thousand assets with 80 ms of latency at Graph: ten calls one after the other.
pub async fn reconnect(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, ASSETS).await;
    let tenant = product.server.tenant("One").await;
    report.add(
        &format!("{kind}: memory, idle"),
        "MiB",
        product.server.resident_mib() as f64,
    );
    tenant.register(&product.fleet.assets()).await;
    product.server.sandbox.latency(80).await;
    // The database was never analysed before the first.
    for call in 0..10 {
        let took = reconnect_all(&product, &tenant, call).await;
        let name = if call == 0 { "first" } else { "later" };
        report.add(
            &format!("{kind}: reconnect of 10,000 at 80 ms, {name}"),
            "s",
            took,
        );
        report.add(
            &format!("{kind}: memory after reconnects of 10,000"),
            "MiB",
            product.server.resident_mib() as f64,
        );
    }
    product.server.sandbox.latency(0).await;
    for call in 0..ROUNDS {
        let took = reconnect_all(&product, &tenant, call).await;
        report.add(
            &format!("{kind}: reconnect of 10,000 at 0 ms, rows/s"),
            "1/s",
            ASSETS as f64 / took,
        );
        let directory = tempfile::tempdir().unwrap();
        let printed = if kind == "sqlite" {
            let file = directory.path().join("prototype.db").display().to_string();
            prototypes::run(&["seed-sqlite", &file, &ASSETS.to_string(), "1"]);
            prototypes::run(&["bulk-sqlite", &file, "500", &ASSETS.to_string()])
        } else {
            let (superuser, _) = prototypes::create_database();
            prototypes::run(&["seed-pg", &superuser, &ASSETS.to_string(), "1"]);
            prototypes::run(&["bulk", &superuser, "500", &ASSETS.to_string()])
        };
        report.add(
            &format!("{kind}: bare upsert in 500s, rows/s"),
            "1/s",
            printed.trim().parse().unwrap(),
        );
    }
    report.add_ratio(
        &format!("{kind}: reconnect at 0 ms / bare upsert"),
        &format!("{kind}: reconnect of 10,000 at 0 ms, rows/s"),
        &format!("{kind}: bare upsert in 500s, rows/s"),
    );
}

async fn reconnect_all(product: &Product, tenant: &Tenant, call: usize) -> f64 {
    let person = [Fleet::PERSON, Fleet::MANAGED][call % 2];
    let token = product.server.sandbox.token(person).await;
    let began = Instant::now();
    let order =
        json!({ "access_token": token, "asset_ids": product.fleet.ids(), "wait_seconds": 60 });
    let (status, answer) = tenant.post("/v1/reconnects", &order).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["counts"], json!({ "replaced": ASSETS }));
    began.elapsed().as_secs_f64()
}

/// Reads of one tenant beside eight reconnects of a thousand assets of others.
pub async fn read_beside_reconnects(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, 1_000).await;
    let reader = product.connected_tenant("Reader").await;
    let others = join_all(
        (0..8).map(|n| product.connected_tenant(["a", "b", "c", "d", "e", "f", "g", "h"][n])),
    )
    .await;
    product.server.sandbox.latency(80).await;
    for round in 0..ROUNDS {
        for is_beside in [false, true] {
            let (ids, bearer, api) = (
                product.fleet.ids(),
                reader.bearer.clone(),
                product.server.api.clone(),
            );
            let reads = tokio::task::spawn_blocking(move || {
                let next = move |connection: usize, n: usize| {
                    load::get(
                        &format!(
                            "/v1/assets/{}/token",
                            ids[(connection * 31 + n * 7) % ids.len()]
                        ),
                        &bearer,
                    )
                };
                load::run(&api, 4, Duration::from_secs(5), Box::new(next))
            });
            let until = Instant::now() + Duration::from_secs(5);
            while is_beside && Instant::now() < until {
                let token = product
                    .server
                    .sandbox
                    .token([Fleet::PERSON, Fleet::MANAGED][round % 2])
                    .await;
                let ids = product.fleet.ids();
                join_all(others.iter().map(|it| it.reconnect(&token, &ids))).await;
            }
            let rate = reads.await.unwrap();
            let name = if is_beside {
                "beside 8 reconnects of 1,000"
            } else {
                "alone"
            };
            report.add(
                &format!("{kind}: reads {name}, errors"),
                "",
                rate.errors as f64,
            );
            report.add(
                &format!("{kind}: reads {name}, requests/s"),
                "1/s",
                rate.per_second,
            );
            report.add(&format!("{kind}: reads {name}, p99"), "ms", rate.p99);
        }
    }
    let name = |it: &str| format!("{kind}: reads {it}, p99");
    report.add_ratio(
        &format!("{kind}: p99 of reads beside reconnects / alone"),
        &name("beside 8 reconnects of 1,000"),
        &name("alone"),
    );
}
