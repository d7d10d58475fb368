//! A reconnect as a stream of events (SSE), item by item as they settle.
//!
//! The rule: the database is the stream. A wake-up is a hint to read it, `Last-Event-ID` is where to read on,
//! and nothing is kept for a reader who is slow: the next page is read when this one has left.

use std::{
    collections::HashMap,
    fmt::Write,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    get,
    http::header,
    rt::time::Instant,
    web::{Bytes, Data},
};
use futures_util::{
    future::{Ready, ready},
    poll, stream,
};
use regrant_domain::{Permission, ReconnectId, ReconnectStatus};
use regrant_vault::{ItemView, Principal, ReconnectView, Subject, Vault};
use serde::Deserialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    path_id::PathId,
    reconnect_view::{ItemOut, ReconnectSummary},
};
use crate::{
    Settings,
    caller::{Caller, ReconnectsWrite},
    json::{pairs, read},
    problem::{Code, Problem, ProblemOut},
};

/// How often the database is read when nothing wakes the stream: another process may do the work.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How many streams a browser's session has at once.
const OF_A_SESSION: usize = 4;

/// The event streams of this process.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    callers: Arc<Callers>,
    /// How many a client has at once: one alone does not take them all.
    of_a_client: usize,
    closing: CancellationToken,
    keep_alive: Duration,
    longest: Duration,
}

/// Where to go on: the `Last-Event-ID` header, else the query's `last_event_id`, else from the start.
pub(crate) struct LastEventId(i64);

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

impl Streams {
    /// Room for as many streams as the settings say; all end when `closing` is cancelled.
    pub(crate) fn new(settings: &Settings, closing: CancellationToken) -> Self {
        let places = Arc::new(Semaphore::new(settings.max_streams));
        let of_a_client = (settings.max_streams / 4).max(1);
        let (keep_alive, longest) = (settings.stream_keep_alive, settings.stream_lifetime);
        Self {
            places,
            callers: Arc::default(),
            of_a_client,
            closing,
            keep_alive,
            longest,
        }
    }

    /// A place for one more stream of this caller.
    fn place(&self, caller: &Principal) -> Option<(OwnedSemaphorePermit, CallerPlace)> {
        let most = match caller.subject() {
            Subject::Client(_) => self.of_a_client,
            Subject::Session { .. } => OF_A_SESSION,
        };
        let own = CallerPlace::of(&self.callers, caller.id(), most)?;
        Some((self.places.clone().try_acquire_owned().ok()?, own))
    }

    fn follow(
        &self,
        vault: Data<Vault>,
        caller: Principal,
        id: ReconnectId,
        after: i64,
    ) -> Result<Follower, Problem> {
        let place = self.place(&caller).ok_or_else(|| {
            Problem::new(Code::TooManyStreams, "Too many event streams are open.")
                .with_header(header::RETRY_AFTER, 10)
        })?;
        let now = Instant::now();
        let (closing, keep_alive, until) =
            (self.closing.clone(), self.keep_alive, now + self.longest);
        Ok(Follower {
            vault,
            caller,
            id,
            after,
            closing,
            keep_alive,
            until,
            spoke: now,
            admitted: now,
            _place: place,
        })
    }
}

/// One reader of one reconnect.
struct Follower {
    vault: Data<Vault>,
    caller: Principal,
    id: ReconnectId,
    after: i64,
    closing: CancellationToken,
    keep_alive: Duration,
    until: Instant,
    spoke: Instant,
    /// When it was last asked whether the reader may still read.
    admitted: Instant,
    _place: (OwnedSemaphorePermit, CallerPlace),
}

/// How many streams each caller has.
type Callers = Mutex<HashMap<Uuid, usize>>;

/// One stream of one caller; given back when dropped.
struct CallerPlace {
    callers: Arc<Callers>,
    caller: Uuid,
}

impl CallerPlace {
    fn of(callers: &Arc<Callers>, caller: Uuid, most: usize) -> Option<Self> {
        let mut open = callers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(caller).or_default();
        if *own >= most {
            return None;
        }
        *own = own.saturating_add(1);
        Some(Self {
            callers: Arc::clone(callers),
            caller,
        })
    }
}

