//! Reconnects and other long work as streams of events (SSE), item by item as they are settled.
//!
//! The rule: the stream reads from the database. A wake-up only says when to read, `Last-Event-ID` says where to
//! continue, and nothing is buffered for a slow reader: the next page is read after the previous one was sent.
//! Start at `events/reader.rs`; `events/streams.rs` limits the open streams.

mod last_event_id;
mod reader;
mod streams;
pub(crate) mod tickets;

use std::time::Duration;

use actix_web::{
    HttpResponse, get,
    web::{Bytes, Data},
};
use futures_util::{StreamExt, stream};
use regrant_domain::{Locale, Permission, ReconnectId, ReconnectStatus};
use regrant_vault::{Error, Principal, Vault};

pub(crate) use self::{
    last_event_id::{LastEventId, StreamPosition},
    reader::{EventPage, EventSource, render_event},
    streams::EventStreams,
};
use super::out::{ItemOut, ReconnectSummary};
use crate::{
    access::{Caller, ReconnectsWrite},
    extract::{Language, PathId},
    problem::{Problem, ProblemOut},
};

/// How long a browser waits before it comes back after a lost connection, in milliseconds.
const RETRY: &[u8] = b"retry: 3000\n\n";

/// Follow a reconnect.
///
/// The stream sends one event `item` per settled item, with the item as data and a number as id, in the order of
/// settling, then one event `reconnect` with status and counts and the id `end`, then it closes. A deferred item is sent
/// again when it settles. After a lost connection, continue with `Last-Event-ID`; close the stream on `reconnect`. The
/// stream also ends within seconds when the session or client of its reader ends, or may no longer read the reconnect.
///
/// An `EventSource` of a browser, which can send no access token, opens the stream with a ticket
/// (`POST /v1/reconnects/{id}/events/tickets`).
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(
        ("id" = String, Path, description = "The reconnect's id."),
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
#[get("/reconnects/{id}/events")]
pub(crate) async fn stream_reconnect_events(
    vault: Data<Vault>,
    streams: Data<EventStreams>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectId>,
    last: LastEventId,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let source = ReconnectEvents {
        id: id.0,
        locale: language.0,
    };
    follow(&streams, vault, caller.principal, source, last).await
}

/// Streams the events of an object to a caller that may read it.
pub(crate) async fn follow(
    streams: &EventStreams,
    vault: Data<Vault>,
    caller: Principal,
    source: impl EventSource,
    last: LastEventId,
) -> Result<HttpResponse, Problem> {
    let reader = streams.open_reader(vault, caller, source, last.0)?;
    let is_over = reader.check_exists().await?;
    if is_over && last.0 == StreamPosition::End {
        // By the standard, an EventSource that gets this stops.
        return Ok(HttpResponse::NoContent().finish());
    }
    let pieces = stream::unfold(
        Some(reader),
        |reader| async move { reader?.next_chunk().await },
    );
    let pieces = stream::iter([Bytes::from_static(RETRY)]).chain(pieces);
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Asks proxies not to buffer, which would delay events.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(pieces.map(Ok::<_, std::convert::Infallible>)))
}

/// The items of a reconnect as they settle, in the language of the reader.
#[derive(Clone, Copy)]
struct ReconnectEvents {
    id: ReconnectId,
    locale: Locale,
}

impl EventSource for ReconnectEvents {
    const PERMISSION: Permission = Permission::ReconnectsWrite;

    async fn await_progress(self, vault: &Vault, at_most: Duration) {
        vault.await_progress(self.id, at_most).await;
    }

    async fn read_page(
        self,
        vault: &Vault,
        caller: &Principal,
        after: i64,
    ) -> Result<EventPage, Error> {
        let (items, view) = vault.list_events_after(caller, self.id, after).await?;
        let Some(last) = items.iter().filter_map(|it| it.event_seq).max() else {
            let is_over = view.status != ReconnectStatus::Running;
            return Ok(EventPage {
                events: None,
                end: is_over.then(|| {
                    render_event(
                        "reconnect",
                        StreamPosition::End,
                        &ReconnectSummary::from(view),
                    )
                }),
            });
        };
        let numbered = items
            .into_iter()
            .filter_map(|it| Some((it.event_seq?, ItemOut::in_language(it, self.locale))));
        let text: Vec<u8> = numbered
            .flat_map(|(number, item)| render_event("item", StreamPosition::Number(number), &item))
            .collect();
        Ok(EventPage {
            events: Some((last, Bytes::from(text))),
            end: None,
        })
    }
}
