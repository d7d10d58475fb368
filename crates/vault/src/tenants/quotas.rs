//! Limits the assets and the running reconnects of a tenant.
//!
//! The rule: the transaction that adds rows also counts them, under the tenant's lock, and rolls
//! back above the limit.

use regrant_storage::TenantTx;

use crate::{Conflict, Error, Principal, Vault};

impl Vault {
    /// Refuses assets above the tenant's limit. Lock the tenant and add the assets, this many, before the call.
    pub(crate) async fn check_asset_quota(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        added: usize,
    ) -> Result<(), Error> {
        let most = tx.find_asset_limit().await?;
        let most = most.unwrap_or(self.settings.tenants.max_assets);
        let (counts, tenant) = (&self.asset_counts, caller.tenant());
        if counts.has_ample_room(tenant, added, most).await {
            return Ok(());
        }
        let used = tx.count_assets(most.saturating_add(1)).await?;
        counts.note_count(tenant, used).await;
        if used > most {
            Err(Error::Conflict(Conflict::AssetLimit(most)))
        } else {
            Ok(())
        }
    }

    /// Refuses a running reconnect above the tenant's limit. Call it after the reconnect is
    /// accepted, which locks the tenant.
    pub(crate) async fn check_running_quota(&self, tx: &TenantTx) -> Result<(), Error> {
        let quota = tx.read_running_quota().await?;
        let most = quota
            .limit
            .unwrap_or(self.settings.tenants.max_running_reconnects);
        if quota.used > most {
            Err(Error::TooManyRunning(most))
        } else {
            Ok(())
        }
    }
}
