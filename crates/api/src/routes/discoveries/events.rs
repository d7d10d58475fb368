//! A discovery as a stream of events (SSE), asset by asset as they are found.

use std::time::Duration;

use actix_web::{
    HttpResponse, get,
    web::{Bytes, Data},
};
use regrant_domain::{DiscoveryId, DiscoveryStatus, Permission};
use regrant_vault::{Error, Principal, Vault};

use super::{
    super::reconnects::events::{
        EventPage, EventSource, EventStreams, LastEventId, StreamPosition, follow, render_event,
    },
    out::{DiscoveredAssetOut, DiscoverySummary},
};
use crate::{
    access::{Caller, ReconnectsPreview},
    extract::PathId,
    problem::{Problem, ProblemOut},
};

/// Follow a discovery.
///
/// The stream sends one event `asset` per asset, with the asset as data and a number as id, then one event `discovery` with
/// status and counts and the id `end`, then it closes. An asset is sent again when it is registered. After a lost connection, continue with
/// `Last-Event-ID`; close the stream on `discovery`. A browser opens the stream with a ticket
/// (`POST /v1/discoveries/{id}/events/tickets`).
#[utoipa::path(
    tag = "discoveries",
    security(("oauth2" = ["reconnects:preview"])),
    params(
        ("id" = String, Path, description = "The discovery's id."),
        ("Last-Event-ID" = Option<String>, Header, description = "Id of the last event received."),
        ("last_event_id" = Option<String>, Query, description = "The same, for clients that cannot set the header."),
        ("ticket" = Option<String>, Query, description = "A ticket for this stream, instead of an access token."),
    ),
    responses(
        (status = 200, description = "The events.", body = String, content_type = "text/event-stream"),
        (status = 204, description = "Nothing more will come after `Last-Event-ID`."),
        (status = 429, description = "`too_many_streams`: too many event streams are open.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/discoveries/{id}/events")]
pub(crate) async fn stream_discovery_events(
    vault: Data<Vault>,
    streams: Data<EventStreams>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<DiscoveryId>,
    last: LastEventId,
) -> Result<HttpResponse, Problem> {
    follow(&streams, vault, caller.principal, id.0, last).await
}

impl EventSource for DiscoveryId {
    const PERMISSION: Permission = Permission::ReconnectsPreview;

    async fn await_progress(self, vault: &Vault, at_most: Duration) {
        vault.await_discovery_progress(self, at_most).await;
    }

    async fn read_page(
        self,
        vault: &Vault,
        caller: &Principal,
        after: i64,
    ) -> Result<EventPage, Error> {
        let mut view = vault.list_discovery_events(caller, self, after).await?;
        let assets = std::mem::take(&mut view.assets);
        let Some(last) = assets.last().map(|it| it.event_seq) else {
            let is_over = view.status != DiscoveryStatus::Running;
            return Ok(EventPage {
                events: None,
                end: is_over.then(|| {
                    render_event(
                        "discovery",
                        StreamPosition::End,
                        &DiscoverySummary::from(view),
                    )
                }),
            });
        };
        let text: Vec<u8> = assets
            .into_iter()
            .flat_map(|it| {
                let number = it.event_seq;
                render_event(
                    "asset",
                    StreamPosition::Number(number),
                    &DiscoveredAssetOut::from(it),
                )
            })
            .collect();
        Ok(EventPage {
            events: Some((last, Bytes::from(text))),
            end: None,
        })
    }
}
