//! How many bytes the calls of a tenant may leave in the database: reconnects, reconnect sessions, consents, idempotency keys.
//!
//! The rule: what a tenant holds is measured in the database every [`MEASURED_EVERY`], and what this process adds in
//! between is counted. So a call costs no scan, and other processes add for minutes at most what they do not see of each
//! other. A call that is refused changed nothing; a repeated call is answered before it comes here.
//! Start at [`Vault::check_record_quota`]; `upkeep/purge.rs` makes room.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache;
use regrant_domain::TenantId;
use regrant_storage::{RECORD_ROW_BYTES, TenantScope};
use tracing::error;

use crate::{Error, Vault};

/// How often the records of a tenant that calls are measured, at most.
const MEASURED_EVERY: Duration = Duration::from_mins(5);
/// How many tenants are remembered.
const MAX_TENANTS: u64 = 20_000;

/// What the records of each tenant hold, as this process knows it.
#[derive(Clone)]
pub(crate) struct RecordQuotas {
    held: Cache<TenantId, RecordBytes>,
}

/// What the records of one tenant hold, in bytes. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct RecordBytes(Arc<AtomicU64>);

impl RecordQuotas {
    pub(crate) fn new() -> Self {
        let held = Cache::builder()
            .max_capacity(MAX_TENANTS)
            .time_to_live(MEASURED_EVERY)
            .build();
        Self { held }
    }

    /// Measures the tenant's records again at its next call.
    pub(crate) async fn forget_tenant(&self, tenant: TenantId) {
        self.held.invalidate(&tenant).await;
    }
}

impl RecordBytes {
    /// Counts rows that were written, with the bytes of their largest columns.
    pub(crate) fn add(&self, rows: usize, bytes: usize) {
        let rows = u64::try_from(rows).unwrap_or(u64::MAX);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let added = rows.saturating_mul(RECORD_ROW_BYTES).saturating_add(bytes);
        self.0.fetch_add(added, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Vault {
    /// Refuses to store another record of a tenant that holds as many bytes as it may; call it outside of a transaction.
    /// Returns where to count what is stored. The installation has no limit.
    ///
    /// # Errors
    /// `RecordsFull`.
    pub(crate) async fn check_record_quota(
        &self,
        scope: &TenantScope,
    ) -> Result<RecordBytes, Error> {
        let tenant = scope.tenant();
        let measured = self
            .record_quotas
            .held
            .try_get_with(tenant, self.measure_records(scope));
        let held = measured.await.map_err(Error::of_shared_load)?;
        let limit = self.settings.tenants.max_record_bytes;
        if tenant != TenantId::SYSTEM && held.read() >= limit {
            return Err(Error::RecordsFull(limit));
        }
        Ok(held)
    }

    async fn measure_records(&self, scope: &TenantScope) -> Result<RecordBytes, Error> {
        let tx = self.store.begin_read(scope).await?;
        let bytes = tx.measure_records().await?;
        tx.commit().await?;
        let limit = self.settings.tenants.max_record_bytes;
        if scope.tenant() != TenantId::SYSTEM && bytes >= limit {
            error!(alarm = "records_full", tenant.id = %scope.tenant(), bytes, limit,
                "the records of a tenant's calls hold as many bytes as they may");
        }
        Ok(RecordBytes(Arc::new(AtomicU64::new(bytes))))
    }
}
