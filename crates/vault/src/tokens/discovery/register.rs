//! Registers what a discovery found and the tenant does not have.
//!
//! The rule: assets are registered by the use case of `POST /v1/assets`, with its quotas and its audit, on behalf of the
//! client that asked for the discovery, and only while that client still may.

use regrant_domain::{Permission, Permissions, Reach, RegistrationRefusal};
use regrant_storage::DiscoveredRow;

use super::run::DiscoveryRun;
use crate::{AssetRegistration, Conflict, Error, Principal, RegistrationStatus, Subject};

/// How many assets one registration names.
const CHUNK: u32 = 500;

impl DiscoveryRun<'_> {
    /// Registers the new assets that the person granted. `Some`: why not all were registered.
    pub(super) async fn register_new_assets(&self) -> Result<Option<RegistrationRefusal>, Error> {
        let client = self.client_principal();
        match self
            .vault
            .recheck_caller(&client, Permission::AssetsWrite)
            .await
        {
            Ok(()) => {}
            Err(Error::Unauthenticated | Error::Forbidden(_)) => {
                return Ok(Some(RegistrationRefusal::ClientRights));
            }
            Err(error) => return Err(error),
        }
        let (id, mut after) = (self.discovery.id, 0);
        loop {
            let tx = self.vault.store.begin_read(self.scope).await?;
            let rows = tx.list_registrable(id, after, CHUNK).await?.rows;
            tx.commit().await?;
            let Some(last) = rows.last() else {
                return Ok(None);
            };
            after = last.event_seq;
            match self.register_chunk(&client, rows).await {
                Ok(()) => self.vault.discovery_progress.notify_waiters(id),
                Err(Error::Conflict(Conflict::AssetLimit(_))) => {
                    return Ok(Some(RegistrationRefusal::AssetQuota));
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn register_chunk(
        &self,
        client: &Principal,
        rows: Vec<DiscoveredRow>,
    ) -> Result<(), Error> {
        let registration = |it: DiscoveredRow| AssetRegistration {
            id: it.asset.id,
            kind: it.asset.kind,
            name: it.asset.name,
            business_id: it.asset.business_id,
            token: None,
        };
        let registrations = rows.into_iter().map(registration).collect();
        let registered = self
            .vault
            .register_assets(client, registrations, None)
            .await?;
        let is_there = |it: &RegistrationStatus| {
            matches!(it, RegistrationStatus::Created | RegistrationStatus::Exists)
        };
        let there = registered.into_iter().filter(|it| is_there(&it.status));
        let there: Vec<_> = there.map(|it| it.id).collect();
        let tx = self.vault.store.begin(self.scope).await?;
        tx.hold_lease(self.lease).await?;
        tx.mark_discovered_registered(self.discovery.id, &there)
            .await?;
        Ok(tx.commit().await?)
    }

    /// The client that asked for the discovery. It reaches the whole tenant, and `recheck_caller` finds out whether it
    /// still does; no access token of it is involved.
    fn client_principal(&self) -> Principal {
        Principal {
            scope: self.scope.clone(),
            subject: Subject::Client(self.discovery.created_by),
            permissions: Permissions::from_iter([Permission::AssetsWrite]),
            reach: Reach::All,
            reason_required: false,
            reason: None,
            requests_per_second: None,
            token_version: i64::MAX,
            token_id: None,
        }
    }
}
