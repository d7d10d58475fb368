//! Limits the assets and the running reconnects of a tenant.
//!
//! The rule: the transaction that adds rows also counts them, under the tenant's lock, and rolls
//! back above the limit.

use regrant_storage::TenantTx;

use crate::{Conflict, Error, Vault};

impl Vault {
    /// Refuses assets above the tenant's limit. Lock the tenant and add the assets before the call.
    pub(crate) async fn check_asset_quota(&self, tx: &TenantTx) -> Result<(), Error> {
        let quota = tx.read_asset_quota().await?;
        let most = quota.limit.unwrap_or(self.settings.tenants.max_assets);
        if quota.used > most {
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
