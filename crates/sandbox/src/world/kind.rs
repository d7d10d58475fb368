//! Kinds of assets, and how Graph treats each.

use serde::{Deserialize, Serialize};

/// The kind of a business asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Page,
    AdAccount,
    Business,
    ProductCatalog,
    Pixel,
    InstagramAccount,
    WhatsappBusinessAccount,
}

const PAGE_SCOPES: &[&str] = &["pages_show_list", "pages_read_engagement"];

impl Kind {
    /// The name in scenarios and controls.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::AdAccount => "ad_account",
            Self::Business => "business",
            Self::ProductCatalog => "product_catalog",
            Self::Pixel => "pixel",
            Self::InstagramAccount => "instagram_account",
            Self::WhatsappBusinessAccount => "whatsapp_business_account",
        }
    }

    /// The node type as Graph's error messages name it.
    pub fn node_type(self) -> &'static str {
        match self {
            Self::Page => "Page",
            Self::AdAccount => "AdAccount",
            Self::Business => "Business",
            Self::ProductCatalog => "ProductCatalog",
            Self::Pixel => "AdsPixel",
            Self::InstagramAccount => "IGUser",
            Self::WhatsappBusinessAccount => "WhatsAppBusinessAccount",
        }
    }

    /// The scopes that concern this kind, of which a token needs one to read such a node.
    pub fn own_scopes(self) -> &'static [&'static str] {
        match self {
            Self::Page => PAGE_SCOPES,
            Self::AdAccount | Self::Pixel => &["ads_management", "ads_read"],
            Self::Business => &["business_management"],
            Self::ProductCatalog => &["catalog_management"],
            Self::InstagramAccount => &["instagram_basic", "instagram_business_basic"],
            Self::WhatsappBusinessAccount => &[
                "whatsapp_business_management",
                "whatsapp_business_manage_events",
            ],
        }
    }

    /// Further scopes of which a token needs one: an Instagram account is read through its page.
    pub fn parent_scopes(self) -> &'static [&'static str] {
        match self {
            Self::InstagramAccount => PAGE_SCOPES,
            _ => &[],
        }
    }

    /// The tasks of a person with full control.
    pub fn full_tasks(self) -> &'static [&'static str] {
        match self {
            Self::Page => &[
                "MODERATE",
                "MESSAGING",
                "ANALYZE",
                "ADVERTISE",
                "CREATE_CONTENT",
                "MANAGE",
            ],
            Self::AdAccount => &["DRAFT", "ANALYZE", "ADVERTISE", "MANAGE", "AA_ANALYZE"],
            Self::Pixel => &["AA_ANALYZE", "ADVERTISE", "ANALYZE", "EDIT", "UPLOAD"],
            Self::ProductCatalog => &["AA_ANALYZE", "ADVERTISE", "MANAGE", "MANAGE_AR"],
            Self::WhatsappBusinessAccount => {
                &["DEVELOP", "MANAGE", "MANAGE_PHONE", "MANAGE_TEMPLATES"]
            }
            Self::Business | Self::InstagramAccount => &["MANAGE"],
        }
    }

    /// The tasks that a partner can be given, of which a page has more than a person has.
    pub fn shared_tasks(self) -> Vec<&'static str> {
        let more: &[&str] = match self {
            Self::Page => &[
                "GLOBAL_STRUCTURE_MANAGEMENT",
                "MANAGE_LEADS",
                "MODERATE_COMMUNITY",
                "READ_PAGE_MAILBOXES",
                "VIEW_MONETIZATION_INSIGHTS",
            ],
            _ => &[],
        };
        self.full_tasks().iter().chain(more).copied().collect()
    }

    /// The `type` in the business use case usage header, for kinds that have one.
    pub fn usage_type(self) -> Option<&'static str> {
        match self {
            Self::Page => Some("pages"),
            Self::AdAccount => Some("ads_management"),
            Self::InstagramAccount => Some("instagram"),
            Self::WhatsappBusinessAccount => Some("whatsapp"),
            Self::ProductCatalog => Some("catalog_management"),
            Self::Business | Self::Pixel => None,
        }
    }
}
