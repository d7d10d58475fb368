//! Due work of a tenant whose row was changed around the application: it rests, and the log says why.

use chrono::Duration;
use regrant_testdb::TestDatabase;

use super::log_causes::captured_log::CapturedLog;
use crate::harness::{Fleet, Harness, leap};

/// One thread: the log is captured on the thread of the test.
#[tokio::test(flavor = "current_thread")]
async fn work_of_a_tampered_tenant_rests_and_raises_the_alarm_of_a_tampered_row() {
    for database in TestDatabase::create_all().await {
        let fleet = Fleet::new(1, 2, 0);
        let harness = Harness::start(database, &fleet.world()).await;
        let (first, second) = (
            harness.tenant("First").await,
            harness.tenant("Second").await,
        );
        for tenant in [&first, &second] {
            tenant.register(&fleet.assets()).await;
            let token = harness.sandbox.token(Fleet::PERSON).await;
            tenant.reconnect(&token, &fleet.ids()).await;
        }
        leap(&harness, &second, Duration::days(1)).await;
        let change = "UPDATE tenants SET requests_per_second = 9 WHERE name = 'First'";
        harness.database.run_as_superuser(change).await;
        let log = CapturedLog::start();
        let pass = harness
            .vault
            .probe_due_assets(regrant_domain::schedule::ProbeQueue::Normal, 500)
            .await
            .expect("the pass itself does not fail");
        assert_eq!(pass.confirmed, fleet.ids().len(), "{pass:?}");
        let alarms: Vec<_> = log.take().into_iter().filter_map(|it| it.alarm).collect();
        assert_eq!(alarms, ["row_tampered"]);
    }
}
