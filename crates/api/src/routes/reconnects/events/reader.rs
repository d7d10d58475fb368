//! One reader of the events of one reconnect.
//!
//! The rule: subscribe before reading, so that no change between the two is missed.

use std::{fmt::Write, pin::pin, time::Duration};

use actix_web::{
    http::header,
    rt::time::Instant,
    web::{Bytes, Data},
};
use futures_util::poll;
use regrant_domain::{Locale, Permission, ReconnectId, ReconnectStatus};
use regrant_vault::{ItemView, Principal, ReconnectView, Vault};
use tokio_util::sync::CancellationToken;

use super::{
    super::out::{ItemOut, ReconnectSummary},
    streams::{EventStreams, StreamPermits},
};
use crate::problem::{Code, Problem};

/// How often the database is read without a wake-up: the reconnect may run in another process.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

impl EventStreams {
    pub(super) fn open_reader(
        &self,
        vault: Data<Vault>,
        caller: Principal,
        (id, after): (ReconnectId, i64),
        locale: Locale,
    ) -> Result<EventReader, Problem> {
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
            id,
            after,
            locale,
            closing,
            keep_alive,
            ends_at: until,
            last_sent: now,
            last_checked: now,
            _permits: permits,
        })
    }
}

/// One reader of one reconnect.
pub(super) struct EventReader {
    vault: Data<Vault>,
    caller: Principal,
    id: ReconnectId,
    after: i64,
    locale: Locale,
    closing: CancellationToken,
    keep_alive: Duration,
    ends_at: Instant,
    last_sent: Instant,
    /// When the access of the reader was last checked.
    last_checked: Instant,
    _permits: StreamPermits,
}

impl EventReader {
    pub(super) async fn check_exists(&self) -> Result<(), Problem> {
        let read = self
            .vault
            .list_events_after(&self.caller, self.id, i64::MAX)
            .await;
        Ok(read.map(drop)?)
    }

    /// Checks from time to time that the session or client of the reader still has access.
    async fn recheck_access(&mut self) -> Result<(), Problem> {
        if self.last_checked.elapsed() < self.keep_alive {
            return Ok(());
        }
        self.vault
            .recheck_caller(&self.caller, Permission::ReconnectsWrite)
            .await?;
        self.last_checked = Instant::now();
        Ok(())
    }

    /// The next chunk of the stream, and the reader of the chunks after it; `None` at the end.
    pub(super) async fn next_chunk(mut self) -> Option<(Bytes, Option<Self>)> {
        let vault = self.vault.clone();
        while Instant::now() < self.ends_at {
            self.recheck_access().await.ok()?;
            // Subscribe before reading, so that no change in between is missed.
            let mut woken = pin!(vault.await_progress(self.id, POLL_INTERVAL));
            let moved = poll!(woken.as_mut()).is_ready();
            // `Problem` logs an internal error; the client reconnects with the last event id.
            let read = vault
                .list_events_after(&self.caller, self.id, self.after)
                .await
                .map_err(Problem::from);
            let (items, view) = read.ok()?;
            if let Some(last) = items.iter().filter_map(|it| it.event_seq).max() {
                self.after = last;
                self.last_sent = Instant::now();
                return Some((render_items(items, self.locale), Some(self)));
            }
            if view.status != ReconnectStatus::Running {
                return Some((render_end(view), None));
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

fn render_items(items: Vec<ItemView>, locale: Locale) -> Bytes {
    let mut text = String::new();
    for it in items {
        let Some(number) = it.event_seq else { continue };
        let data = serde_json::to_string(&ItemOut::in_language(it, locale)).unwrap_or_default();
        // Writing to a string does not fail.
        let _written = write!(text, "id: {number}\nevent: item\ndata: {data}\n\n");
    }
    text.into()
}

fn render_end(view: ReconnectView) -> Bytes {
    let data = serde_json::to_string(&ReconnectSummary::from(view)).unwrap_or_default();
    format!("event: reconnect\ndata: {data}\n\n").into()
}
