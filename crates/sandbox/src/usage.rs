//! How much of its hourly quota each app has used.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::world::App;

/// An app without an own limit is measured against this and never throttled.
const DEFAULT_CALLS_PER_HOUR: u64 = 1_000_000;
/// Graph sends usage headers only after some use.
const SILENT_CALLS: u64 = 10;

/// Calls of the running hour by app.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    hours: HashMap<String, Hour>,
}

#[derive(Debug, Default)]
struct Hour {
    began: i64,
    calls: u64,
    share: Share,
}

/// What one more call means for the app.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Share {
    /// Whole per cent of the quota.
    pub percent: u64,
    pub is_shown: bool,
    pub is_exceeded: bool,
}

impl Usage {
    /// Count a call and tell where the app stands.
    pub fn count(&mut self, app: &App, now: DateTime<Utc>) -> Share {
        let this_hour = now.timestamp().div_euclid(3600);
        let hour = self.hours.entry(app.id.clone()).or_default();
        if hour.began != this_hour {
            *hour = Hour {
                began: this_hour,
                ..Hour::default()
            };
        }
        hour.calls = hour.calls.saturating_add(1);
        let quota = app.calls_per_hour.unwrap_or(DEFAULT_CALLS_PER_HOUR).max(1);
        hour.share = Share {
            percent: hour.calls.saturating_mul(100).div_euclid(quota),
            is_shown: hour.calls > SILENT_CALLS || app.calls_per_hour.is_some(),
            is_exceeded: app.calls_per_hour.is_some_and(|limit| hour.calls > limit),
        };
        hour.share
    }

    /// Where an app stands, without counting.
    pub fn standing(&self, app: &str) -> Share {
        self.hours
            .get(app)
            .map(|hour| hour.share)
            .unwrap_or_default()
    }
}
