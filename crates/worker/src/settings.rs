//! How often lanes look, and how much they take at once.

use std::time::Duration;

/// Rests and shares of the lanes. Every one has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The longest rest of lanes whose work somebody waits for: reconnects, messages, webhooks.
    pub look: Duration,
    /// The longest rest of a lane that watches assets.
    pub watch: Duration,
    /// The longest rest of the lane that watches what failed for good.
    pub watch_failing: Duration,
    /// The longest rest of the lane that refreshes tokens.
    pub rotate: Duration,
    /// How many assets one pass probes.
    pub probes: u32,
    /// How many of those that failed for good.
    pub failing_probes: u32,
    /// How many messages one pass works off, or webhooks it sends.
    pub messages: u32,
    /// How many tokens one pass refreshes.
    pub refreshes: u32,
    /// The rest between two purges.
    pub purge: Duration,
    /// The rest between two looks at which audits have news to be signed.
    pub checkpoints: Duration,
    /// How long work under way may take to settle once the worker is to stop.
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
