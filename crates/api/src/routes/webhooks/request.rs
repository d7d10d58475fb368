//! What callers say of webhook endpoints, read strictly.

use crate::{
    cursor::{Cursor, Limit},
    json::{All, Moment},
    problem::Problem,
    schema,
};
use regrant_domain::{
    DeliveryId, EventId, EventKind,
    webhook::{DeliveryStatus, EndpointStatus, EventFilter},
};
use regrant_vault::Replay;
use serde::Deserialize;
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};

/// An endpoint to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewWebhookEndpoint {
    /// Where webhooks are sent: https, port 443 or 8443, the public name of a host.
    #[schema(max_length = 2048, example = "https://hooks.example.com/regrant")]
    pub(super) url: String,
    /// The kinds of events it is told; `*`, and nothing at all, stand for every kind.
    #[schema(schema_with = schema::event_kinds, required = false)]
    pub(super) kinds: Option<All<KindIn>>,
}

/// What is to change; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookEndpointChange {
    /// Where webhooks are sent.
    #[schema(max_length = 2048)]
    pub(super) url: Option<String>,
    /// The kinds of events it is told.
    #[schema(schema_with = schema::event_kinds, required = false)]
    pub(super) kinds: Option<All<KindIn>>,
    /// Whether it is told anything. Enabling forgets that it failed.
    #[schema(schema_with = schema::endpoint_status, required = false)]
    pub(super) status: Option<StatusIn>,
}

/// How long the older secret goes on signing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateWebhookSecret {
    /// Both secrets sign for so many seconds, at most 30 days; 0 ends the older one at once.
    #[serde(default = "a_day")]
    #[schema(minimum = 0, maximum = 2_592_000, default = 86_400)]
    pub(super) overlap_seconds: u64,
}

/// What is to be sent again. Exactly one of `event_id` and `since` is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReplayWebhooks {
    /// One event, also if this endpoint never had it.
    #[schema(value_type = Option<String>)]
    event_id: Option<EventId>,
    /// Everything that failed, of events from this moment on (RFC 3339).
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    since: Option<Moment>,
}

/// Which deliveries to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WebhookDeliveryFilter {
    /// Only in this state.
    #[param(schema_with = schema::delivery_status, required = false)]
    pub(super) status: Option<DeliveryStatusIn>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub(super) cursor: Option<Cursor<DeliveryId>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Limit,
}

/// A kind of event; `None` for every kind.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct KindIn(Option<EventKind>);

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct StatusIn(pub(super) EndpointStatus);

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct DeliveryStatusIn(pub(super) DeliveryStatus);

/// What `kinds` asks for; `*` beside others is every kind all the same.
pub(super) fn filter(kinds: Option<All<KindIn>>) -> Result<Option<EventFilter>, Problem> {
    let Some(All(kinds)) = kinds else {
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
    pub(super) fn what(self) -> Result<Replay, Problem> {
        match (self.event_id, self.since) {
            (Some(event), None) => Ok(Replay::Event(event)),
            (None, Some(since)) => Ok(Replay::FailedSince(since.0)),
            (None, None) => Err(Problem::invalid_field(
                "event_id",
                "is required, unless `since` is given",
            )),
            (Some(_), Some(_)) => Err(Problem::invalid_field(
                "since",
                "does not go with `event_id`",
            )),
        }
    }
}

const fn a_day() -> u64 {
    86_400
}

impl TryFrom<String> for KindIn {
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

impl TryFrom<String> for StatusIn {
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
    use crate::json::{Node, read};

    fn faulty_fields<T: serde::de::DeserializeOwned>(text: &str) -> Vec<String> {
        let faults = read::<T>(Node::parse(text.as_bytes()).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn every_faulty_kind_is_named() {
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
    fn a_star_is_every_kind_and_an_empty_list_is_none() {
        let kinds = |text: &str| {
            let change: WebhookEndpointChange =
                read(Node::parse(text.as_bytes()).unwrap()).unwrap();
            filter(change.kinds)
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
            let replay: ReplayWebhooks = read(Node::parse(text.as_bytes()).unwrap()).unwrap();
            replay.what()
        };
        let event = EventId::mint();
        assert!(
            matches!(replay(&format!(r#"{{"event_id":"{event}"}}"#)), Ok(Replay::Event(it)) if it == event)
        );
        assert!(matches!(
            replay(r#"{"since":"2026-01-31T00:00:00Z"}"#),
            Ok(Replay::FailedSince(_))
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
