//! The steps in their order.
//!
//! Keys start with `tenant_id`, so that the schema can be distributed by tenant unchanged. Times are
//! microseconds since 1970, JSON is text. Some tables are not isolated by tenant, because they are read before
//! a tenant is known: `apps`, `tenants`, `signing_keys`, `clients` (hashes), `due` and `probe_due` (ids and
//! times), `inbox` (notices from Meta, erased when done), `person_directory` (hashes) and `tenant_origins`.
//! `operators`, `operator_sessions` and `login_attempts` belong to the installation.

mod s01_apps;
mod s02_tenants;
mod s03_signing_keys;
mod s04_clients;
mod s05_tenant_keys;
mod s06_grants;
mod s07_assets;
mod s08_credentials;
mod s09_reconnects;
mod s10_reconnect_items;
mod s11_idempotency;
mod s12_audit_events;
mod s13_due;
mod s14_probe_due;
mod s15_asset_watch;
mod s16_cut_offs;
mod s17_grant_tokens;
mod s18_events;
mod s19_webhook_endpoints;
mod s20_deliveries;
mod s21_inbox;
mod s22_audit_chain;
mod s23_audit_checkpoints;
mod s24_credentials_by_person;
mod s25_retention;
mod s26_operators;
mod s27_client_access;
mod s28_client_proofs;
mod s29_tenant_admin;
mod s30_reconnect_sessions;
mod s31_secret_overlap;
mod s32_audit_pruning;
mod s33_idempotent_responses;
mod s34_session_previews;

use crate::step::Step;

/// Every step, the oldest first.
pub(crate) const ALL: [Step; 34] = [
    s01_apps::STEP,
    s02_tenants::STEP,
    s03_signing_keys::STEP,
    s04_clients::STEP,
    s05_tenant_keys::STEP,
    s06_grants::STEP,
    s07_assets::STEP,
    s08_credentials::STEP,
    s09_reconnects::STEP,
    s10_reconnect_items::STEP,
    s11_idempotency::STEP,
    s12_audit_events::STEP,
    s13_due::STEP,
    s14_probe_due::STEP,
    s15_asset_watch::STEP,
    s16_cut_offs::STEP,
    s17_grant_tokens::STEP,
    s18_events::STEP,
    s19_webhook_endpoints::STEP,
    s20_deliveries::STEP,
    s21_inbox::STEP,
    s22_audit_chain::STEP,
    s23_audit_checkpoints::STEP,
    s24_credentials_by_person::STEP,
    s25_retention::STEP,
    s26_operators::STEP,
    s27_client_access::STEP,
    s28_client_proofs::STEP,
    s29_tenant_admin::STEP,
    s30_reconnect_sessions::STEP,
    s31_secret_overlap::STEP,
    s32_audit_pruning::STEP,
    s33_idempotent_responses::STEP,
    s34_session_previews::STEP,
];
