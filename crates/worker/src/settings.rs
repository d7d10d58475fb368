//! Settings of the worker: intervals of the tasks, and how much one pass takes.

use std::time::Duration;

/// Intervals and limits of the tasks. Every field has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Idle interval of the tasks that a person waits for: reconnects, notices, webhooks.
    pub look: Duration,
    /// Idle interval of the task that probes assets.
    pub watch: Duration,
    /// Idle interval of the task that probes assets with a permanent failure.
    pub watch_failing: Duration,
    /// Idle interval of the task that refreshes tokens.
    pub rotate: Duration,
    /// Maximum number of assets that one pass probes.
    pub probes: u32,
    /// The same for assets with a permanent failure.
    pub failing_probes: u32,
    /// Maximum number of notices that one pass applies, or of webhooks that it sends.
    pub messages: u32,
    /// Maximum number of tokens that one pass refreshes.
    pub refreshes: u32,
    /// Interval between two purges.
    pub purge: Duration,
    /// Interval between two checks for audit chains with events that no checkpoint covers.
    pub checkpoints: Duration,
    /// How long running passes may take to finish after the worker is stopped.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            look: Duration::from_secs(1),
            watch: Duration::from_secs(2),
            watch_failing: Duration::from_secs(10),
            rotate: Duration::from_secs(30),
            probes: 1_000,
            failing_probes: 100,
            messages: 200,
            refreshes: 20,
            purge: Duration::from_hours(1),
            checkpoints: Duration::from_hours(1),
            patience: Duration::from_secs(25),
        }
    }
}
