//! Failed log-ins: whom they lock, and what the audit says of them.

use regrant_domain::TenantId;
use regrant_testdb::TestDatabase;
use regrant_vault::AuditQuery;
use serde_json::{Value, json};

use crate::harness::{Fleet, Harness, Options, PASSWORD, answer, on_both};

on_both!(
    a_stranger_locks_no_operator_out_at_another_address,
    refused_log_ins_are_summed_in_the_audit,
);

/// A log-in from an address behind the trusted proxy that the harness is.
async fn log_in_from(harness: &Harness, address: &str, name: &str, password: &str) -> u16 {
    let call = crate::harness::http()
        .post(format!("{}/admin/v1/session", harness.admin))
        .header("X-Forwarded-For", address)
        .json(&json!({ "name": name, "password": password }));
    answer(call).await.0
}

async fn behind_proxy(database: TestDatabase) -> Harness {
    let mut options = Options::default();
    options.api.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    Harness::with(database, &Fleet::new(1, 1, 0).world(), options).await
}

async fn a_stranger_locks_no_operator_out_at_another_address(database: TestDatabase) {
    let harness = behind_proxy(database).await;
    let owner = harness.owner().await;
    let wrong = "wrong horse battery";
    for _ in 0..5 {
        assert_eq!(
            log_in_from(&harness, "198.51.100.1", "owner", wrong).await,
            401
        );
    }
    let stranger = log_in_from(&harness, "198.51.100.1", "owner", PASSWORD).await;
    assert_eq!(stranger, 429, "the stranger's address is locked");
    assert_eq!(
        log_in_from(&harness, "203.0.113.7", "owner", PASSWORD).await,
        201,
        "the owner's address is not"
    );
    // Fifty failures at many addresses: each address has one attempt, and the right password still passes.
    for n in 0..50 {
        let address = format!("192.0.2.{n}");
        assert_eq!(log_in_from(&harness, &address, "owner", wrong).await, 401);
    }
    let address = "192.0.2.200";
    assert_eq!(log_in_from(&harness, address, "owner", wrong).await, 401);
    assert_eq!(log_in_from(&harness, address, "owner", wrong).await, 429);
    assert_eq!(
        log_in_from(&harness, "203.0.113.7", "owner", PASSWORD).await,
        201,
        "the brake refuses no right password"
    );
    // A new password, as `regrant operators reset-password` sets it, unlocks the name everywhere.
    let path = format!("/operators/{}", owner.id);
    let new = json!({ "password": "another horse battery" });
    assert_eq!(owner.patch(&path, &new).await.0, 200);
    let again = log_in_from(&harness, address, "owner", "another horse battery").await;
    assert_eq!(again, 201);
}

async fn refused_log_ins_are_summed_in_the_audit(database: TestDatabase) {
    let harness = behind_proxy(database).await;
    harness.owner().await;
    // A whole minute is ahead.
    let into_minute = harness.clock.now().timestamp().rem_euclid(60);
    harness
        .clock
        .advance_by(chrono::Duration::seconds(61 - into_minute));
    for n in 0..20 {
        let (address, name) = (format!("192.0.2.{n}"), format!("stranger-{n}"));
        log_in_from(&harness, &address, &name, "wrong horse battery").await;
        log_in_from(&harness, &address, "owner", "wrong horse battery").await;
    }
    harness.clock.advance_by(chrono::Duration::minutes(1));
    log_in_from(&harness, "192.0.2.99", "stranger", "wrong horse battery").await;
    let refused = refusals(&harness).await;
    let mut sums: Vec<_> = refused.iter().map(|it| it["refusals"].as_u64()).collect();
    sums.sort_unstable();
    assert_eq!(sums, [Some(20), Some(20)], "one row a name: {refused:?}");
    assert!(refused.iter().all(|it| it["first_at"] != it["last_at"]));
    // A log-in that succeeds writes what was not written yet.
    assert_eq!(
        log_in_from(&harness, "203.0.113.7", "owner", PASSWORD).await,
        201
    );
    assert_eq!(refusals(&harness).await.len(), 3);
}

/// The details of the refused log-ins in the audit.
async fn refusals(harness: &Harness) -> Vec<Value> {
    let audit = harness
        .vault
        .read_export_step_of(TenantId::SYSTEM, AuditQuery::default())
        .await
        .expect("the audit");
    let refused = audit
        .data
        .into_iter()
        .filter(|it| it.action == "operator.log_in_refused");
    refused
        .map(|it| serde_json::from_str(&it.detail).expect("json"))
        .collect()
}
