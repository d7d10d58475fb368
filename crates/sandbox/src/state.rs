//! The state of a sandbox, behind one lock.
//!
//! The rule: a handler never awaits while it holds the lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};

use crate::{
    Clock, World,
    calls::CallRecord,
    dialog::Choices,
    fault::Faults,
    migration::Migrations,
    token::{Codes, Tokens},
    usage::QuotaTable,
    webhook::Deliveries,
};

/// Everything that a call reads or changes.
pub(crate) struct State {
    pub clock: Clock,
    pub world: World,
    pub tokens: Tokens,
    pub codes: Codes,
    pub choices: Choices,
    pub migrations: Migrations,
    pub faults: Faults,
    pub usage: QuotaTable,
    pub calls: CallRecord,
    pub deliveries: Deliveries,
    pub latency_ms: u64,
    pub url: String,
}

impl State {
    pub fn new(world: World, clock: Clock, url: String) -> Self {
        Self {
            clock,
            world,
            url,
            tokens: Tokens::default(),
            codes: Codes::default(),
            choices: Choices::default(),
            migrations: Migrations::default(),
            faults: Faults::default(),
            usage: QuotaTable::default(),
            calls: CallRecord::default(),
            deliveries: Deliveries::default(),
            latency_ms: 0,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The current time in whole seconds, the precision of Graph's dates.
    pub fn now_in_seconds(&self) -> DateTime<Utc> {
        let now = self.now();
        DateTime::from_timestamp(now.timestamp(), 0).unwrap_or(now)
    }

    /// Replaces the world; tokens, codes, migrations and faults of the old world are removed.
    pub fn replace_world(&mut self, world: World) {
        self.world = world;
        self.tokens = Tokens::default();
        self.codes = Codes::default();
        self.choices = Choices::default();
        self.migrations = Migrations::default();
        self.faults = Faults::default();
        self.usage = QuotaTable::default();
    }
}

/// The state shared by the workers of the server.
#[derive(Clone)]
pub(crate) struct SharedState(Arc<Mutex<State>>);

impl SharedState {
    pub fn new(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn lock_state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
