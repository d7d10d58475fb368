//! Which endpoints are being served in this process, and which rest after a failure.
//!
//! The rule: an endpoint has one run at a time. One that fails rests for [`REST`], so that it is tried gently.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regrant_domain::{Timestamp, WebhookEndpointId};

/// How long an endpoint rests after a run that ended with a failure.
const REST: chrono::Duration = chrono::Duration::seconds(2);

/// The runs of this process. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct EndpointRuns {
    busy: Arc<Mutex<HashMap<WebhookEndpointId, Busy>>>,
}

#[derive(Clone, Copy)]
enum Busy {
    Running,
    RestsUntil(Timestamp),
}

/// One run; dropping it ends the run.
pub(super) struct RunningEndpoint {
    runs: EndpointRuns,
    endpoint: WebhookEndpointId,
    rests_until: Option<Timestamp>,
}

impl EndpointRuns {
    /// The endpoints with a run, and those that still rest.
    pub(super) fn list_busy(&self, now: Timestamp) -> Vec<WebhookEndpointId> {
        let mut busy = self.lock();
        busy.retain(|_, it| match it {
            Busy::Running => true,
            Busy::RestsUntil(until) => now < *until,
        });
        busy.keys().copied().collect()
    }

    /// Begins a run; `None` if the endpoint has one.
    pub(super) fn begin_run(&self, endpoint: WebhookEndpointId) -> Option<RunningEndpoint> {
        let before = self.lock().insert(endpoint, Busy::Running);
        let is_free = !matches!(before, Some(Busy::Running));
        is_free.then(|| RunningEndpoint {
            runs: self.clone(),
            endpoint,
            rests_until: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<WebhookEndpointId, Busy>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunningEndpoint {
    /// Lets the endpoint rest when the run ends.
    pub(super) fn rest_after(&mut self, now: Timestamp) {
        self.rests_until = Some(now + REST);
    }
}

impl Drop for RunningEndpoint {
    fn drop(&mut self) {
        let mut busy = self.runs.lock();
        match self.rests_until {
            Some(until) => busy.insert(self.endpoint, Busy::RestsUntil(until)),
            None => busy.remove(&self.endpoint),
        };
    }
}
