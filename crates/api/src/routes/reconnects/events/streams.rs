//! The limits of open event streams: in all, for each tenant, and for each caller.
//!
//! The rule: a tenant holds at most a quarter of the streams, however many callers it has, and the last quarter is left
//! to tenants with few streams.

use std::time::Duration;

use regrant_domain::TenantId;
use regrant_permits::{Limits, Permit, Permits};
use regrant_vault::{Principal, Subject};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::settings::Settings;

/// The largest number of open streams of one browser session.
const MAX_PER_SESSION: usize = 4;
/// How many streams of a tenant may use the last quarter of all streams.
const FEW: usize = 4;

/// The event streams of this process.
pub(crate) struct EventStreams {
    tenants: Permits<TenantId>,
    /// What a tenant needs beside the others for a stream beyond its first few.
    beyond_few: Permits<TenantId>,
    callers: Permits<Uuid>,
    pub(super) closing: CancellationToken,
    pub(super) keep_alive: Duration,
    pub(super) lifetime: Duration,
}

/// The permits of one stream; dropping them closes it.
pub(super) struct StreamPermits {
    _of_tenant: Permit<TenantId>,
    _beyond_few: Option<Permit<TenantId>>,
    _of_caller: Permit<Uuid>,
}

impl EventStreams {
    /// Streams within the limits of the settings; all of them end when `closing` is cancelled.
    pub(crate) fn new(settings: &Settings, closing: CancellationToken) -> Self {
        let limits = stream_limits(settings);
        Self {
            tenants: Permits::new(limits),
            beyond_few: Permits::new(Limits {
                total: limits.total.saturating_sub(limits.of_key),
                ..limits
            }),
            callers: Permits::new(limits),
            closing,
            keep_alive: settings.stream_keep_alive,
            lifetime: settings.stream_lifetime,
        }
    }

    /// Permits for one more stream of this caller, if the limits allow it.
    pub(super) fn acquire_permits(&self, caller: &Principal) -> Option<StreamPermits> {
        let of_caller = match caller.subject() {
            Subject::Client(_) => usize::MAX,
            Subject::Session { .. } => MAX_PER_SESSION,
        };
        let tenant = caller.tenant();
        let beyond_few = if self.tenants.count_held(tenant) < FEW {
            None
        } else {
            Some(self.beyond_few.try_take(tenant, usize::MAX)?)
        };
        Some(StreamPermits {
            _of_caller: self.callers.try_take(caller.caller_id(), of_caller)?,
            _beyond_few: beyond_few,
            _of_tenant: self.tenants.try_take(tenant, usize::MAX)?,
        })
    }
}

/// How many streams are open at the same time, in all and for one tenant.
pub(crate) fn stream_limits(settings: &Settings) -> Limits {
    Limits {
        total: settings.max_streams,
        of_key: settings.max_streams / 4,
    }
}
