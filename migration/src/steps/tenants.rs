//! Steps for apps, tenants and their clients.

pub(super) mod s01_apps;
pub(super) mod s02_tenants;
pub(super) mod s04_clients;
pub(super) mod s27_client_access;
pub(super) mod s28_client_proofs;
pub(super) mod s29_tenant_admin;
pub(super) mod s31_secret_overlap;
pub(super) mod s41_row_seals;
pub(super) mod s42_walled_tables;
pub(super) mod s50_client_lookups;
pub(super) mod s59_login_settings;
pub(super) mod s73_stream_tickets;
pub(super) mod s75_revoked_tokens;