impl Drop for CallerPlace {
    fn drop(&mut self) {
        let mut open = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = open.get_mut(&self.caller) {
            *own = own.saturating_sub(1);
            if *own == 0 {
                open.remove(&self.caller);
            }
        }
    }
}

impl Follower {
    async fn exists(&self) -> Result<(), Problem> {
        let read = self
            .vault
            .reconnect_events(&self.caller, self.id, i64::MAX)
            .await;
        Ok(read.map(drop)?)
    }

    /// A reader whose session has ended, or whose client is gone, is soon told nothing more.
    async fn admit(&mut self) -> Result<(), Problem> {
        if self.admitted.elapsed() < self.keep_alive {
            return Ok(());
        }
        self.vault
            .still_admit(&self.caller, Permission::ReconnectsWrite)
            .await?;
        self.admitted = Instant::now();
        Ok(())
    }

    /// The next piece of the stream, and who goes on behind it.
    async fn next(mut self) -> Option<(Bytes, Option<Self>)> {
        let vault = self.vault.clone();
        while Instant::now() < self.until {
            self.admit().await.ok()?;
            // Listening before reading: what moves in between is not missed.
            let mut woken = pin!(vault.reconnect_moves(self.id, LOOK_AGAIN));
            let moved = poll!(woken.as_mut()).is_ready();
            // A fault is logged by `Problem`; the reader comes back with the last event's id.
            let read = vault
                .reconnect_events(&self.caller, self.id, self.after)
                .await
                .map_err(Problem::from);
            let (items, view) = read.ok()?;
            if let Some(last) = items.iter().filter_map(|it| it.event_seq).max() {
                self.after = last;
                self.spoke = Instant::now();
                return Some((item_events(items), Some(self)));
            }
            if view.status != ReconnectStatus::Running {
                return Some((end_event(view), None));
            }
            if self.spoke.elapsed() >= self.keep_alive {
                self.spoke = Instant::now();
                return Some((Bytes::from_static(b": keep-alive\n\n"), Some(self)));
            }
            if !moved {
                tokio::select! {
                    () = self.closing.cancelled() => return None,
                    () = woken => {}
                }
            }
        }
        None
    }
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
        .streaming(futures_util::StreamExt::map(
            pieces,
            Ok::<_, std::convert::Infallible>,
        ))
}

fn item_events(items: Vec<ItemView>) -> Bytes {
    let mut text = String::new();
    for it in items {
        let Some(number) = it.event_seq else { continue };
        let data = serde_json::to_string(&ItemOut::from(it)).unwrap_or_default();
        // Writing to a string does not fail.
        let _written = write!(text, "id: {number}\nevent: item\ndata: {data}\n\n");
    }
    text.into()
}

fn end_event(view: ReconnectView) -> Bytes {
    let data = serde_json::to_string(&ReconnectSummary::from(view)).unwrap_or_default();
    format!("event: reconnect\ndata: {data}\n\n").into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventQuery {
    last_event_id: Option<String>,
}

impl FromRequest for LastEventId {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request
            .headers()
            .get("last-event-id")
            .map(|it| it.to_str().unwrap_or("?"));
        ready(last_event_id(header, request.query_string()).map(Self))
    }
}

fn last_event_id(header: Option<&str>, query: &str) -> Result<i64, Problem> {
    let query: EventQuery = read(pairs(query)?).map_err(Problem::invalid)?;
    let (field, text) = match header {
        Some(text) => ("Last-Event-ID", Some(text.to_owned())),
        None => ("last_event_id", query.last_event_id),
    };
    let number = text.map_or(Ok(0), |it| it.parse().ok().filter(|it| *it >= 0).ok_or(()));
    number.map_err(|()| Problem::invalid_field(field, "expected the id of an event of this stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_tells_where_to_go_on_and_the_query_stands_in() {
        assert_eq!(last_event_id(None, "").unwrap(), 0);
        assert_eq!(last_event_id(None, "last_event_id=7").unwrap(), 7);
        assert_eq!(last_event_id(Some("9"), "last_event_id=7").unwrap(), 9);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for (header, query) in [
            (Some("x"), ""),
            (Some("-1"), ""),
            (None, "last_event_id=x"),
            (None, "access_token=E"),
        ] {
            assert!(last_event_id(header, query).is_err(), "{header:?} {query}");
        }
    }
}
