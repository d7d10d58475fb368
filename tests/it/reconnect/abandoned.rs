//! Goal G22: a caller goes away in the midst of its call. The reconnect runs once, to its end, and the same key returns it.

use std::time::Duration;

use regrant_testdb::TestDatabase;
use serde_json::json;

use super::kill::{every_asset_moved_once, send};
use crate::harness::{Fleet, Harness, from_environment, on_both};

on_both!(a_reconnect_whose_caller_goes_away_runs_once_to_its_end);

/// Generated assets, beside the business itself.
const EACH: usize = 12;
/// Longer than a reconnect takes.
const LONGEST: Duration = Duration::from_millis(250);

async fn a_reconnect_whose_caller_goes_away_runs_once_to_its_end(database: TestDatabase) {
    // Both accounts reach everything, so each trial replaces what the one before it stored.
    let (kind, fleet) = (database.kind(), Fleet::new(1, EACH, 1));
    let harness = Harness::start(database, &fleet.world()).await;
    let tenant = harness.tenant("One").await;
    tenant.register(&fleet.assets()).await;
    harness.sandbox.latency(20).await;
    let trials = u32::try_from(from_environment("REGRANT_ABANDONED", 25)).expect("a number");
    let mut gone = 0;
    for trial in 1..=trials {
        let person = [Fleet::PERSON, Fleet::MANAGED][usize::from(trial % 2 == 0)];
        let token = harness.sandbox.token(person).await;
        let order = json!({ "access_token": token, "asset_ids": fleet.ids(), "wait_seconds": 10 });
        let key = i64::from(trial);
        // The moments are spread over the whole call, each trial a little later. A call that is dropped ends its connection.
        let call = send(tenant.clone(), key, order.clone());
        let answered = tokio::time::timeout(LONGEST * trial / trials, call).await;
        gone += u32::from(answered.is_err());
        let repeated = send(tenant.clone(), key, order).await;
        let repeated = repeated.expect("the same key is answered");
        let ended = tenant.ended(repeated["id"].as_str().expect("an id")).await;
        assert_eq!(ended["counts"], json!({ "replaced": EACH + 1 }), "{trial}");
        every_asset_moved_once(&harness.vault, &tenant, key, person, EACH + 1).await;
    }
    println!("G22: {kind:?}, {trials} calls, the caller of {gone} went away, each ran once");
    assert!(gone > trials / 10, "{gone} of {trials}");
}
