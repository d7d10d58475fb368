//! Settings of the use cases: tokens, leases, limits, retention, webhooks and the audit.

use regrant_vault::Retention;

use super::{SettingsReader, loopback::is_loopback_url};

/// Reads the settings of the vault; `graph` decides whether webhooks to loopback are allowed. Programs find the metadata of the
/// issuer at the public address. Without one the issuer is fixed, because all processes must accept each other's tokens.
pub(super) fn read_vault(
    reader: &mut SettingsReader<'_>,
    graph: &regrant_graph::Settings,
    public_url: Option<&str>,
) -> regrant_vault::Settings {
    let mut settings = regrant_vault::Settings::default();
    let webhooks = &mut settings.webhooks.sender;
    webhooks.allow_loopback = reader.read_or_default("webhook.allow_loopback", false);
    if webhooks.allow_loopback && !is_loopback_url(&graph.base_url) {
        let reason = "is for rehearsals only: `graph.base_url` must be a loopback address, too";
        reader.add_fault("webhook.allow_loopback", reason);
    }
    let access = &mut settings.access;
    let named: Option<String> = reader.read_optional("issuer");
    if let Some(address) = public_url {
        (access.issuer, access.audience) = (address.to_owned(), address.to_owned());
    }
    access.issuer = named.clone().unwrap_or(std::mem::take(&mut access.issuer));
    access.audience = reader.read_or_default("audience", std::mem::take(&mut access.audience));
    if let Some(name) = named {
        settings.audit.issuer = name;
    }
    settings.lease = reader.read_seconds("lease_seconds", settings.lease);
    settings.retention = read_retention(reader);
    read_limits(reader, &mut settings);
    settings.keys.rotate_every =
        reader.read_days_or_unlimited("keys.rotate_every_days", settings.keys.rotate_every);
    let audit = &mut settings.audit;
    audit.checkpoint_every = reader.read_hours("audit.checkpoint_hours", audit.checkpoint_every);
    audit.checkpoint_file = reader.read_optional("audit.checkpoint_file");
    settings
}

fn read_limits(reader: &mut SettingsReader<'_>, settings: &mut regrant_vault::Settings) {
    let reconnect = &mut settings.reconnect;
    reconnect.max_assets =
        reader.read_at_least_one("limits.reconnect_assets", reconnect.max_assets);
    reconnect.at_once = reader.read_at_least_one("limits.jobs_in_flight", reconnect.at_once);
    let assets = &mut settings.assets;
    assets.max_registered =
        reader.read_at_least_one("limits.register_assets", assets.max_registered);
    settings.max_lookup_assets =
        reader.read_at_least_one("limits.lookup_assets", settings.max_lookup_assets);
    let tenants = &mut settings.tenants;
    tenants.max_assets = reader.read_at_least_one("limits.assets", tenants.max_assets);
    tenants.max_running_reconnects =
        reader.read_at_least_one("limits.running_reconnects", tenants.max_running_reconnects);
    tenants.max_record_bytes =
        reader.read_at_least_one("limits.record_bytes", tenants.max_record_bytes);
    tenants.deletion_wait = reader.read_days("tenant_deletion_wait_days", tenants.deletion_wait);
}

fn read_retention(reader: &mut SettingsReader<'_>) -> Retention {
    let usual = Retention::default();
    Retention {
        idempotency: reader.read_hours("retention.idempotency_hours", usual.idempotency),
        events: reader.read_days("retention.events_days", usual.events),
        cut_offs: reader.read_days("retention.cut_offs_days", usual.cut_offs),
        inbox: reader.read_days("retention.inbox_days", usual.inbox),
        reconnects: reader.read_days("retention.reconnects_days", usual.reconnects),
        audit_reads: reader.read_days_or_unlimited("retention.audit_reads_days", usual.audit_reads),
        audit_worker: reader
            .read_days_or_unlimited("retention.audit_worker_days", usual.audit_worker),
        audit_acts: reader.read_days_or_unlimited("retention.audit_acts_days", usual.audit_acts),
        reconnect_sessions: reader.read_days(
            "retention.reconnect_sessions_days",
            usual.reconnect_sessions,
        ),
    }
}
