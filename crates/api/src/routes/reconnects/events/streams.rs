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
const MAX_PER_SESSION: usize = 4;

/// The event streams of this process.
pub(crate) struct EventStreams {
    permits: Arc<Semaphore>,
    callers: Arc<StreamCounts>,
    /// The limit of one client, so that it cannot use all streams.
    max_per_client: usize,
    pub(super) closing: CancellationToken,
    pub(super) keep_alive: Duration,
    pub(super) lifetime: Duration,
}

impl EventStreams {
    /// Streams within the limits of the settings; all of them end when `closing` is cancelled.
    pub(crate) fn new(settings: &Settings, closing: CancellationToken) -> Self {
        let permits = Arc::new(Semaphore::new(settings.max_streams));
        let max_per_client = (settings.max_streams / 4).max(1);
        let (keep_alive, lifetime) = (settings.stream_keep_alive, settings.stream_lifetime);
        Self {
            permits,
            callers: Arc::default(),
            max_per_client,
            closing,
            keep_alive,
            lifetime,
        }
    }

    /// Permits for one more stream of this caller, if the limits allow it.
    pub(super) fn acquire_permits(
        &self,
        caller: &Principal,
    ) -> Option<(OwnedSemaphorePermit, CallerPermit)> {
        let limit = match caller.subject() {
            Subject::Client(_) => self.max_per_client,
            Subject::Session { .. } => MAX_PER_SESSION,
        };
        let own = CallerPermit::acquire_for(&self.callers, caller.caller_id(), limit)?;
        Some((self.permits.clone().try_acquire_owned().ok()?, own))
    }
}

/// Number of open streams of each caller.
type StreamCounts = Mutex<HashMap<Uuid, usize>>;

/// One stream of one caller; released when dropped.
pub(super) struct CallerPermit {
    callers: Arc<StreamCounts>,
    caller: Uuid,
}

impl CallerPermit {
    fn acquire_for(callers: &Arc<StreamCounts>, caller: Uuid, limit: usize) -> Option<Self> {
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

impl Drop for CallerPermit {
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
