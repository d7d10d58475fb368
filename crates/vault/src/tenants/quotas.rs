//! How much of a tenant there may be: assets, and reconnects that run.
//!
//! The rule: counted in the transaction that adds, with the tenant's row held; what is too much changes nothing.

use regrant_storage::TenantTx;

use crate::{Conflict, Error, Vault};

impl Vault {
    /// Refuses assets beyond the tenant's number; after they were added, with the tenant held before.
    pub(crate) async fn check_assets(&self, tx: &TenantTx) -> Result<(), Error> {
        let quota = tx.asset_quota().await?;
        let most = quota.most.unwrap_or(self.settings.tenants.max_assets);
        if quota.used > most {
            Err(Error::Conflict(Conflict::AssetLimit(most)))
        } else {
            Ok(())
        }
    }

    /// Refuses a reconnect beyond the tenant's number; after it was accepted, which holds the tenant.
    pub(crate) async fn check_running(&self, tx: &TenantTx) -> Result<(), Error> {
        let quota = tx.running_quota().await?;
        let most = quota
            .most
            .unwrap_or(self.settings.tenants.max_running_reconnects);
        if quota.used > most {
            Err(Error::TooManyRunning(most))
        } else {
            Ok(())
        }
    }
}
