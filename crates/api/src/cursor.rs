//! Pages of lists: cursors and limits.
//!
//! The rule: a cursor is opaque to callers. It is a position, not a right: it is checked like any other input.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use regrant_domain::{
    AssetId, CalendarFeedId, ConsentId, DeliveryId, DiscoveryId, LinkId, OperatorId, PersonId,
    PreviewId, ReconnectId, ReconnectSessionId, TenantId,
};
use regrant_vault::{ForecastCursor, UnknownErrorCursor};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Fault;

/// The largest number of entries in a page.
pub(crate) const MAX_LIMIT: u32 = 200;
/// The number of entries if the caller names none.
const DEFAULT_LIMIT: u32 = 50;

/// A position in a list, after which the next page begins.
pub(crate) trait Position: std::str::FromStr + std::fmt::Display {
    /// Prefix that separates the cursors of this list from those of other lists.
    const LIST: &'static str;
}

impl Position for AssetId {
    const LIST: &'static str = "assets:";
}

impl Position for PersonId {
    const LIST: &'static str = "persons:";
}

impl Position for ForecastCursor {
    const LIST: &'static str = "forecast:";
}

impl Position for UnknownErrorCursor {
    const LIST: &'static str = "graph_errors:";
}

impl Position for ReconnectId {
    const LIST: &'static str = "reconnects:";
}

impl Position for ReconnectSessionId {
    const LIST: &'static str = "reconnect_sessions:";
}

impl Position for LinkId {
    const LIST: &'static str = "reconnect_links:";
}

impl Position for CalendarFeedId {
    const LIST: &'static str = "calendar_feeds:";
}

impl Position for ConsentId {
    const LIST: &'static str = "consents:";
}

impl Position for DiscoveryId {
    const LIST: &'static str = "discoveries:";
}

impl Position for PreviewId {
    const LIST: &'static str = "reconnect_previews:";
}

/// The number of an event of a discovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EventSeq(pub(crate) i64);

impl std::str::FromStr for EventSeq {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for EventSeq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Position for EventSeq {
    const LIST: &'static str = "discovered:";
}

impl Position for DeliveryId {
    const LIST: &'static str = "deliveries:";
}

impl Position for TenantId {
    const LIST: &'static str = "tenants:";
}

impl Position for OperatorId {
    const LIST: &'static str = "operators:";
}

/// The number of an event in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AuditSeq(pub(crate) i64);

impl std::str::FromStr for AuditSeq {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl std::fmt::Display for AuditSeq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Position for AuditSeq {
    const LIST: &'static str = "audit:";
}

/// A cursor that a caller sent.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String", bound = "P: Position")]
pub(crate) struct Cursor<P>(pub(crate) P);

impl<P: Position> TryFrom<String> for Cursor<P> {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let refused = "expected a `next_cursor` of this list";
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| refused)?;
        let text = std::str::from_utf8(&bytes).map_err(|_| refused)?;
        let position = text.strip_prefix(P::LIST).ok_or(refused)?;
        position.parse().map(Self).map_err(|_| refused)
    }
}

/// The cursor of the page after `position`.
pub(crate) fn encode_cursor<P: Position>(position: &P) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}{position}", P::LIST))
}

/// The number of entries of a page: 1 to 200, 50 by default.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Limit(pub(crate) u32);

impl Default for Limit {
    fn default() -> Self {
        Self(DEFAULT_LIMIT)
    }
}

impl TryFrom<String> for Limit {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let limit = text.parse().ok().filter(|it| (1..=MAX_LIMIT).contains(it));
        limit
            .map(Self)
            .ok_or("expected a whole number from 1 to 200")
    }
}

/// Which page of a list to read.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageQuery {
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
    /// Number of entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

impl PageQuery {
    /// The position after which the page begins, and the largest number of entries.
    pub(crate) fn into_parts<P: Position>(self) -> Result<(Option<P>, u32), Fault> {
        let cursor = self.cursor.map(Cursor::try_from).transpose();
        let cursor = cursor.map_err(|detail| Fault {
            field: "cursor".to_owned(),
            detail: detail.to_owned(),
        })?;
        Ok((cursor.map(|it| it.0), self.limit.0))
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// Entries.
    pub(crate) data: Vec<T>,
    /// Whether more entries follow.
    pub(crate) has_more: bool,
    /// Send it as `cursor` to get the next page.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A page; `next` is the position of its last entry if more entries follow.
    pub(crate) fn with_next<P: Position>(data: Vec<T>, next: Option<&P>) -> Self {
        Self {
            data,
            has_more: next.is_some(),
            next_cursor: next.map(encode_cursor),
        }
    }

    /// A list that fits into one page.
    pub(crate) fn only_page(data: Vec<T>) -> Self {
        Self {
            data,
            has_more: false,
            next_cursor: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_position() {
        let id: AssetId = "act_42".parse().unwrap();
        assert_eq!(
            Cursor::<AssetId>::try_from(encode_cursor(&id)).unwrap().0,
            id
        );
    }

    #[test]
    fn a_cursor_of_another_list_is_refused() {
        let other = encode_cursor(&ReconnectId::mint());
        for text in [
            other.as_str(),
            "",
            "act_42",
            "YXNzZXRzOg",
            "YXNzZXRzOjEvLi4",
            "%%%",
        ] {
            assert!(
                Cursor::<AssetId>::try_from(text.to_owned()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn a_page_has_one_to_two_hundred_entries() {
        assert_eq!(Limit::try_from("200".to_owned()).unwrap().0, 200);
        for text in ["0", "201", "-1", "", "1e2"] {
            assert!(Limit::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
