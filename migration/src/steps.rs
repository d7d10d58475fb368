//! The steps in their order.
//!
//! Keys start with `tenant_id`, so that the schema can be distributed by tenant unchanged. Times are
//! microseconds since 1970, JSON is text. Not walled, because they are read before a tenant is known:
//! `apps`, `tenants`, `signing_keys`, `clients` (hashes), `due` and `probe_due` (ids and times),
//! `inbox` (what Meta tells, erased when worked off), `person_directory` (hashes) and `tenant_origins`; `operators`, `operator_sessions` and `login_attempts` belong to the installation.

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
mod s19_webhooks;
mod s20_inbox;
mod s21_audit_chain;
mod s21_checkpoints;
mod s23_credentials_by_person;
mod s24_retention;
mod s25_operators;
mod s26_client_access;
mod s28_tenant_admin;
mod s29_reconnect_sessions;
mod s30_secret_overlap;
mod s31_audit_pruning;
mod s32_idempotent_answers;
mod s33_session_previews;

use crate::step::Step;

/// Every step, oldest first.
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
    s19_webhooks::ENDPOINTS,
    s19_webhooks::DELIVERIES,
    s20_inbox::STEP,
    s21_audit_chain::STEP,
    s21_checkpoints::STEP,
    s23_credentials_by_person::STEP,
    s24_retention::STEP,
    s25_operators::STEP,
    s26_client_access::LIMITS,
    s26_client_access::PROOFS,
    s28_tenant_admin::STEP,
    s29_reconnect_sessions::STEP,
    s30_secret_overlap::STEP,
    s31_audit_pruning::STEP,
    s32_idempotent_answers::STEP,
    s33_session_previews::STEP,
];
