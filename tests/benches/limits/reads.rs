//! Reads of tokens: one at a time, of many tenants, and looked up together.

use std::time::Duration;

use serde_json::json;

use crate::{
    ROUNDS, cpu::Program, it::harness::Tenant, load, product::Product, prototypes, report::Report,
};

const ASSETS: usize = 10_000;
const TENANTS: usize = 1_000;

fn fetches(tenants: Vec<Tenant>, ids: Vec<String>) -> Box<load::NextRequest> {
    Box::new(move |connection, n| {
        let at = connection * 7_919 + n;
        let tenant = &tenants[at % tenants.len()];
        let id = &ids[(at * 31 + connection) % ids.len()];
        load::get(&format!("/v1/assets/{id}/token"), &tenant.bearer)
    })
}

/// How long one figure is measured.
fn lasts() -> Duration {
    let seconds = std::env::var("REGRANT_BENCH_SECONDS").ok();
    Duration::from_secs(seconds.and_then(|it| it.parse().ok()).unwrap_or(5))
}

/// On how many connections single reads are measured.
fn numbers_of_connections() -> Vec<usize> {
    let only = std::env::var("REGRANT_BENCH_CONNECTIONS").ok();
    only.and_then(|it| it.parse().ok())
        .map_or_else(|| vec![1, 32, 128], |only| vec![only])
}

/// Measures one load, and what each of its answers costs these programs.
fn measure(
    report: &mut Report,
    (name, address): (&str, &str),
    connections: usize,
    programs: &[(&str, Program)],
    next: Box<load::NextRequest>,
) {
    let spent = |of: &[(&str, Program)]| -> Vec<f64> {
        of.iter().map(|(_, it)| it.spent_seconds()).collect()
    };
    let before = spent(programs);
    let rate = load::run(address, connections, lasts(), next);
    let after = spent(programs);
    // The first tenth of the answers is not counted in the rate.
    let answers = rate.per_second * lasts().as_secs_f64();
    for ((program, _), (from, to)) in programs.iter().zip(before.iter().zip(&after)) {
        let name = format!("{name}, processor of {program} a request");
        report.add(&name, "µs", (to - from) * 1e6 / answers);
    }
    add(report, name, rate);
}

fn add(report: &mut Report, name: &str, rate: load::Rate) {
    assert_eq!(rate.errors, 0, "{name}");
    report.add(&format!("{name}, requests/s"), "1/s", rate.per_second);
    report.add(&format!("{name}, p50"), "ms", rate.p50);
    report.add(&format!("{name}, p99"), "ms", rate.p99);
}

/// One token a call, beside the prototype of the same contract.
pub async fn fetch(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, ASSETS).await;
    let tenant = product.connected_tenant("One").await;
    let directory = tempfile::tempdir().unwrap();
    let (mode, place) = if kind == "sqlite" {
        let file = directory.path().join("prototype.db").display().to_string();
        prototypes::run(&["seed-sqlite", &file, &ASSETS.to_string(), "1"]);
        ("sqliteaudit", file)
    } else {
        let (superuser, app) = prototypes::create_database();
        prototypes::run(&["seed-pg", &superuser, &ASSETS.to_string(), "1"]);
        ("pgone", app)
    };
    let prototype = prototypes::serve(mode, &place);
    let programs_of = |process| {
        let mut programs = vec![("the server", Program::Process(process))];
        if kind == "postgres" {
            programs.push(("PostgreSQL", Program::Postgres));
        }
        programs
    };
    for connections in numbers_of_connections() {
        for _ in 0..ROUNDS {
            let next = fetches(vec![tenant.clone()], product.fleet.ids());
            let name = format!("{kind}: fetch, {connections} connections");
            let of_product = (name.as_str(), product.server.api.as_str());
            measure(
                report,
                of_product,
                connections,
                &programs_of(product.server.id()),
                next,
            );
            let bearer = prototype.bearers[0].clone();
            let next = Box::new(move |connection: usize, n: usize| {
                let id = 300_000_000_000_000 + (connection * 7_919 + n * 31) % ASSETS;
                load::get(&format!("/v1/assets/{id}/token"), &bearer)
            });
            let name = format!("{kind}: {mode}, {connections} connections");
            let of_prototype = (name.as_str(), prototype.address.as_str());
            measure(
                report,
                of_prototype,
                connections,
                &programs_of(prototype.process_id()),
                next,
            );
        }
        for unit in ["requests/s", "p99"] {
            let name = |it: &str| format!("{kind}: {it}, {connections} connections, {unit}");
            report.add_ratio(
                &format!("{kind}: fetch / {mode}, {connections} connections, {unit}"),
                &name("fetch"),
                &name(mode),
            );
        }
    }
    report.add(
        &format!("{kind}: memory after fetches"),
        "MiB",
        product.server.resident_mib() as f64,
    );
}

/// One token a call, of one tenant and of a thousand.
pub async fn fetch_of_many_tenants(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, 20).await;
    let mut tenants = Vec::new();
    for n in 0..TENANTS {
        tenants.push(product.connected_tenant(&format!("Tenant {n}")).await);
    }
    for _ in 0..ROUNDS {
        for (name, of) in [
            ("1 tenant", tenants[..1].to_vec()),
            ("1,000 tenants", tenants.clone()),
        ] {
            let rate = load::run(
                &product.server.api,
                32,
                lasts(),
                fetches(of, product.fleet.ids()),
            );
            add(report, &format!("{kind}: fetch of {name}"), rate);
        }
    }
    let name = |it: &str| format!("{kind}: fetch of {it}, requests/s");
    report.add_ratio(
        &format!("{kind}: fetch, 1,000 tenants / 1"),
        &name("1,000 tenants"),
        &name("1 tenant"),
    );
}

/// Five hundred tokens a call, beside one token a call.
pub async fn look_up(kind: &'static str, report: &mut Report) {
    let product = Product::start(kind, ASSETS).await;
    let tenant = product.connected_tenant("One").await;
    for connections in [1, 32] {
        for _ in 0..ROUNDS {
            let next = fetches(vec![tenant.clone()], product.fleet.ids());
            let rate = load::run(&product.server.api, connections, lasts(), next);
            add(
                report,
                &format!("{kind}: single reads, {connections} connections"),
                rate,
            );
            let (ids, bearer) = (product.fleet.ids(), tenant.bearer.clone());
            let next = Box::new(move |connection: usize, n: usize| {
                let from = (connection * 500 + n * 500) % (ASSETS - 500);
                load::post(
                    "/v1/tokens/lookup",
                    &bearer,
                    &json!({ "asset_ids": ids[from..from + 500] }).to_string(),
                )
            });
            let rate = load::run(&product.server.api, connections, lasts(), next);
            assert_eq!(rate.errors, 0);
            report.add(
                &format!("{kind}: lookup of 500, {connections} connections, tokens/s"),
                "1/s",
                rate.per_second * 500.0,
            );
            report.add(
                &format!("{kind}: lookup of 500, {connections} connections, p99"),
                "ms",
                rate.p99,
            );
        }
        report.add_ratio(
            &format!("{kind}: lookup of 500 / single reads, {connections} connections, tokens/s"),
            &format!("{kind}: lookup of 500, {connections} connections, tokens/s"),
            &format!("{kind}: single reads, {connections} connections, requests/s"),
        );
    }
}
