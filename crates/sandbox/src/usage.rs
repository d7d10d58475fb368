//! Usage: how much of the hourly quota each app has used.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::world::App;

/// The quota for the usage of an app without a limit; such an app is never throttled.
const DEFAULT_CALLS_PER_HOUR: u64 = 1_000_000;
/// Graph sends no usage headers for the first calls of an hour.
const SILENT_CALLS: u64 = 10;

/// Calls of the current hour by app.
#[derive(Debug, Default)]
pub(crate) struct QuotaTable {
    hours: HashMap<String, HourlyUse>,
}

#[derive(Debug, Default)]
struct HourlyUse {
    hour: i64,
    calls: u64,
    quota_use: QuotaUse,
}

/// The share of its hourly quota that an app has used.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QuotaUse {
    /// Percent of the quota.
    pub percent: u64,
    pub is_shown: bool,
    pub is_exceeded: bool,
}

impl QuotaTable {
    /// Counts a call and returns the usage of the app.
    pub fn count_call(&mut self, app: &App, now: DateTime<Utc>) -> QuotaUse {
        let this_hour = now.timestamp().div_euclid(3600);
        let hour = self.hours.entry(app.id.clone()).or_default();
        if hour.hour != this_hour {
            *hour = HourlyUse {
                hour: this_hour,
                ..HourlyUse::default()
            };
        }
        hour.calls = hour.calls.saturating_add(1);
        let quota = app.calls_per_hour.unwrap_or(DEFAULT_CALLS_PER_HOUR).max(1);
        hour.quota_use = QuotaUse {
            percent: hour.calls.saturating_mul(100).div_euclid(quota),
            is_shown: hour.calls > SILENT_CALLS || app.calls_per_hour.is_some(),
            is_exceeded: app.calls_per_hour.is_some_and(|limit| hour.calls > limit),
        };
        hour.quota_use
    }

    /// The usage of an app, without counting a call.
    pub fn usage_of(&self, app: &str) -> QuotaUse {
        self.hours
            .get(app)
            .map(|hour| hour.quota_use)
            .unwrap_or_default()
    }
}
