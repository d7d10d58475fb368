//! One tenant's damage is no other tenant's: its audit chain fails its own calls and its own share of a pass.

use chrono::Duration;
use regrant_testdb::TestDatabase;
use regrant_vault::Actor;
use reqwest::Method;
use serde_json::json;

use crate::harness::{Fleet, Harness, Tenant, on_both};

on_both!(
    the_damaged_chain_of_one_tenant_fails_no_read_of_another,
    a_pass_reaches_the_tenants_after_one_that_fails,
);

/// Two tenants with the same assets; the first was created earlier, so a pass reaches it first.
async fn scene(database: TestDatabase) -> (Harness, Tenant, Tenant, Vec<String>) {
    let fleet = Fleet::new(1, 3, 0);
    let harness = Harness::start(database, &fleet.world()).await;
    let (first, second) = (
        harness.tenant("First").await,
        harness.tenant("Second").await,
    );
    for tenant in [&first, &second] {
        let request = json!({ "assets": fleet.assets() });
        let call = tenant.call(Method::POST, "/v1/assets").json(&request);
        let call = call.header("idempotency-key", "fleet");
        assert_eq!(call.send().await.expect("an answer").status(), 200);
        let token = harness.sandbox.token(Fleet::PERSON).await;
        tenant.reconnect(&token, &fleet.ids()).await;
    }
    (harness, first, second, fleet.ids())
}

/// The next event of the tenant's audit gets a number that is taken.
async fn damage_chain(harness: &Harness, name: &str) {
    let sql = format!(
        "UPDATE audit_heads SET seq = 1 WHERE tenant_id = (SELECT id FROM tenants WHERE name = '{name}')"
    );
    harness.database.run_as_superuser(&sql).await;
}

async fn the_damaged_chain_of_one_tenant_fails_no_read_of_another(database: TestDatabase) {
    let (harness, first, second, ids) = scene(database).await;
    damage_chain(&harness, "First").await;
    let path = format!("/v1/assets/{}/token", ids[0]);
    let read = async |tenant: Tenant| {
        let mut statuses = Vec::new();
        for _ in 0..40 {
            statuses.push(tenant.status(&path).await);
        }
        statuses
    };
    let readers = (0..4).flat_map(|_| [read(first.clone()), read(second.clone())]);
    let statuses = futures_util::future::join_all(readers).await;
    for (n, statuses) in statuses.into_iter().enumerate() {
        let is_second = n % 2 == 1;
        assert!(
            statuses.iter().all(|it| (*it == 200) == is_second),
            "{n}: {statuses:?}"
        );
    }
}

async fn a_pass_reaches_the_tenants_after_one_that_fails(database: TestDatabase) {
    let (harness, first, second, _) = scene(database).await;
    damage_chain(&harness, "First").await;
    harness.clock.advance_by(Duration::days(3));
    let purged = harness.vault.purge_expired().await;
    assert!(
        purged.is_err(),
        "the first tenant's purge cannot be audited"
    );
    let left = "SELECT count(*) FROM idempotency i JOIN tenants t ON t.id = i.tenant_id WHERE t.name = 'Second'";
    assert_eq!(harness.database.count_as_superuser(left).await, 0);
    for (name, tenant) in [("First", &first), ("Second", &second)] {
        let id = tenant.id.parse().expect("an id");
        let repair = "UPDATE audit_heads SET seq = (SELECT max(seq) FROM audit_events e
            WHERE e.tenant_id = audit_heads.tenant_id)";
        harness.database.run_as_superuser(repair).await;
        let scheduled = harness
            .vault
            .schedule_deletion(Actor::CommandLine, id)
            .await;
        assert!(scheduled.is_ok(), "{name}");
    }
    damage_chain(&harness, "First").await;
    harness.clock.advance_by(Duration::days(31));
    assert!(harness.vault.delete_due_tenants().await.is_err());
    let deleted = "SELECT count(*) FROM tenants WHERE deleted_at IS NOT NULL";
    assert_eq!(harness.database.count_as_superuser(deleted).await, 1);
}
