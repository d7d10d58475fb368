//! The worker's probes, run by a test.

use chrono::Duration;
use regrant_domain::schedule::ProbeQueue;
use regrant_vault::ProbePassStats;

use super::{Harness, Tenant};

/// Probes everything that is due now, as the worker does.
pub async fn watch(harness: &Harness) -> ProbePassStats {
    let mut sum = ProbePassStats::default();
    for _ in 0..100 {
        let mut claimed = 0;
        for lane in ProbeQueue::ALL {
            let it = harness
                .vault
                .probe_due_assets(lane, 500)
                .await
                .expect("the database answers");
            claimed += it.claimed;
            sum.claimed += it.claimed;
            sum.confirmed += it.confirmed;
            sum.doubted += it.doubted;
            sum.promoted += it.promoted;
            sum.failed_over += it.failed_over;
            sum.postponed += it.postponed;
            sum.lost += it.lost;
        }
        if claimed == 0 {
            return sum;
        }
    }
    panic!("the same assets stay due: {sum:?}");
}

/// Moves the clock; the tenant logs in again, because its access token has expired.
pub async fn leap(harness: &Harness, tenant: &Tenant, by: Duration) -> Tenant {
    harness.clock.advance_by(by);
    tenant.log_in_again().await
}
