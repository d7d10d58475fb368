//! How long a call waits for its results.

use std::time::Duration;

use serde::Deserialize;

/// How long a call waits: 0 to 60 seconds, 10 by default.
#[derive(Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct WaitSeconds(u64);

impl WaitSeconds {
    pub(crate) const fn to_duration(&self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl Default for WaitSeconds {
    fn default() -> Self {
        Self(10)
    }
}

impl TryFrom<u64> for WaitSeconds {
    type Error = &'static str;

    fn try_from(seconds: u64) -> Result<Self, Self::Error> {
        if seconds <= 60 {
            Ok(Self(seconds))
        } else {
            Err("expected a whole number from 0 to 60")
        }
    }
}
