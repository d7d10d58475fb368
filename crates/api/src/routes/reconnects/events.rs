//! A reconnect as a stream of events (SSE), item by item as they are settled.
//!
//! The rule: the stream reads from the database. A wake-up only says when to read, `Last-Event-ID` says where to
//! continue, and nothing is buffered for a slow reader: the next page is read after the previous one was sent.
//! Start at `events/reader.rs`; `events/streams.rs` limits the open streams.

mod last_event_id;
mod reader;
mod streams;

use actix_web::{HttpResponse, get, web::Data};
use futures_util::{StreamExt, stream};
use regrant_domain::ReconnectId;
use regrant_vault::Vault;

pub(crate) use self::streams::EventStreams;
use self::{last_event_id::LastEventId, reader::EventReader};
use crate::{
    access::{Caller, ReconnectsWrite},
    extract::{Language, PathId},
    problem::{Problem, ProblemOut},
};

/// Follow a reconnect.
///
/// The stream sends one event `item` per settled item, with the item as data and a number as id, in the order of
/// settling, then one event `reconnect` with status and counts, then it closes. A deferred item is sent again when it
/// settles. After a lost connection, continue with `Last-Event-ID`; close the stream on `reconnect`. The stream also ends
/// within seconds when the session or client of its reader ends, or may no longer read the reconnect.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(
        ("id" = String, Path, description = "The reconnect's id."),
        ("Last-Event-ID" = Option<u64>, Header, description = "Id of the last event received."),
        ("last_event_id" = Option<u64>, Query, description = "The same, for clients that cannot set the header."),
    ),
    responses(
        (status = 200, description = "The events.", body = String, content_type = "text/event-stream"),
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
    let follower = streams.open_reader(vault, caller.principal, (id.0, last.0), language.0)?;
    follower.check_exists().await?;
    Ok(stream_response(follower))
}

fn stream_response(follower: EventReader) -> HttpResponse {
    let pieces = stream::unfold(Some(follower), |follower| async move {
        follower?.next_chunk().await
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // Asks proxies not to buffer, which would delay events.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(pieces.map(Ok::<_, std::convert::Infallible>))
}
