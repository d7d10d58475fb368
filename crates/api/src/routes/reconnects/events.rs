//! A reconnect as a stream of events (SSE), item by item as they settle.
//!
//! The rule: the database is the stream. A wake-up is a hint to read it, `Last-Event-ID` is where to read on,
//! and nothing is kept for a reader who is slow: the next page is read when this one has left.

mod follower;
mod last_event_id;
mod streams;

use actix_web::{HttpResponse, get, web::Data};
use futures_util::{StreamExt, stream};
use regrant_domain::ReconnectId;
use regrant_vault::Vault;

pub(crate) use self::streams::Streams;
use self::{follower::Follower, last_event_id::LastEventId};
use crate::{
    access::{Caller, ReconnectsWrite},
    extract::PathId,
    problem::{Problem, ProblemOut},
};

/// Follow a reconnect.
///
/// Events: `item` with the item as data and its number as id, in the order of settling; at the end one `reconnect`
/// with status and counts, then the stream closes. A deferred item comes again when it settles. Go on after a lost
/// connection with `Last-Event-ID`; close the stream on `reconnect`. It ends within seconds of its reader's session or
/// client, and of what that client may see.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:write"])),
    params(
        ("id" = String, Path, description = "The reconnect's id."),
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that was received."),
        ("last_event_id" = Option<u64>, Query, description = "The same, for clients that cannot set the header."),
    ),
    responses(
        (status = 200, description = "The events.", body = String, content_type = "text/event-stream"),
        (status = 429, description = "`too_many_streams`.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/reconnects/{id}/events")]
pub(crate) async fn stream_reconnect_events(
    vault: Data<Vault>,
    streams: Data<Streams>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<ReconnectId>,
    last: LastEventId,
) -> Result<HttpResponse, Problem> {
    let follower = streams.follow(vault, caller.principal, id.0, last.0)?;
    follower.exists().await?;
    Ok(answer(follower))
}

fn answer(follower: Follower) -> HttpResponse {
    let pieces = stream::unfold(
        Some(follower),
        |follower| async move { follower?.next().await },
    );
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // A proxy that buffers would hold events back.
        .insert_header(("x-accel-buffering", "no"))
        .streaming(pieces.map(Ok::<_, std::convert::Infallible>))
}
