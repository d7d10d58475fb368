//! A preview as a stream of events (SSE), asset by asset as their coverage is known.

use std::time::Duration;

use actix_web::{
    HttpResponse, get,
    web::{Bytes, Data},
};
use regrant_domain::{Locale, Permission, PreviewFinding, PreviewId, PreviewStatus};
use regrant_vault::{Error, PreviewEvent, Principal, Vault};

use super::{
    super::events::{
        EventPage, EventSource, EventStreams, LastEventId, StreamPosition, follow, render_event,
    },
    out::{LeftOutOut, PreviewItemOut, PreviewSummary, ReachableOut},
};
use crate::{
    access::{Caller, ReconnectsPreview},
    extract::{Language, PathId},
    problem::{Problem, ProblemOut},
};

/// Follow a preview of the caller.
///
/// The stream sends one event `item` per asset, as soon as its coverage is known; then one event `left_out` per asset that
/// the log-in leaves out, and one event `reachable` per new asset; each has a number as id. It ends with one event `preview`
/// with status, plan and counts and the id `end`, then it closes. An item is sent again if its coverage has changed by the end of the preview. After a lost
/// connection, continue with `Last-Event-ID`; close the stream on `preview`.
/// A browser opens the stream with a ticket (`POST /v1/reconnect-previews/{id}/events/tickets`).
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    params(
        ("id" = String, Path, description = "The preview's id."),
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
#[get("/reconnect-previews/{id}/events")]
pub(crate) async fn stream_preview_events(
    vault: Data<Vault>,
    streams: Data<EventStreams>,
    caller: Caller<ReconnectsPreview>,
    id: PathId<PreviewId>,
    last: LastEventId,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let source = PreviewEvents {
        id: id.0,
        locale: language.0,
    };
    follow(&streams, vault, caller.principal, source, last).await
}

/// What a preview finds, in the language of the reader.
#[derive(Clone, Copy)]
struct PreviewEvents {
    id: PreviewId,
    locale: Locale,
}

impl EventSource for PreviewEvents {
    const PERMISSION: Permission = Permission::ReconnectsPreview;

    async fn await_progress(self, vault: &Vault, at_most: Duration) {
        vault.await_preview_progress(self.id, at_most).await;
    }

    async fn read_page(
        self,
        vault: &Vault,
        caller: &Principal,
        after: i64,
    ) -> Result<EventPage, Error> {
        let page = vault.list_preview_events(caller, self.id, after).await?;
        let Some(last) = page.events.last().map(|it| it.event_seq) else {
            let is_over = page.preview.status != PreviewStatus::Running;
            let summary = || PreviewSummary::from(page.preview);
            return Ok(EventPage {
                events: None,
                end: is_over.then(|| render_event("preview", StreamPosition::End, &summary())),
            });
        };
        let events = page.events.into_iter();
        let text: Vec<u8> = events.flat_map(|it| self.render_finding(it)).collect();
        Ok(EventPage {
            events: Some((last, Bytes::from(text))),
            end: None,
        })
    }
}

impl PreviewEvents {
    fn render_finding(self, event: PreviewEvent) -> Bytes {
        let (name, number) = (
            event.finding.as_str(),
            StreamPosition::Number(event.event_seq),
        );
        match event.finding {
            PreviewFinding::Item(it) => {
                render_event(name, number, &PreviewItemOut::in_language(it, self.locale))
            }
            PreviewFinding::LeftOut(it) => render_event(name, number, &LeftOutOut::from(it)),
            PreviewFinding::Reachable(it) => render_event(name, number, &ReachableOut::from(it)),
        }
    }
}
