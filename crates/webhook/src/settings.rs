//! How webhooks are sent.

use std::time::Duration;

use crate::Names;

/// How webhooks are sent.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest one attempt may take, from the look-up of the name to the end of the answer.
    pub timeout: Duration,
    /// Whether this machine is a destination, over plain HTTP too: for rehearsals alone.
    pub allow_loopback: bool,
    /// How many are sent at once in this process.
    pub max_in_flight: usize,
    /// How many of these go to one endpoint.
    pub max_per_endpoint: usize,
    /// Who turns names into addresses.
    pub names: Names,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            allow_loopback: false,
            max_in_flight: 256,
            max_per_endpoint: 4,
            names: Names::System,
        }
    }
}
