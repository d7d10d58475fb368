//! The steps in their order, in folders named like those of storage.
//!
//! Keys start with `tenant_id`, so that the tables can be distributed by tenant: `layout.rs` says which. Times are
//! microseconds since 1970, JSON is text. Rows of a tenant are written in that tenant's transactions alone. Some are
//! read before a tenant is known: `tenants`, `due` and `probe_due` (ids and times), `person_directory` (hashes),
//! `tenant_origins`, `key_wraps` and `deletions` (ids, times and counts); a client is read by its id through a function. `apps`, `signing_keys`, `inbox` (notices from Meta,
//! erased when done), `operators`, `operator_sessions`, `login_attempts`, `login_refusals`, `graph_errors`, `erasures`,
//! `nodes`, `kek_floor`, `kek_retirements` and `destroyed_keks` belong to the installation.

mod assets;
mod audit;
mod comments;
mod consents;
mod credentials;
mod forecast;
mod inbound;
mod links;
mod operators;
mod reconnects;
mod tenants;
mod webhooks;
mod work;

use crate::step::Step;

/// Every step, the oldest first.
pub(crate) const ALL: [Step; 69] = [
    tenants::s01_apps::STEP,
    tenants::s02_tenants::STEP,
    operators::s03_signing_keys::STEP,
    tenants::s04_clients::STEP,
    credentials::s05_tenant_keys::STEP,
    credentials::s06_grants::STEP,
    assets::s07_assets::STEP,
    credentials::s08_credentials::STEP,
    reconnects::s09_reconnects::STEP,
    reconnects::s10_reconnect_items::STEP,
    reconnects::s11_idempotency::STEP,
    audit::s12_audit_events::STEP,
    work::s13_due::STEP,
    work::s14_probe_due::STEP,
    assets::s15_asset_watch::STEP,
    assets::s16_cut_offs::STEP,
    credentials::s17_grant_tokens::STEP,
    webhooks::s18_events::STEP,
    webhooks::s19_webhook_endpoints::STEP,
    webhooks::s20_deliveries::STEP,
    inbound::s21_inbox::STEP,
    audit::s22_audit_chain::STEP,
    audit::s23_audit_checkpoints::STEP,
    credentials::s24_credentials_by_person::STEP,
    work::s25_retention::STEP,
    operators::s26_operators::STEP,
    tenants::s27_client_access::STEP,
    tenants::s28_client_proofs::STEP,
    tenants::s29_tenant_admin::STEP,
    reconnects::s30_reconnect_sessions::STEP,
    tenants::s31_secret_overlap::STEP,
    audit::s32_audit_pruning::STEP,
    reconnects::s33_idempotent_responses::STEP,
    reconnects::s34_session_previews::STEP,
    assets::s35_asset_judgement::STEP,
    credentials::s36_grant_facts::STEP,
    inbound::s37_token_owners::STEP,
    inbound::s38_graph_errors::STEP,
    assets::s39_business_source::STEP,
    tenants::s41_row_seals::STEP,
    tenants::s42_walled_tables::STEP,
    operators::s44_login_refusals::STEP,
    work::s46_erasures::STEP,
    work::s47_run_failures::STEP,
    tenants::s50_client_lookups::STEP,
    work::s51_tenant_leases::STEP,
    work::s53_read_functions::STEP,
    credentials::s55_key_rotation::STEP,
    credentials::s56_deletions::STEP,
    work::s57_statistics::STEP,
    consents::s58_consents::STEP,
    tenants::s59_login_settings::STEP,
    links::s60_links::STEP,
    links::s61_link_logins::STEP,
    reconnects::s62_undo::STEP,
    reconnects::s63_session_tokens::STEP,
    reconnects::s64_previews::STEP,
    assets::s65_discoveries::STEP,
    credentials::s66_kek_retirements::STEP,
    credentials::s67_compromised_keys::STEP,
    webhooks::s71_bulk_events::STEP,
    forecast::s72_calendar_feeds::STEP,
    tenants::s73_stream_tickets::STEP,
    tenants::s75_revoked_tokens::STEP,
    credentials::s76_revocations::STEP,
    audit::s77_audit_key_versions::STEP,
    comments::s79_comments::STEP,
    credentials::s80_approved_retirements::STEP,
    audit::s90_audit_key_changes::STEP,
];
