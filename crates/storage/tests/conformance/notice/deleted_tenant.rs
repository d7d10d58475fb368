//! A notice that is made due for a tenant while the tenant is deleted.

use regrant_storage::{Tenant, TenantStatus};

use super::{know_ada, notice};
use crate::bench::{Bench, day, on_both};

on_both!(work_that_a_deleted_tenant_left_keeps_no_deletion_open);

async fn work_that_a_deleted_tenant_left_keeps_no_deletion_open(bench: Bench) {
    know_ada(&bench, &[&bench.acme]).await;
    let stored = bench
        .store
        .receive_notices(&[notice(1)], day(3), day(3))
        .await;
    assert_eq!(stored.unwrap(), 1);
    assert_eq!(bench.store.finish_notices(day(4)).await.unwrap(), 0);

    // The due row was written after the rows of the tenant were deleted.
    let tx = bench.acme().await;
    let was = tx.lock_tenant().await.unwrap();
    let deleted = Tenant {
        status: TenantStatus::Suspended,
        deleted_at: Some(day(4)),
        ..was
    };
    tx.update_tenant(&deleted).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(bench.store.finish_notices(day(5)).await.unwrap(), 1);
    let app = bench.acme.app_id();
    let deletion = bench.store.find_deletion(app, [1; 16]).await.unwrap();
    assert_eq!(deletion.done_at, Some(day(5)));
}
