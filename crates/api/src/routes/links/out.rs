//! A link as responses show it.
//!
//! The rule: only the response that made the link contains its address.

use chrono::{DateTime, Utc};
use regrant_domain::{
    AssetId, ClientId, LinkId, LinkStatus, Locale, PageUrl, PersonId, ReconnectSessionId,
};
use regrant_vault::{LinkSummary, LinkView, LinkWithAddress};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{extract::HostedBase, schema};

/// A link without its assets.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectLinkSummary)]
pub(crate) struct LinkSummaryOut {
    /// Id of the link.
    #[schema(value_type = String, example = "lnk_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: LinkId,
    /// Client that made the link.
    #[schema(value_type = String)]
    client_id: ClientId,
    /// `open`: no person has given a consent with it yet. `used`: a person has. `revoked`, `expired`: it opens nothing.
    #[schema(schema_with = schema::link_status)]
    status: LinkStatus,
    /// Person who should open the link; null if not set.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Whether consents of other persons are refused.
    require_person: bool,
    /// Number of its assets.
    asset_count: u32,
    /// Language of the pages.
    #[schema(schema_with = schema::locale)]
    locale: Locale,
    /// Page to which the person is led back at the end.
    #[schema(value_type = Option<String>)]
    return_url: Option<PageUrl>,
    /// Session in which the consent is used: reconnects and audit events name it. Null before that.
    #[schema(value_type = Option<String>)]
    session_id: Option<ReconnectSessionId>,
    /// When the link was made.
    created_at: DateTime<Utc>,
    /// When the link ends or ended.
    expires_at: DateTime<Utc>,
    /// When a person first gave a consent with it.
    used_at: Option<DateTime<Utc>>,
    /// When the tenant revoked it.
    revoked_at: Option<DateTime<Utc>>,
}

/// A link.
#[derive(Serialize, ToSchema)]
#[schema(as = ReconnectLink)]
pub(crate) struct LinkOut {
    /// The link without its assets.
    #[serde(flatten)]
    summary: LinkSummaryOut,
    /// Assets of the link.
    #[schema(value_type = Vec<String>)]
    asset_ids: Vec<AssetId>,
}

/// A link with its address, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeReconnectLink)]
pub(crate) struct MadeLinkOut {
    /// The link.
    #[serde(flatten)]
    link: LinkOut,
    /// Address of its page, to be given to its person alone; null if the call repeats the one that made the link.
    #[schema(required)]
    url: Option<String>,
}

impl MadeLinkOut {
    /// A link that was made, with its address below `base`.
    pub(in crate::routes) fn new(made: LinkWithAddress, base: &HostedBase) -> Self {
        Self {
            link: made.link.into(),
            url: made.address.map(|it| base.link_url(&it)),
        }
    }
}

impl From<(LinkStatus, LinkSummary)> for LinkSummaryOut {
    fn from((status, it): (LinkStatus, LinkSummary)) -> Self {
        Self {
            id: it.id,
            client_id: it.client,
            status,
            person_id: it.person_id,
            require_person: it.require_person,
            asset_count: it.asset_count,
            locale: it.locale,
            return_url: it.return_url,
            session_id: it.session,
            created_at: it.times.created_at,
            expires_at: it.times.expires_at,
            used_at: it.times.used_at,
            revoked_at: it.times.revoked_at,
        }
    }
}

impl From<LinkView> for LinkOut {
    fn from(it: LinkView) -> Self {
        Self {
            summary: (it.status, it.summary).into(),
            asset_ids: it.asset_ids,
        }
    }
}
