//! How many rows the statements of PostgreSQL look at: a few for each item of the call, however many assets there are.
//!
//! The rule: the large tenant has ten thousand assets beside a thousand small tenants, on tables that were never analysed
//! and on the same tables after `ANALYZE`. A plan that joins a call's items with all rows of the tenant looks at millions.

use std::{collections::BTreeSet, fmt::Write as _, ops::Range};

use chrono::Duration;
use regrant_domain::schedule::ProbeQueue;
use regrant_testdb::TestDatabase;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Tenant, leap};

/// The assets of the large tenant.
const ASSETS: usize = 10_000;
/// The items of a call: as many as one statement carries.
const ITEMS_AT: Range<usize> = 7_000..7_500;
const ITEMS: u32 = 500;
/// How many rows a statement may look at for each of its items: each step of a plan counts the rows that it hands on.
const ROWS_OF_AN_ITEM: u64 = 32;
const ROWS_OF_A_READ: u64 = 40;
/// A claim reads all due work of a tenant and ranks it, in four steps.
const ROWS_OF_A_CLAIM: u64 = 40_000;

/// A thousand tenants with ten assets each, copied from the first ones of the large tenant.
const SMALL_TENANTS: &str = "
    SET session_replication_role = replica;
    DO $$
    DECLARE small uuid;
    BEGIN
        CREATE TEMP TABLE few AS SELECT id FROM assets ORDER BY id LIMIT 10;
        CREATE TEMP TABLE a AS SELECT * FROM assets WHERE id IN (SELECT id FROM few);
        CREATE TEMP TABLE c AS SELECT * FROM credentials WHERE asset_id IN (SELECT id FROM few);
        CREATE TEMP TABLE p AS SELECT * FROM probe_due WHERE asset_id IN (SELECT id FROM few);
        FOR n IN 1..1000 LOOP
            small := lpad(n::text, 32, '0')::uuid;
            UPDATE a SET tenant_id = small, id = split_part(id, '.', 1) || '.' || n;
            UPDATE c SET tenant_id = small, id = gen_random_uuid(),
                asset_id = split_part(asset_id, '.', 1) || '.' || n;
            UPDATE p SET tenant_id = small, asset_id = split_part(asset_id, '.', 1) || '.' || n;
            INSERT INTO assets SELECT * FROM a;
            INSERT INTO credentials SELECT * FROM c;
            INSERT INTO probe_due SELECT * FROM p;
        END LOOP;
    END $$";

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_looks_at_more_rows_because_a_tenant_has_many() {
    let Some(database) = TestDatabase::create_postgres_with_plans().await else {
        return;
    };
    let fleet = Fleet::new(1, ASSETS - 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let mut tenant = harness.tenant("Large").await;
    let token = harness.sandbox.token(Fleet::PERSON).await;
    for assets in fleet.assets().chunks(1_000) {
        tenant.register(&with_token(assets, &token)).await;
    }
    harness.database.run_as_superuser(SMALL_TENANTS).await;
    for is_analysed in [false, true] {
        if is_analysed {
            harness.database.run_as_superuser("ANALYZE").await;
        }
        let faults = work_and_judge(&harness, &mut tenant, &fleet).await;
        assert!(faults.is_empty(), "analysed: {is_analysed}\n{faults}");
    }
}

/// Reads, registers, connects and probes; returns the statements that looked at more than their share.
async fn work_and_judge(harness: &Harness, tenant: &mut Tenant, fleet: &Fleet) -> String {
    let (ids, assets) = (&fleet.ids()[ITEMS_AT], &fleet.assets()[ITEMS_AT]);
    let token = harness.sandbox.token(Fleet::PERSON).await;
    *tenant = leap(harness, tenant, Duration::hours(30)).await;
    let mut runs = Runs::new(harness).await;

    for path in ["", "/token"] {
        let path = format!("/v1/assets/{}{path}", ids[0]);
        assert_eq!(tenant.status(&path).await, 200, "{path}");
    }
    runs.judge("a read", ROWS_OF_A_READ).await;

    let wanted = json!({ "asset_ids": ids });
    let (status, answer) = tenant.post("/v1/tokens/lookup", &wanted).await;
    assert_eq!(status, 200, "{answer}");
    tenant.get("/v1/assets?limit=200").await;
    runs.judge("a look-up", limit()).await;

    tenant.register(&with_token(assets, &token)).await;
    runs.judge("registering", limit()).await;

    let managed = harness.sandbox.token(Fleet::MANAGED).await;
    for token in [&token, &managed] {
        let ended = tenant.reconnect(token, ids).await;
        assert_eq!(ended["status"], "completed", "{ended}");
    }
    runs.judge("a reconnect", limit()).await;

    for lane in ProbeQueue::ALL {
        let probed = harness.vault.probe_due_assets(lane, ITEMS).await;
        probed.expect("the database answers");
    }
    runs.judge("probing", ROWS_OF_A_CLAIM).await;
    runs.faults
}

fn limit() -> u64 {
    u64::from(ITEMS) * ROWS_OF_AN_ITEM
}

/// The statements that ran since the last look, and what was found so far.
struct Runs<'a> {
    harness: &'a Harness,
    seen: usize,
    faults: String,
}

impl<'a> Runs<'a> {
    async fn new(harness: &'a Harness) -> Self {
        let seen = harness.database.read_runs().await.len();
        Self {
            harness,
            seen,
            faults: String::new(),
        }
    }

    /// Prints the heaviest statements, and notes those that looked at more rows than they may.
    async fn judge(&mut self, work: &str, limit: u64) {
        let mut runs = self.harness.database.read_runs().await;
        let mut new = runs.split_off(self.seen);
        self.seen += new.len();
        assert!(!new.is_empty(), "{work}: plans are logged");
        new.sort_by(|a, b| (b.rows, &a.statement).cmp(&(a.rows, &b.statement)));
        let mut known = BTreeSet::new();
        new.retain(|it| known.insert(it.statement.clone()));
        for it in new.iter().take(10) {
            println!("{work}: {} rows: {}", it.rows, it.statement);
        }
        for it in new.iter().filter(|it| it.rows > limit) {
            let fault = writeln!(
                self.faults,
                "{work}: {} rows: {}\n{}",
                it.rows, it.statement, it.plan
            );
            fault.expect("a string accepts text");
        }
    }
}

fn with_token(assets: &[Value], token: &str) -> Vec<Value> {
    let with_token = |asset: &Value| {
        let mut asset = asset.clone();
        asset["token"] = json!(token);
        asset
    };
    assets.iter().map(with_token).collect()
}
