//! Limits and times of the use cases, one struct a capability.
//!
//! The rule: each setting has a default. Keys, addresses and roles have none and are not here.

mod retention;

use std::{path::PathBuf, time::Duration};

use chrono::TimeDelta;
use regrant_crypto::PasswordStrength;
use regrant_domain::{refresh::RefreshLeads, schedule::Pace};

pub use self::retention::Retention;

/// The issuer and the audience of a listener at the usual address.
const DEFAULT_ISSUER: &str = "http://127.0.0.1:8080";

/// Limits and times.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How long a process that stops renewing its leases still holds them.
    pub lease: Duration,
    /// How long records are kept.
    pub retention: Retention,
    /// Access tokens and clients' scopes.
    pub access: AccessSettings,
    /// Operators' sessions and passwords.
    pub operators: OperatorSettings,
    /// What a tenant may have.
    pub tenants: TenantSettings,
    /// Assets and their states.
    pub assets: AssetSettings,
    /// Reconnects and previews.
    pub reconnect: ReconnectSettings,
    /// Probes and refreshes of due assets.
    pub watch: WatchSettings,
    /// How many tokens one lookup may request.
    pub max_lookup_assets: usize,
    /// Webhooks to tenants.
    pub webhooks: WebhookSettings,
    /// Checkpoints of the audit.
    pub audit: AuditSettings,
    /// Rotation of data keys.
    pub keys: KeySettings,
}

/// Rotation of data keys.
#[derive(Debug, Clone)]
pub struct KeySettings {
    /// After how long a tenant gets a new data key; `None`: only on an operator's order.
    pub rotate_every: Option<TimeDelta>,
}

/// Access tokens and clients' scopes.
#[derive(Debug, Clone)]
pub struct AccessSettings {
    /// The `iss` of access tokens that this vault issues: the address at which programs find its metadata (RFC 8414).
    pub issuer: String,
    /// The `aud` of access tokens that this vault issues and accepts: the address of the API (RFC 9068 §3).
    pub audience: String,
    /// How long an issued token is valid.
    pub token_lifetime: Duration,
    /// After how long a client loses a scope that it does not use.
    pub unused_scope_after: TimeDelta,
}

/// Operators' sessions and passwords.
#[derive(Debug, Clone)]
pub struct OperatorSettings {
    /// How long an operator stays logged in, an hour at most.
    pub session: Duration,
    /// How costly the hash of an operator's password is.
    pub password_strength: PasswordStrength,
}

/// What a tenant may have.
#[derive(Debug, Clone)]
pub struct TenantSettings {
    /// How long a tenant that is to be deleted can be restored.
    pub deletion_wait: TimeDelta,
    /// How many clients a tenant may have.
    pub max_clients: usize,
    /// How many assets a tenant may have, unless an operator set another number for it.
    pub max_assets: usize,
    /// How many reconnects a tenant may have running, unless an operator set another number for it.
    pub max_running_reconnects: usize,
    /// How many bytes a tenant's reconnects, reconnect sessions and idempotency keys may hold, about. Ended reconnects
    /// and ended sessions keep a quarter of it each.
    pub max_record_bytes: u64,
}

/// Assets and their states.
#[derive(Debug, Clone)]
pub struct AssetSettings {
    /// How long before its end an asset is `expiring`.
    pub notice: TimeDelta,
    /// How many assets one registration may name.
    pub max_registered: usize,
    /// How many assets one check may name.
    pub max_checked: usize,
}

/// Reconnects and previews.
#[derive(Debug, Clone)]
pub struct ReconnectSettings {
    /// How many assets one reconnect may name.
    pub max_assets: usize,
    /// How long a preview waits for Graph; an asset without an answer by then is `unknown`.
    pub preview_patience: Duration,
    /// How many reconnects probe at the same time in this process.
    pub at_once: usize,
    /// How often an item is tried before it ends as `failed`; attempts that a limit of Graph refused are not counted.
    pub item_attempts: u32,
    /// For how long after a reconnect was requested its items wait for limits of Graph before they end as `failed`.
    pub throttle_patience: TimeDelta,
    /// The first pause before a deferred item is tried again; it doubles up to ten minutes.
    pub retry_pause: Duration,
}

/// Probes and refreshes of due assets.
#[derive(Debug, Clone, Default)]
pub struct WatchSettings {
    /// How often assets are probed.
    pub pace: Pace,
    /// How long before their ends tokens are refreshed.
    pub refresh: RefreshLeads,
}

/// Webhooks to tenants.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// How webhooks are sent.
    pub sender: regrant_webhook::Settings,
    /// How many webhook endpoints a tenant may have.
    pub max_endpoints: usize,
}

/// Checkpoints of the audit.
#[derive(Debug, Clone)]
pub struct AuditSettings {
    /// The `iss` of checkpoints and receipts. They are kept longer than an address, so it is a name by default.
    pub issuer: String,
    /// How old the newest checkpoint of a chain may become while the chain grows.
    pub checkpoint_every: TimeDelta,
    /// The file outside of the database that checkpoints are appended to, if there is one.
    pub checkpoint_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            retention: Retention::default(),
            access: AccessSettings::default(),
            operators: OperatorSettings::default(),
            tenants: TenantSettings::default(),
            assets: AssetSettings::default(),
            reconnect: ReconnectSettings::default(),
            watch: WatchSettings::default(),
            max_lookup_assets: 500,
            webhooks: WebhookSettings::default(),
            audit: AuditSettings::default(),
            keys: KeySettings::default(),
        }
    }
}

impl Default for KeySettings {
    fn default() -> Self {
        Self {
            rotate_every: Some(TimeDelta::days(365)),
        }
    }
}

impl Default for AccessSettings {
    fn default() -> Self {
        Self {
            issuer: DEFAULT_ISSUER.to_owned(),
            audience: DEFAULT_ISSUER.to_owned(),
            token_lifetime: Duration::from_mins(15),
            unused_scope_after: TimeDelta::days(30),
        }
    }
}

impl Default for OperatorSettings {
    fn default() -> Self {
        Self {
            session: Duration::from_hours(1),
            password_strength: PasswordStrength::default(),
        }
    }
}

impl Default for TenantSettings {
    fn default() -> Self {
        Self {
            deletion_wait: TimeDelta::days(7),
            max_clients: 50,
            max_assets: 1_000_000,
            max_running_reconnects: 50,
            max_record_bytes: 2 * 1024 * 1024 * 1024,
        }
    }
}

impl Default for AssetSettings {
    fn default() -> Self {
        Self {
            notice: TimeDelta::days(30),
            max_registered: 1_000,
            max_checked: 500,
        }
    }
}

impl Default for ReconnectSettings {
    fn default() -> Self {
        Self {
            max_assets: 10_000,
            preview_patience: Duration::from_secs(45),
            at_once: 8,
            item_attempts: 8,
            throttle_patience: TimeDelta::hours(24),
            retry_pause: Duration::from_secs(5),
        }
    }
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            sender: regrant_webhook::Settings::default(),
            max_endpoints: 20,
        }
    }
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self {
            issuer: "regrant".to_owned(),
            checkpoint_every: TimeDelta::hours(24),
            checkpoint_file: None,
        }
    }
}
