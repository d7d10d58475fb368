//! The events of a tenant as a list: what webhooks reported, or would have reported.

use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{EventId, EventKind};
use regrant_vault::{EventQuery, StoredEvent, Vault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    access::{Caller, EventsRead},
    cursor::{Limit, Page},
    json::{Query, Values},
    problem::Problem,
    schema,
};

/// Which events to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventFilter {
    /// Only events after the one with this id.
    #[param(value_type = Option<String>, example = "evt_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    after: Option<EventId>,
    /// Only events of one of these kinds: repeated, or separated by commas. By default all kinds but `assets.changed` and
    /// `webhook.test`.
    #[serde(default)]
    #[param(schema_with = schema::listed_event_kinds, required = false)]
    kind: Values<EventKindText>,
    /// Number of entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
struct EventKindText(EventKind);

impl TryFrom<String> for EventKindText {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
            .map(Self)
            .map_err(|_| "expected a kind of event")
    }
}

/// An event, as a webhook reports it.
#[derive(Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct EventOut {
    /// Id of the event; the `webhook-id` of its webhooks.
    #[schema(value_type = String, example = "evt_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: EventId,
    /// Kind of the event.
    #[serde(rename = "type")]
    #[schema(schema_with = schema::event_kind)]
    kind: EventKind,
    /// When it happened.
    timestamp: DateTime<Utc>,
    /// What happened; `webhooks` describes it for each kind.
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

/// List the events of the last 30 days, oldest first.
///
/// Events are listed whether or not an endpoint receives them, three seconds after they were written, in an order that
/// does not change. To follow them, send the id of the last event that you read as `after`.
#[utoipa::path(
    tag = "webhooks",
    security(("oauth2" = ["events:read"])),
    params(EventFilter),
    responses((status = 200, description = "One page of events. `next_cursor` is the id to send as `after`.",
        body = Page<EventOut>)),
)]
#[get("/events")]
pub(crate) async fn list_events(
    vault: Data<Vault>,
    caller: Caller<EventsRead>,
    Query(filter): Query<EventFilter>,
) -> Result<HttpResponse, Problem> {
    let query = EventQuery {
        after: filter.after,
        kinds: filter.kind.0.into_iter().map(|it| it.0).collect(),
    };
    let list = vault
        .list_events(&caller.principal, query, filter.limit.0)
        .await?;
    Ok(HttpResponse::Ok().json(Page {
        data: list.data.into_iter().map(EventOut::from).collect(),
        has_more: list.next.is_some(),
        next_cursor: list.next.map(|it| it.to_string()),
    }))
}

impl From<StoredEvent> for EventOut {
    fn from(it: StoredEvent) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            timestamp: it.created_at,
            data: it.data,
        }
    }
}
