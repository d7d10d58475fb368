//! Goal G23: what concurrent clients see of an asset's token has one order, in which each call happens at one moment
//! between its start and its end.
//!
//! A history is what eight clients did to four assets; the checker (`checker.rs`) looks for such an order. The suite runs
//! 20 histories on each database. The long tier runs more and longer ones:
//! `REGRANT_HISTORIES=500 REGRANT_OPERATIONS=50 cargo test --release -p regrant-e2e --test e2e linearizability`.

mod checker;

use std::{sync::Arc, time::Instant};

use regrant_testdb::TestDatabase;

use self::checker::{Act, Call, find_order};
use crate::harness::{Fleet, Harness, Tenant, from_environment, on_both};

on_both!(concurrent_reconnects_and_reads_have_one_order);

const CLIENTS: usize = 8;
const ASSETS: usize = 4;

async fn concurrent_reconnects_and_reads_have_one_order(database: TestDatabase) {
    let (kind, fleet) = (database.kind(), Fleet::new(2, 24, 0));
    let harness = Harness::start(database, &fleet.world()).await;
    let mut tenant = Arc::new(harness.tenant("One").await);
    tenant.register(&fleet.assets()).await;
    // A page's token is its own, so that the token that was submitted is not seen again.
    let all = fleet.assets();
    let own = all.iter().filter(|it| it["kind"] == "ad_account");
    let ids: Vec<_> = own
        .filter_map(|it| it["id"].as_str().map(ToOwned::to_owned))
        .collect();
    let histories = from_environment("REGRANT_HISTORIES", 20);
    let operations = from_environment("REGRANT_OPERATIONS", 12);
    let mut made = 0;
    for history in 0..histories {
        // All histories together outlast an access token.
        tenant = Arc::new(tenant.log_in_again().await);
        // An order of the history before may end with another token than the one that serves.
        let mut before = Vec::new();
        for asset in ids.iter().take(ASSETS) {
            before.push((asset, read_token(&tenant, asset).await));
        }
        let calls = run_history(&harness, &tenant, &ids, history, operations).await;
        made += calls.len();
        for (asset, start) in before {
            let of_asset: Vec<_> = calls
                .iter()
                .filter(|it| it.asset == *asset)
                .cloned()
                .collect();
            let order = find_order(&of_asset, start.as_deref());
            assert!(
                order.is_ok(),
                "history {history}, {asset}, from {start:?}: {of_asset:#?}"
            );
        }
    }
    println!(
        "G23: {kind:?}, {histories} histories of {CLIENTS} clients, {made} calls, 0 violations"
    );
}

async fn read_token(tenant: &Tenant, asset: &str) -> Option<String> {
    let read = tenant.get(&format!("/v1/assets/{asset}/token")).await;
    read["access_token"].as_str().map(ToOwned::to_owned)
}

/// What eight clients did to four assets at once.
async fn run_history(
    harness: &Harness,
    tenant: &Arc<Tenant>,
    ids: &[String],
    history: usize,
    operations: usize,
) -> Vec<Call> {
    let origin = Instant::now();
    let mut clients = Vec::new();
    for client in 0..CLIENTS {
        let mut tokens = Vec::new();
        for _ in 0..operations.div_ceil(3) {
            tokens.push(harness.sandbox.token(Fleet::PERSON).await);
        }
        let (tenant, ids) = (Arc::clone(tenant), ids.to_vec());
        clients.push(tokio::spawn(async move {
            let mut calls = Vec::new();
            for n in 0..operations {
                // A fixed mixture that differs by client and history: a third reconnects, the rest reads.
                let asset = ids[(client * 7 + n * 3 + history) % ASSETS].clone();
                let token = (n % 3 == client % 3).then(|| tokens.pop()).flatten();
                calls.push(call(&tenant, asset, token, origin).await);
            }
            calls
        }));
    }
    let mut calls = Vec::new();
    for client in clients {
        calls.extend(client.await.expect("a client ends"));
    }
    calls
}

/// Reconnects the asset with the token, or reads its token where none is given.
async fn call(tenant: &Tenant, asset: String, token: Option<String>, origin: Instant) -> Call {
    let start = origin.elapsed();
    let act = if let Some(token) = token {
        let ended = tenant.reconnect(&token, std::slice::from_ref(&asset)).await;
        if ended["counts"]["replaced"] == 1 {
            Act::Write(token)
        } else {
            assert_eq!(ended["counts"]["superseded"], 1, "{ended}");
            Act::Superseded(token)
        }
    } else {
        Act::Read(read_token(tenant, &asset).await)
    };
    let end = origin.elapsed();
    Call {
        asset,
        act,
        start,
        end,
    }
}
