//! Room for webhooks that are being sent: so many at once, and a few of them to one endpoint.
//!
//! The rule: an endpoint that hangs holds its own few places and no others.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regrant_domain::WebhookEndpointId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

type Counts = HashMap<WebhookEndpointId, usize>;

/// The places of this process.
#[derive(Clone)]
pub(crate) struct Places {
    all: Arc<Semaphore>,
    taken: Arc<Mutex<Counts>>,
    per_endpoint: usize,
}

/// One place, until it is dropped.
pub(crate) struct Place {
    endpoint: WebhookEndpointId,
    taken: Arc<Mutex<Counts>>,
    _one_of_all: OwnedSemaphorePermit,
}

impl Places {
    pub(crate) fn new(settings: &regrant_webhook::Settings) -> Self {
        let all = settings.max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(all)),
            taken: Arc::default(),
            per_endpoint: settings.max_per_endpoint.max(1),
        }
    }

    /// How many are free.
    pub(crate) fn free(&self) -> u32 {
        u32::try_from(self.all.available_permits()).unwrap_or(u32::MAX)
    }

    /// A place for this endpoint, if there is one. One that fails gets one at most.
    pub(crate) fn take(&self, endpoint: WebhookEndpointId, fails: bool) -> Option<Place> {
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut taken = locked(&self.taken);
        let mine = taken.entry(endpoint).or_default();
        if *mine >= if fails { 1 } else { self.per_endpoint } {
            return None;
        }
        *mine += 1;
        Some(Place { endpoint, taken: Arc::clone(&self.taken), _one_of_all: one_of_all })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = locked(&self.taken);
        let left = taken.get_mut(&self.endpoint).map_or(0, |mine| {
            *mine = mine.saturating_sub(1);
            *mine
        });
        if left == 0 {
            taken.remove(&self.endpoint);
        }
    }
}

/// Counts are whole even where a thread panicked while it held them.
fn locked(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_takes_its_few_places_and_gives_them_back() {
        let settings =
            regrant_webhook::Settings { max_in_flight: 5, max_per_endpoint: 2, ..Default::default() };
        let (places, one, other) =
            (Places::new(&settings), WebhookEndpointId::mint(), WebhookEndpointId::mint());
        let held = (places.take(one, false), places.take(one, false));
        assert!(held.0.is_some() && held.1.is_some() && places.take(one, false).is_none());
        assert!(places.take(other, true).is_some());
        assert_eq!(places.free(), 3);
        drop(held);
        let one_only = places.take(one, true);
        assert!(one_only.is_some() && places.take(one, true).is_none());
        drop(one_only);
        assert!(locked(&places.taken).is_empty(), "nothing is remembered of what is not there");
    }
}
