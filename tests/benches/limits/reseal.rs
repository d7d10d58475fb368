//! Sealing again: every credential of a tenant under a new data key, beside a bare UPDATE of the same bytes, and reads of
//! tokens meanwhile.

use std::time::{Duration, Instant};

use crate::{
    ROUNDS,
    it::harness::{Tenant, from_environment},
    load,
    product::{Product, registration},
    report::Report,
};

const LASTS: Duration = Duration::from_secs(5);
const CONNECTIONS: usize = 8;
/// What each call registers.
const EACH: usize = 1_000;

/// Other bytes of the same length, and back: what the database alone needs.
const BARE: [&str; 2] = [
    "UPDATE credentials SET sealed = set_byte(sealed, 100, (get_byte(sealed, 100) + 1) % 256)",
    "UPDATE credentials SET sealed = set_byte(sealed, 100, (get_byte(sealed, 100) + 255) % 256)",
];

/// How fast credentials are sealed again, and what readers wait for meanwhile. PostgreSQL alone.
pub async fn reseal(kind: &'static str, report: &mut Report) {
    if kind == "sqlite" {
        return;
    }
    let credentials = from_environment("REGRANT_RESEALED", 100_000);
    let product = Product::start(kind, 20).await;
    let (tenant, empty) = (
        product.connected_tenant("One").await,
        product.server.tenant("Empty").await,
    );
    for from in (0..credentials).step_by(EACH) {
        let (status, _) = tenant.post("/v1/assets", &registration(from, EACH)).await;
        assert_eq!(status, 200);
    }
    for _ in 0..ROUNDS {
        for sql in BARE {
            product
                .server
                .database()
                .run_as_superuser("VACUUM credentials")
                .await;
            let began = Instant::now();
            product.server.database().run_as_superuser(sql).await;
            report.add(
                "postgres: bare UPDATE, rows/s",
                "1/s",
                rate(credentials, began.elapsed()),
            );
        }
        let start = rotate(&product, &empty, &["--compromised"]).await;
        product
            .server
            .database()
            .run_as_superuser("VACUUM credentials")
            .await;
        let took = rotate(&product, &tenant, &["--compromised"]).await;
        let resealed = rate(credentials, took.saturating_sub(start));
        report.add(
            "postgres: reseal without rests, credentials/s",
            "1/s",
            resealed,
        );
        read_beside(&product, &tenant, report).await;
    }
    report.add_ratio(
        "postgres: reseal without rests / bare UPDATE",
        "postgres: reseal without rests, credentials/s",
        "postgres: bare UPDATE, rows/s",
    );
    report.add_ratio(
        "postgres: fetch, p99 beside a reseal / alone",
        "postgres: fetch beside a reseal, p99",
        "postgres: fetch alone, p99",
    );
}

/// Reads for a few seconds alone, and for as long beside a routine rotation.
async fn read_beside(product: &Product, tenant: &Tenant, report: &mut Report) {
    let alone = read(product, tenant).await;
    report.add("postgres: fetch alone, p99", "ms", alone.p99);
    let resealing = rotate(product, tenant, &[]);
    let (beside, took) = tokio::join!(read(product, tenant), resealing);
    assert!(
        took > LASTS,
        "more credentials are needed: it took {took:?}"
    );
    report.add("postgres: fetch beside a reseal, p99", "ms", beside.p99);
}

async fn read(product: &Product, tenant: &Tenant) -> load::Rate {
    let (ids, bearer) = (product.fleet.ids(), tenant.bearer.clone());
    let next = Box::new(move |connection: usize, n: usize| {
        let id = &ids[(connection + n) % ids.len()];
        load::get(&format!("/v1/assets/{id}/token"), &bearer)
    });
    let api = product.server.api.clone();
    let run = move || load::run(&api, CONNECTIONS, LASTS, next);
    let rate = tokio::task::spawn_blocking(run).await.unwrap();
    assert_eq!(rate.errors, 0);
    rate
}

/// Rotates the tenant's data key and waits until the command has sealed everything again.
async fn rotate(product: &Product, tenant: &Tenant, more: &[&str]) -> Duration {
    let began = Instant::now();
    let mut command = vec!["keys", "rotate-data", "--tenant", &tenant.id];
    command.extend(more);
    let ended = product.server.start_command(&command).wait().await;
    assert!(ended.unwrap().success(), "{}", product.server.printed());
    began.elapsed()
}

fn rate(n: usize, took: Duration) -> f64 {
    n as f64 / took.as_secs_f64()
}
