//! Several links that one call makes.
//!
//! The rule: one transaction makes all of them and stores the result of the call. Where it does not commit there is no link
//! whose address was never shown, and a repetition by the same key makes them. It holds the tenant's row, so what needs no
//! lock is read before it begins.

use chrono::SubsecRound;
use regrant_domain::{LinkId, LinkTimes, Timestamp};
use regrant_storage::{LinkSummary, NewLink};
use serde::Serialize;

use super::{
    BYTES_AN_ID, LinkRequest, LinkView, LinkWithAddress, TenantCapability, check_room_for_links,
    insert_link,
};
use crate::{Error, Principal, Vault, call::idempotency::IdempotentCall};

/// A link that is not stored yet, with the secret of its address.
struct PreparedLink {
    link: NewLink,
    address: TenantCapability,
}

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
        let links = self.prepare_links(caller, requests, now).await?;
        let ids: Vec<LinkId> = links.iter().map(|it| it.link.id).collect();
        let tx = self.store.begin(&caller.scope).await?;
        tx.lock_tenant_row().await?;
        if let Some(call) = call {
            call.check_unused(&tx).await?;
        }
        check_room_for_links(&tx, links.len(), now).await?;
        for it in &links {
            insert_link(&tx, caller, &it.link).await?;
        }
        if let Some(call) = call {
            call.store_result(&tx, &result(&ids), None, now).await?;
        }
        tx.commit().await?;
        let assets: usize = links.iter().map(|it| it.link.asset_ids.len()).sum();
        records.add(links.len(), assets.saturating_mul(BYTES_AN_ID));
        Ok(links.into_iter().map(|it| it.show(now)).collect())
    }

    /// Finds the assets of the links, and mints their addresses.
    async fn prepare_links(
        &self,
        caller: &Principal,
        requests: &[LinkRequest],
        now: Timestamp,
    ) -> Result<Vec<PreparedLink>, Error> {
        let tx = self.store.begin_read(&caller.scope).await?;
        let mut links = Vec::with_capacity(requests.len());
        for request in requests {
            let address = TenantCapability::mint(caller.tenant())?;
            let link = self.new_link(&tx, caller, request, &address, now).await?;
            links.push(PreparedLink { link, address });
        }
        tx.commit().await?;
        Ok(links)
    }
}

impl PreparedLink {
    /// The link as it is read back: the database keeps whole microseconds.
    fn show(self, now: Timestamp) -> LinkWithAddress {
        let link = self.link;
        let times = LinkTimes {
            created_at: link.created_at.trunc_subsecs(6),
            expires_at: link.expires_at.trunc_subsecs(6),
            used_at: None,
            revoked_at: None,
        };
        let status = times.status(now);
        let summary = LinkSummary {
            id: link.id,
            client: link.client,
            person_id: link.person_id,
            require_person: link.require_person,
            asset_count: u32::try_from(link.asset_ids.len()).unwrap_or(u32::MAX),
            locale: link.locale,
            return_url: link.return_url,
            times,
            session: None,
        };
        LinkWithAddress {
            link: LinkView {
                summary,
                status,
                asset_ids: link.asset_ids,
            },
            address: Some(self.address),
        }
    }
}
