//! Links as the API shows them to the tenant's clients.

use regrant_domain::{AssetId, LinkId, LinkStatus, Timestamp};
use regrant_storage::{Link, LinkSummary};

use super::address::TenantCapability;

/// A new link with the secret of its address.
pub struct LinkWithAddress {
    /// The link.
    pub link: LinkView,
    /// The secret, shown once; `None` if this request repeats the one that made the link.
    pub address: Option<TenantCapability>,
}

/// A link as the tenant's clients see it.
#[derive(Debug, Clone)]
pub struct LinkView {
    /// The link without its assets.
    pub summary: LinkSummary,
    /// Its status at the moment of the request.
    pub status: LinkStatus,
    /// Its assets.
    pub asset_ids: Vec<AssetId>,
}

/// One page of links, newest first.
pub struct LinkList {
    /// The links with their status, without their assets.
    pub data: Vec<(LinkStatus, LinkSummary)>,
    /// The cursor of the next page; `None` on the last page.
    pub next: Option<LinkId>,
}

impl LinkView {
    pub(super) fn of_link(link: Link, now: Timestamp) -> Self {
        Self {
            status: link.times().status(now),
            summary: link.summary,
            asset_ids: link.asset_ids,
        }
    }
}
