//! How many reconnects of each tenant run in this process.
//!
//! The rule: a process claims no more due reconnects than it can run, in all and of one tenant. A run that waits for its
//! turn holds its lease, and another process might have run it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use regrant_domain::TenantId;
use regrant_permits::Limits;

/// The runs of this process by tenant. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct TenantRuns {
    running: Arc<Mutex<HashMap<TenantId, usize>>>,
}

/// One run; dropping it ends the run.
pub(crate) struct TenantRun {
    runs: TenantRuns,
    tenant: TenantId,
}

impl TenantRuns {
    pub(crate) fn begin_run(&self, tenant: TenantId) -> TenantRun {
        let mut running = self.lock();
        let n = running.entry(tenant).or_default();
        *n = n.saturating_add(1);
        TenantRun {
            runs: self.clone(),
            tenant,
        }
    }

    /// How many more runs can work under these limits, and the tenants of which none can.
    pub(crate) fn find_room(&self, limits: Limits) -> (u32, Vec<TenantId>) {
        let running = self.lock();
        let at_work: usize = running.values().map(|n| (*n).min(limits.of_key)).sum();
        let free = limits.total.saturating_sub(at_work).min(limits.of_key);
        let full = running.iter().filter(|(_, n)| **n >= limits.of_key);
        let full = full.map(|(tenant, _)| *tenant).collect();
        (u32::try_from(free).unwrap_or(u32::MAX), full)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TenantRun {
    fn drop(&mut self) {
        let mut running = self.runs.lock();
        if let Some(n) = running.get_mut(&self.tenant) {
            *n = n.saturating_sub(1);
        }
        running.retain(|_, n| *n > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_that_wait_for_their_turn_leave_room_for_other_tenants_and_none_for_their_own() {
        let limits = Limits {
            total: 8,
            of_key: 4,
        };
        let (runs, one, other) = (TenantRuns::default(), TenantId::mint(), TenantId::mint());
        assert_eq!(runs.find_room(limits), (4, vec![]));
        let of_one: Vec<_> = (0..20).map(|_| runs.begin_run(one)).collect();
        assert_eq!(runs.find_room(limits), (4, vec![one]));
        let of_other: Vec<_> = (0..3).map(|_| runs.begin_run(other)).collect();
        assert_eq!(runs.find_room(limits), (1, vec![one]));
        drop(of_one);
        assert_eq!(runs.find_room(limits), (4, vec![]));
        drop(of_other);
        assert!(runs.lock().is_empty());
    }
}
