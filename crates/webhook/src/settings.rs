//! Settings of the webhook sender.

use std::time::Duration;

use crate::NameLookup;

/// Limits and name resolution of the sender.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Timeout of one attempt, from the lookup of the name to the end of the response.
    pub timeout: Duration,
    /// Whether this machine is a destination, over plain HTTP too: for rehearsals only.
    pub allow_loopback: bool,
    /// Maximum number of attempts in flight in this process.
    pub max_in_flight: usize,
    /// Maximum number of attempts in flight to one endpoint. All endpoints of a tenant together need less than half of
    /// `max_in_flight`, so that none waits for another.
    pub max_per_endpoint: usize,
    /// How names are resolved to addresses.
    pub names: NameLookup,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            allow_loopback: false,
            max_in_flight: 512,
            max_per_endpoint: 12,
            names: NameLookup::System,
        }
    }
}
