//! How many statements PostgreSQL runs for a token's read and for a reconnect.
//!
//! The rule: each statement is a round trip. A read takes three: its client, its row, its audit. Those of a reconnect grow
//! with its batches, not with its items.

use regrant_testdb::{StatementCount, TestDatabase};

use crate::harness::{Fleet, Harness, Tenant};

const READS: i64 = 40;
/// What a process does beside the calls, such as showing that it is alive.
const BESIDE: i64 = 10;
const ITEMS: usize = 2_500;
/// Items arrive in batches of fifty, and the worker looks for due work meanwhile: far less than one for each item.
const MOST_CALLS: i64 = 250;

#[tokio::test(flavor = "multi_thread")]
async fn a_read_of_a_token_runs_three_statements() {
    let Some((harness, tenant, fleet)) = start(10).await else {
        return;
    };
    let path = format!("/v1/assets/{}/token", fleet.ids()[0]);
    let read = async || assert_eq!(tenant.status(&path).await, 200);
    read().await;
    harness.database.reset_statement_counts().await;
    for _ in 0..READS {
        read().await;
    }
    let mut counts = harness.database.read_statement_counts().await;
    // What a new connection sets, and the worker's look for due work, are no part of a read.
    counts.retain(|it| !it.statement.starts_with("SET ") && !it.statement.contains("FROM due d"));
    let all = sum(&counts);
    assert!(
        all <= 3 * READS + BESIDE,
        "{all} of {READS} reads: {counts:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_of_a_reconnect_runs_for_each_item() {
    let Some((harness, tenant, fleet)) = start(ITEMS).await else {
        return;
    };
    let token = harness.sandbox.token(Fleet::PERSON).await;
    harness.database.reset_statement_counts().await;
    let ended = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(ended["status"], "completed", "{ended}");
    let counts = harness.database.read_statement_counts().await;
    println!("{ITEMS} items: {} statements", sum(&counts));
    let many: Vec<_> = counts.iter().filter(|it| it.calls > MOST_CALLS).collect();
    assert!(many.is_empty(), "{many:#?}");
}

/// A tenant whose assets are connected; `None` without PostgreSQL.
async fn start(assets: usize) -> Option<(Harness, Tenant, Fleet)> {
    let database = TestDatabase::create_postgres_with_counts().await?;
    let fleet = Fleet::new(1, assets - 1, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("Counted").await;
    for assets in fleet.assets().chunks(1_000) {
        tenant.register(assets).await;
    }
    let token = harness.sandbox.token(Fleet::PERSON).await;
    let connected = tenant.reconnect(&token, &fleet.ids()).await;
    assert_eq!(connected["status"], "completed", "{connected}");
    Some((harness, tenant, fleet))
}

fn sum(counts: &[StatementCount]) -> i64 {
    counts.iter().map(|it| it.calls).sum()
}
