//! Several links that one call makes.
//!
//! The rule: one transaction makes all of them and stores the result of the call. Where it does not commit there is no link
//! whose address was never shown, and a repetition by the same key makes them.

use regrant_domain::{LinkId, Timestamp};
use regrant_storage::TenantTx;
use serde::Serialize;

use super::{
    BYTES_AN_ID, LinkRequest, LinkView, LinkWithAddress, TenantCapability, check_room_for_links,
    find_visible_link, insert_link,
};
use crate::{Error, Principal, Vault, call::idempotency::IdempotentCall};

impl Vault {
    /// Makes the links and stores what `result` says of them for a repetition of the call.
    ///
    /// # Errors
    /// Those of [`Vault::create_reconnect_link`]; `Raced`: as [`IdempotentCall::store_result`]. No link is made.
    pub(crate) async fn create_links_together<T: Serialize>(
        &self,
        caller: &Principal,
        requests: &[LinkRequest],
        call: Option<&IdempotentCall>,
        result: impl FnOnce(&[LinkId]) -> T,
    ) -> Result<Vec<LinkWithAddress>, Error> {
        if caller.session().is_some() {
            return Err(Error::Restricted);
        }
        for request in requests {
            self.check_link_request(caller, request).await?;
        }
        let now = self.clock.now();
        let records = self.check_record_quota(&caller.scope).await?;
        let tx = self.store.begin(&caller.scope).await?;
        tx.lock_tenant_row().await?;
        if let Some(call) = call {
            call.check_unused(&tx).await?;
        }
        let made = self.insert_links(&tx, caller, requests, now).await?;
        let ids: Vec<LinkId> = made.iter().map(|it| it.link.summary.id).collect();
        if let Some(call) = call {
            call.store_result(&tx, &result(&ids), None, now).await?;
        }
        tx.commit().await?;
        let assets: usize = made.iter().map(|it| it.link.asset_ids.len()).sum();
        records.add(made.len(), assets.saturating_mul(BYTES_AN_ID));
        Ok(made)
    }

    async fn insert_links(
        &self,
        tx: &TenantTx,
        caller: &Principal,
        requests: &[LinkRequest],
        now: Timestamp,
    ) -> Result<Vec<LinkWithAddress>, Error> {
        check_room_for_links(tx, requests.len(), now).await?;
        let mut made = Vec::with_capacity(requests.len());
        for request in requests {
            let address = TenantCapability::mint(caller.tenant())?;
            let link = self.new_link(tx, caller, request, &address, now).await?;
            insert_link(tx, caller, &link).await?;
            let link = find_visible_link(tx, caller, link.id).await?;
            made.push(LinkWithAddress {
                link: LinkView::of_link(link, now),
                address: Some(address),
            });
        }
        Ok(made)
    }
}
