//! Limits and times of the use cases.

use std::{path::PathBuf, time::Duration};

use regrant_crypto::PasswordStrength;
use regrant_domain::schedule::Pace;

use crate::Retention;

/// Limits and times. Every one has a default; keys, addresses and roles have none and are not here.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The `iss` of tokens this vault issues.
    pub issuer: String,
    /// The `aud` of tokens this vault issues and accepts.
    pub audience: String,
    /// How long an issued token lives.
    pub token_lifetime: Duration,
    /// How long an operator stays logged in, an hour at most.
    pub operator_session: Duration,
    /// How much work an operator's password costs.
    pub password_strength: PasswordStrength,
    /// How long a tenant that is to be deleted can be restored.
    pub tenant_deletion_wait: chrono::Duration,
    /// How early an ending shows as `expiring`.
    pub notice: chrono::Duration,
    /// How often probes ask.
    pub pace: Pace,
    /// How long before its end a system user's token is refreshed.
    pub refresh_system_user: chrono::Duration,
    /// How long before its end a person's long-lived token is refreshed.
    pub refresh_user: chrono::Duration,
    /// How long records are kept.
    pub retention: Retention,
    /// How many assets one reconnect may name.
    pub max_reconnect_assets: usize,
    /// How long a preview asks Graph; what has not answered by then is unknown.
    pub preview_patience: Duration,
    /// How many assets one registration may name.
    pub max_register_assets: usize,
    /// How many tokens one lookup may name.
    pub max_lookup_assets: usize,
    /// How long a reconnect belongs to a process that no longer shows signs of life.
    pub lease: Duration,
    /// How many reconnects run at once in this process.
    pub jobs_in_flight: usize,
    /// How often an item is tried before it ends as `failed`.
    pub item_attempts: u32,
    /// The first pause before a deferred item is tried again; it doubles up to ten minutes.
    pub retry_pause: Duration,
    /// How webhooks are sent.
    pub webhooks: regrant_webhook::Settings,
    /// How many webhook endpoints a tenant may have.
    pub max_webhook_endpoints: usize,
    /// How many clients a tenant may have.
    pub max_clients: usize,
    /// After how long a client loses a scope that it does not use.
    pub unused_scope_after: chrono::Duration,
    /// How old the newest checkpoint of a chain with news may become.
    pub checkpoint_every: chrono::Duration,
    /// The file that checkpoints are appended to, apart from the database; none: they stay in it.
    pub checkpoint_file: Option<PathBuf>,
    /// How many assets a tenant may have, unless an operator set another number for it.
    pub max_assets: usize,
    /// How many reconnects of a tenant's calls may run at once, unless an operator set another number for it.
    pub max_running_reconnects: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "regrant".to_owned(),
            audience: "regrant-api".to_owned(),
            token_lifetime: Duration::from_mins(15),
            operator_session: Duration::from_hours(1),
            password_strength: PasswordStrength::default(),
            tenant_deletion_wait: chrono::Duration::days(7),
            notice: chrono::Duration::days(30),
            pace: Pace::default(),
            refresh_system_user: chrono::Duration::days(20),
            refresh_user: chrono::Duration::days(10),
            retention: Retention::default(),
            preview_patience: Duration::from_secs(45),
            max_reconnect_assets: 10_000,
            max_register_assets: 1_000,
            max_lookup_assets: 500,
            lease: Duration::from_secs(15),
            jobs_in_flight: 8,
            item_attempts: 8,
            retry_pause: Duration::from_secs(5),
            webhooks: regrant_webhook::Settings::default(),
            max_webhook_endpoints: 20,
            max_clients: 50,
            unused_scope_after: chrono::Duration::days(30),
            checkpoint_every: chrono::Duration::hours(24),
            checkpoint_file: None,
            max_assets: 1_000_000,
            max_running_reconnects: 50,
        }
    }
}
