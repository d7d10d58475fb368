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

const LASTS: Duration = Duration::from_secs(3);
const CONNECTIONS: usize = 8;
/// What each call registers.
const EACH: usize = 1_000;

/// What a rotation writes of each credential: other bytes of the same lengths, and those that were there.
const BYTES: &str = "
    CREATE SCHEMA bytes;
    CREATE TABLE bytes.there AS SELECT tenant_id, id, sealed, key_id, key_version, fingerprint, slot_seal FROM credentials;
    CREATE TABLE bytes.other AS SELECT tenant_id, id, set_byte(sealed, 100, (get_byte(sealed, 100) + 1) % 256) AS sealed,
        gen_random_uuid() AS key_id, key_version + 1 AS key_version, fingerprint, slot_seal FROM credentials;
    ANALYZE bytes.there, bytes.other";
/// The same bytes of the same rows, written by a statement that takes them from a table.
const BARE: [&str; 2] = ["bytes.other", "bytes.there"];
/// One column alone, computed in place: the least that the database can do.
const IN_PLACE: [&str; 2] = [
    "UPDATE credentials SET sealed = set_byte(sealed, 100, (get_byte(sealed, 100) + 1) % 256)",
    "UPDATE credentials SET sealed = set_byte(sealed, 100, (get_byte(sealed, 100) + 255) % 256)",
];

/// The ratio of two times, and their names: of reads beside a rotation that rests, and of reads alone before it.
const ROUTINE: [&str; 3] = [
    "postgres: fetch, p99 beside a reseal / alone",
    "postgres: fetch beside a reseal, p99",
    "postgres: fetch alone, p99",
];
/// The same beside one that does not rest.
const URGENT: [&str; 3] = [
    "postgres: fetch, p99 beside a reseal without rests / alone",
    "postgres: fetch beside a reseal without rests, p99",
    "postgres: fetch before a reseal without rests, p99",
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
        read_beside(&product, &tenant, &[], ROUTINE, report).await;
    }
    for _ in 0..ROUNDS {
        product.server.database().run_as_superuser(BYTES).await;
        for table in BARE {
            let sql = format!(
                "UPDATE credentials AS c SET sealed = b.sealed, key_id = b.key_id, key_version = b.key_version,
                     fingerprint = b.fingerprint, slot_seal = b.slot_seal
                 FROM {table} AS b WHERE c.tenant_id = b.tenant_id AND c.id = b.id"
            );
            let updated = measure(&product, &sql, credentials).await;
            report.add("postgres: bare UPDATE, rows/s", "1/s", updated);
        }
        let database = product.server.database();
        database.run_as_superuser("DROP SCHEMA bytes CASCADE").await;
        for sql in IN_PLACE {
            let updated = measure(&product, sql, credentials).await;
            report.add("postgres: UPDATE in place, rows/s", "1/s", updated);
        }
        let start = rotate(&product, &empty, &["--compromised"]).await;
        vacuum(&product).await;
        let took = rotate(&product, &tenant, &["--compromised"]).await;
        let resealed = rate(credentials, took.saturating_sub(start));
        report.add(
            "postgres: reseal without rests, credentials/s",
            "1/s",
            resealed,
        );
        vacuum(&product).await;
        read_beside(&product, &tenant, &["--compromised"], URGENT, report).await;
    }
    report.add_ratio(
        "postgres: reseal without rests / bare UPDATE",
        "postgres: reseal without rests, credentials/s",
        "postgres: bare UPDATE, rows/s",
    );
    report.add_ratio(
        "postgres: reseal without rests / UPDATE in place",
        "postgres: reseal without rests, credentials/s",
        "postgres: UPDATE in place, rows/s",
    );
    for [ratio, beside, alone] in [ROUTINE, URGENT] {
        report.add_ratio(ratio, beside, alone);
    }
}

/// Reads for a few seconds alone, and beside a rotation for as long as it takes.
async fn read_beside(
    product: &Product,
    tenant: &Tenant,
    arguments: &[&str],
    [_, beside, alone]: [&'static str; 3],
    report: &mut Report,
) {
    report.add(alone, "ms", read(product, tenant).await.p99);
    let resealing = rotate(product, tenant, arguments);
    let (read, took) = tokio::join!(read(product, tenant), resealing);
    assert!(
        took > LASTS,
        "more credentials are needed: it took {took:?}"
    );
    report.add(beside, "ms", read.p99);
}

/// How many rows a second a statement changes.
async fn measure(product: &Product, sql: &str, rows: usize) -> f64 {
    vacuum(product).await;
    let began = Instant::now();
    product.server.database().run_as_superuser(sql).await;
    rate(rows, began.elapsed())
}

async fn vacuum(product: &Product) {
    let database = product.server.database();
    database.run_as_superuser("VACUUM credentials").await;
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
