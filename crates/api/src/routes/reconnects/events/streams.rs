//! How many event streams are open: in all, and for each caller.

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

/// How many streams a browser's session has at once.
const OF_A_SESSION: usize = 4;

/// The event streams of this process.
pub(crate) struct Streams {
    places: Arc<Semaphore>,
    callers: Arc<Callers>,
    /// How many a client has at once: one alone does not take them all.
    of_a_client: usize,
    pub(super) closing: CancellationToken,
    pub(super) keep_alive: Duration,
    pub(super) longest: Duration,
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
    pub(super) fn place(&self, caller: &Principal) -> Option<(OwnedSemaphorePermit, CallerPlace)> {
        let most = match caller.subject() {
            Subject::Client(_) => self.of_a_client,
            Subject::Session { .. } => OF_A_SESSION,
        };
        let own = CallerPlace::of(&self.callers, caller.id(), most)?;
        Some((self.places.clone().try_acquire_owned().ok()?, own))
    }
}

/// How many streams each caller has.
type Callers = Mutex<HashMap<Uuid, usize>>;

/// One stream of one caller; given back when dropped.
pub(super) struct CallerPlace {
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
