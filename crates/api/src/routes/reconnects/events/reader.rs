//! One reader of the events of one object.
//!
//! The rule: subscribe before reading, so that no change between the two is missed.

use std::{pin::pin, time::Duration};

use actix_web::{
    http::header,
    rt::time::Instant,
    web::{Bytes, Data},
};
use futures_util::poll;
use regrant_domain::Permission;
use regrant_vault::{Error, Principal, Vault};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{
    last_event_id::StreamPosition,
    streams::{EventStreams, StreamPermits},
};
use crate::problem::{Code, Problem};

/// How often the database is read without a wake-up: the work may run in another process.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// An object whose events a stream sends.
pub(crate) trait EventSource: Copy + 'static {
    /// The permission that a reader needs as long as it reads.
    const PERMISSION: Permission;

    /// Waits until the object progresses, at most `at_most`.
    async fn await_progress(self, vault: &Vault, at_most: Duration);

    /// The events after `after`, or the end of the stream.
    ///
    /// # Errors
    /// `NotFound`: the caller may not read the object, or it is gone.
    async fn read_page(
        self,
        vault: &Vault,
        caller: &Principal,
        after: i64,
    ) -> Result<EventPage, Error>;
}

/// Some events of an object.
pub(crate) struct EventPage {
    /// The number of the last event, and the events as they are sent; `None` if there are none yet.
    pub(crate) events: Option<(i64, Bytes)>,
    /// The last event of the stream, once no other event follows.
    pub(crate) end: Option<Bytes>,
}

impl EventStreams {
    pub(super) fn open_reader<S: EventSource>(
        &self,
        vault: Data<Vault>,
        caller: Principal,
        source: S,
        after: StreamPosition,
    ) -> Result<EventReader<S>, Problem> {
        let permits = self.acquire_permits(&caller).ok_or_else(|| {
            Problem::new(Code::TooManyStreams, "Too many event streams are open.")
                .with_header(header::RETRY_AFTER, 10)
        })?;
        let now = Instant::now();
        let (closing, keep_alive, until) =
            (self.closing.clone(), self.keep_alive, now + self.lifetime);
        Ok(EventReader {
            vault,
            caller,
            source,
            after: after.number(),
            closing,
            keep_alive,
            ends_at: until,
            last_sent: now,
            last_checked: now,
            _permits: permits,
        })
    }
}

/// One reader of one object.
pub(super) struct EventReader<S> {
    vault: Data<Vault>,
    caller: Principal,
    source: S,
    after: i64,
    closing: CancellationToken,
    keep_alive: Duration,
    ends_at: Instant,
    last_sent: Instant,
    /// When the access of the reader was last checked.
    last_checked: Instant,
    _permits: StreamPermits,
}

impl<S: EventSource> EventReader<S> {
    /// Checks that the object exists; returns whether nothing more will happen to it.
    pub(super) async fn check_exists(&self) -> Result<bool, Problem> {
        let source = self.source;
        let read = source.read_page(&self.vault, &self.caller, i64::MAX);
        Ok(read.await?.end.is_some())
    }

    /// Checks from time to time that the session or client of the reader still has access.
    async fn recheck_access(&mut self) -> Result<(), Problem> {
        if self.last_checked.elapsed() < self.keep_alive {
            return Ok(());
        }
        self.vault
            .recheck_caller(&self.caller, S::PERMISSION)
            .await?;
        self.last_checked = Instant::now();
        Ok(())
    }

    /// The next chunk of the stream, and the reader of the chunks after it; `None` at the end.
    pub(super) async fn next_chunk(mut self) -> Option<(Bytes, Option<Self>)> {
        let (vault, source) = (self.vault.clone(), self.source);
        while Instant::now() < self.ends_at {
            self.recheck_access().await.ok()?;
            // Subscribe before reading, so that no change in between is missed.
            let mut woken = pin!(source.await_progress(&vault, POLL_INTERVAL));
            let moved = poll!(woken.as_mut()).is_ready();
            // `Problem` logs an internal error; the client reconnects with the last event id.
            let page = source
                .read_page(&vault, &self.caller, self.after)
                .await
                .map_err(Problem::from)
                .ok()?;
            if let Some((last, events)) = page.events {
                self.after = last;
                self.last_sent = Instant::now();
                return Some((events, Some(self)));
            }
            if let Some(end) = page.end {
                return Some((end, None));
            }
            if self.last_sent.elapsed() >= self.keep_alive {
                self.last_sent = Instant::now();
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

/// An event as it is sent: its name, its id, with which readers continue behind it, and its data.
pub(crate) fn render_event(name: &str, id: StreamPosition, data: &impl Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_default();
    format!("id: {id}\nevent: {name}\ndata: {data}\n\n").into()
}
