//! What a claim costs among many tenants; a measurement, not a test.

use std::time::Instant;

use chrono::Duration;
use regrant_domain::schedule::ProbeQueue;
use regrant_storage::{Claimer, DueKind};
use regrant_testdb::Kind;

use crate::bench::{Bench, day, insert_tenant, new_tenant, on_both};

on_both!(
    /// `cargo test --release -p regrant-storage --test conformance -- due::cost --ignored --nocapture`
    #[ignore = "a measurement of about a minute"]
    a_claim_of_256_among_100_000_rows_of_200_tenants,
);

async fn a_claim_of_256_among_100_000_rows_of_200_tenants(bench: Bench) {
    for n in 0..198 {
        insert_tenant(&bench.store, &new_tenant(&format!("t{n}")))
            .await
            .unwrap();
    }
    let (ids, uuid) = match bench.database.kind() {
        Kind::Sqlite => (
            "WITH RECURSIVE g (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM g WHERE n < 500)",
            "randomblob(16)",
        ),
        Kind::Postgres => (
            "WITH g (n) AS (SELECT generate_series(1, 500))",
            "gen_random_uuid()",
        ),
    };
    let fill = format!(
        "{ids} INSERT INTO due (tenant_id, kind, object_id, due_at)
             SELECT t.id, 'delivery', {uuid}, g.n FROM tenants t CROSS JOIN g WHERE t.status = 'active';
         {ids} INSERT INTO assets (tenant_id, id, kind, created_at)
             SELECT t.id, CAST(g.n AS TEXT), 'page', 0 FROM tenants t CROSS JOIN g;
         {ids} INSERT INTO probe_due (tenant_id, asset_id, lane, due_at, harm_at)
             SELECT t.id, CAST(g.n AS TEXT), 'normal', g.n, g.n FROM tenants t CROSS JOIN g;
         ANALYZE;"
    );
    bench.database.run_as_superuser(&fill).await;
    for round in 0..6 {
        let begun = Instant::now();
        let claimed = bench
            .store
            .claim_due(DueKind::Delivery, day(2), "a", Duration::hours(1), 256)
            .await;
        let (due, count) = (begun.elapsed(), claimed.unwrap().len());
        let terms = Claimer {
            owner: "a",
            now: day(2),
            wall: day(2),
            until: day(3),
        };
        let begun = Instant::now();
        let claims = bench
            .store
            .claim_probes(ProbeQueue::Normal, terms, 256)
            .await
            .unwrap();
        let probes: usize = claims.iter().map(|it| it.leases.len()).sum();
        let watched = begun.elapsed();
        let begun = Instant::now();
        let none = bench
            .store
            .claim_due(DueKind::Refresh, day(2), "a", Duration::hours(1), 256)
            .await;
        println!(
            "{:?} round {round}: {count} of due in {due:?}, {probes} of probe_due in {watched:?}, none in {:?}",
            bench.database.kind(),
            begun.elapsed()
        );
        assert!(none.unwrap().is_empty(), "no refresh is due");
        assert_eq!((count, probes), (256, 256));
    }
}
