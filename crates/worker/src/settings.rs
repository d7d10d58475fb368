//! Settings of the worker: intervals of the tasks, and how much one pass takes.

use std::time::Duration;

/// Intervals and limits of the tasks. Every field has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Idle interval of the tasks that a person waits for: reconnects, notices, webhooks.
    pub poll_interval: Duration,
    /// Idle interval of the task that probes assets.
    pub probe_interval: Duration,
    /// Idle interval of the task that probes assets with a permanent failure.
    pub failing_probe_interval: Duration,
    /// Idle interval of the task that refreshes tokens.
    pub refresh_interval: Duration,
    /// Maximum number of assets that one pass probes.
    pub probes_per_pass: u32,
    /// The same for assets with a permanent failure.
    pub failing_probes_per_pass: u32,
    /// Maximum number of notices that one pass applies, or of webhooks that it sends.
    pub messages_per_pass: u32,
    /// Maximum number of tokens that one pass refreshes.
    pub refreshes_per_pass: u32,
    /// Interval between two purges.
    pub purge_interval: Duration,
    /// Interval between two checks for deletions whose bytes are to leave a SQLite file.
    pub erasure_interval: Duration,
    /// Interval at which unknown errors of Graph are stored.
    pub unknown_error_interval: Duration,
    /// Interval between two checks for keys to wrap and records to seal again.
    pub key_interval: Duration,
    /// Interval between two checks for audit chains with events that no checkpoint covers.
    pub checkpoint_interval: Duration,
    /// How long running passes may take to finish after the worker is stopped.
    pub shutdown_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            poll_interval: Duration::from_secs(1),
            probe_interval: Duration::from_secs(2),
            failing_probe_interval: Duration::from_secs(10),
            refresh_interval: Duration::from_secs(30),
            probes_per_pass: 1_000,
            failing_probes_per_pass: 100,
            messages_per_pass: 200,
            refreshes_per_pass: 20,
            purge_interval: Duration::from_hours(1),
            erasure_interval: Duration::from_secs(2),
            unknown_error_interval: Duration::from_mins(1),
            key_interval: Duration::from_secs(10),
            checkpoint_interval: Duration::from_hours(1),
            shutdown_timeout: Duration::from_secs(25),
        }
    }
}
