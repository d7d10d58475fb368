//! The limits of open event streams: in all, and for each caller.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use regrant_vault::{Principal, Subject};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::settings::Settings;

/// The largest number of open streams of one browser session.
const OF_A_SESSION: usize = 4;

/// The event streams of this process.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    callers: Arc<Callers>,
    /// The limit of one client, so that it cannot use all streams.
    of_a_client: usize,
    pub(super) closing: CancellationToken,
    pub(super) keep_alive: Duration,
    pub(super) longest: Duration,
}

impl Streams {
    /// Streams within the limits of the settings; all of them end when `closing` is cancelled.
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

    /// Permits for one more stream of this caller, if the limits allow it.
    pub(super) fn place(&self, caller: &Principal) -> Option<(OwnedSemaphorePermit, CallerPlace)> {
        let limit = match caller.subject() {
            Subject::Client(_) => self.of_a_client,
            Subject::Session { .. } => OF_A_SESSION,
        };
        let own = CallerPlace::of(&self.callers, caller.id(), limit)?;
        Some((self.places.clone().try_acquire_owned().ok()?, own))
    }
}

/// Number of open streams of each caller.
type Callers = Mutex<HashMap<Uuid, usize>>;

/// One stream of one caller; released when dropped.
pub(super) struct CallerPlace {
    callers: Arc<Callers>,
    caller: Uuid,
}

impl CallerPlace {
    fn of(callers: &Arc<Callers>, caller: Uuid, limit: usize) -> Option<Self> {
        let mut open = callers.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.entry(caller).or_default();
        if *own >= limit {
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
