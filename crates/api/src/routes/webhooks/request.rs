//! Requests about webhook endpoints.

use crate::{
    cursor::{Cursor, Limit},
    json::{ListIn, Moment, Values},
    problem::Problem,
    schema,
};
use regrant_domain::{
    DeliveryId, EventId, EventKind,
    webhook::{AssetEvents, DeliveryStatus, EndpointStatus, EventFilter},
};
use regrant_vault::ReplaySelection;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// A webhook endpoint to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookEndpoint {
    /// Address of the endpoint: https, port 443 or 8443, a public host name.
    #[schema(max_length = 2048, example = "https://hooks.example.com/regrant")]
    pub(super) url: String,
    /// Kinds of events to send; all kinds by default or with `*`.
    #[schema(schema_with = schema::event_kinds, required = false)]
    pub(super) kinds: Option<ListIn<EventKindIn>>,
    /// Form of the events about assets, by default `single`: one event for each change. `bulk` collects changes for two
    /// seconds and sends `assets.changed` for up to 500 assets.
    #[schema(schema_with = schema::asset_events, required = false)]
    pub(super) asset_events: Option<AssetEventsIn>,
}

/// Changes of a webhook endpoint; absent fields stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEndpointChange {
    /// Address of the endpoint.
    #[schema(max_length = 2048)]
    pub(super) url: Option<String>,
    /// Kinds of events to send.
    #[schema(schema_with = schema::event_kinds, required = false)]
    pub(super) kinds: Option<ListIn<EventKindIn>>,
    /// Form of the events about assets.
    #[schema(schema_with = schema::asset_events, required = false)]
    pub(super) asset_events: Option<AssetEventsIn>,
    /// Whether Regrant sends events. Enabling resets the record of failures.
    #[schema(schema_with = schema::endpoint_status, required = false)]
    pub(super) status: Option<EndpointStatusIn>,
}

/// How long the previous secret keeps signing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateWebhookSecret {
    /// Seconds for which both secrets sign, at most 30 days; 0 ends the previous one within about a second.
    #[serde(default = "default_overlap_seconds")]
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    pub(super) overlap_seconds: u64,
}

/// The events to replay. Give exactly one of `event_id` and `since`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhooks {
    /// One event, even if it was never sent to this endpoint.
    #[schema(value_type = Option<String>)]
    event_id: Option<EventId>,
    /// All events since this moment (RFC 3339) whose delivery failed.
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    since: Option<Moment>,
}

/// Filter and page of a list of deliveries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WebhookDeliveryFilter {
    /// Only deliveries with one of these statuses: repeated, or separated by commas.
    #[serde(default)]
    #[param(schema_with = schema::delivery_statuses, required = false)]
    pub(super) status: Values<DeliveryStatusIn>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Cursor<DeliveryId>>,
    /// Number of entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Limit,
}

/// A kind of event; `None` means all kinds.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EventKindIn(Option<EventKind>);

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AssetEventsIn(pub(super) AssetEvents);

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct EndpointStatusIn(pub(super) EndpointStatus);

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DeliveryStatusIn(pub(super) DeliveryStatus);

/// The filter of the field `kinds`; `*` beside other kinds means all kinds.
pub(super) fn event_filter(
    kinds: Option<ListIn<EventKindIn>>,
) -> Result<Option<EventFilter>, Problem> {
    let Some(ListIn(kinds)) = kinds else {
        return Ok(None);
    };
    if kinds.is_empty() {
        return Err(Problem::invalid_field(
            "kinds",
            "expected at least one kind, or `*`",
        ));
    }
    let only: Option<BTreeSet<_>> = kinds.into_iter().map(|it| it.0).collect();
    Ok(Some(only.map_or(EventFilter::All, EventFilter::Only)))
}

impl ReplayWebhooks {
    pub(super) fn into_replay(self) -> Result<ReplaySelection, Problem> {
        match (self.event_id, self.since) {
            (Some(event), None) => Ok(ReplaySelection::Event(event)),
            (None, Some(since)) => Ok(ReplaySelection::FailedSince(since.0)),
            (None, None) => Err(Problem::invalid_field(
                "event_id",
                "is required unless `since` is given",
            )),
            (Some(_), Some(_)) => Err(Problem::invalid_field(
                "since",
                "cannot be combined with `event_id`",
            )),
        }
    }
}

const fn default_overlap_seconds() -> u64 {
    86_400
}

impl TryFrom<String> for EventKindIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "*" => Ok(Self(None)),
            text => text
                .parse()
                .map(Some)
                .map(Self)
                .map_err(|_| "expected a kind of event, or `*`"),
        }
    }
}

impl TryFrom<String> for AssetEventsIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected `single` or `bulk`")
    }
}

impl TryFrom<String> for EndpointStatusIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected `enabled` or `disabled`")
    }
}

impl TryFrom<String> for DeliveryStatusIn {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected `pending`, `delivered` or `failed`")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Node, read_request};

    fn faulty_fields<T: serde::de::DeserializeOwned>(text: &str) -> Vec<String> {
        let faults = read_request::<T>(Node::parse_document(text.as_bytes()).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn every_faulty_kind_is_reported() {
        let text = r#"{"url":"https://a.example","kinds":["asset.expiring","asset.gone","*",3]}"#;
        assert_eq!(
            faulty_fields::<NewWebhookEndpoint>(text),
            ["kinds[1]", "kinds[3]"]
        );
        assert_eq!(
            faulty_fields::<WebhookEndpointChange>(r#"{"status":"asleep"}"#),
            ["status"]
        );
    }

    #[test]
    fn a_star_means_all_kinds_and_an_empty_list_is_refused() {
        let kinds = |text: &str| {
            let change: WebhookEndpointChange =
                read_request(Node::parse_document(text.as_bytes()).unwrap()).unwrap();
            event_filter(change.kinds)
        };
        assert_eq!(
            kinds(r#"{"kinds":["asset.expiring","*"]}"#).unwrap(),
            Some(EventFilter::All)
        );
        let only = BTreeSet::from([EventKind::AssetExpiring]);
        assert_eq!(
            kinds(r#"{"kinds":["asset.expiring"]}"#).unwrap(),
            Some(EventFilter::Only(only))
        );
        assert_eq!(kinds("{}").unwrap(), None);
        assert!(kinds(r#"{"kinds":[]}"#).is_err());
    }

    #[test]
    fn a_replay_names_an_event_or_a_moment() {
        let replay = |text: &str| {
            let replay: ReplayWebhooks =
                read_request(Node::parse_document(text.as_bytes()).unwrap()).unwrap();
            replay.into_replay()
        };
        let event = EventId::mint();
        assert!(
            matches!(replay(&format!(r#"{{"event_id":"{event}"}}"#)), Ok(ReplaySelection::Event(it)) if it == event)
        );
        assert!(matches!(
            replay(r#"{"since":"2026-01-31T00:00:00Z"}"#),
            Ok(ReplaySelection::FailedSince(_))
        ));
        assert!(replay("{}").is_err());
        assert!(
            replay(&format!(
                r#"{{"event_id":"{event}","since":"2026-01-31T00:00:00Z"}}"#
            ))
            .is_err()
        );
    }
}
