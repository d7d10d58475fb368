//! Settings of the use cases: tokens, leases, limits, retention, webhooks and the audit.

use regrant_vault::Retention;

use super::{Reader, loopback::is_loopback_url};

/// Reads the settings of the vault; `graph` decides whether webhooks to loopback are allowed.
pub(super) fn read_vault(
    reader: &mut Reader<'_>,
    graph: &regrant_graph::Settings,
) -> regrant_vault::Settings {
    let usual = regrant_vault::Settings::default();
    let mut webhooks = usual.webhooks;
    webhooks.allow_loopback = reader.or("webhook.allow_loopback", false);
    if webhooks.allow_loopback && !is_loopback_url(&graph.base_url) {
        let reason = "is for rehearsals only: `graph.base_url` must be a loopback address, too";
        reader.fault("webhook.allow_loopback", reason);
    }
    regrant_vault::Settings {
        issuer: reader.or("issuer", usual.issuer),
        audience: reader.or("audience", usual.audience),
        lease: reader.seconds("lease_seconds", usual.lease),
        max_reconnect_assets: reader
            .at_least_one("limits.reconnect_assets", usual.max_reconnect_assets),
        max_register_assets: reader
            .at_least_one("limits.register_assets", usual.max_register_assets),
        max_lookup_assets: reader.at_least_one("limits.lookup_assets", usual.max_lookup_assets),
        max_assets: reader.at_least_one("limits.assets", usual.max_assets),
        max_running_reconnects: reader
            .at_least_one("limits.running_reconnects", usual.max_running_reconnects),
        retention: read_retention(reader),
        tenant_deletion_wait: reader.days("tenant_deletion_wait_days", usual.tenant_deletion_wait),
        jobs_in_flight: reader.at_least_one("limits.jobs_in_flight", usual.jobs_in_flight),
        webhooks,
        checkpoint_every: reader.hours("audit.checkpoint_hours", usual.checkpoint_every),
        checkpoint_file: reader.optional("audit.checkpoint_file"),
        ..regrant_vault::Settings::default()
    }
}

fn read_retention(reader: &mut Reader<'_>) -> Retention {
    let usual = Retention::default();
    Retention {
        idempotency: reader.hours("retention.idempotency_hours", usual.idempotency),
        events: reader.days("retention.events_days", usual.events),
        cut_offs: reader.days("retention.cut_offs_days", usual.cut_offs),
        inbox: reader.days("retention.inbox_days", usual.inbox),
        reconnects: reader.days("retention.reconnects_days", usual.reconnects),
        audit_reads: reader.days_or_for_ever("retention.audit_reads_days", usual.audit_reads),
        audit_worker: reader.days_or_for_ever("retention.audit_worker_days", usual.audit_worker),
        audit_acts: reader.days_or_for_ever("retention.audit_acts_days", usual.audit_acts),
        reconnect_sessions: reader.days(
            "retention.reconnect_sessions_days",
            usual.reconnect_sessions,
        ),
    }
}
