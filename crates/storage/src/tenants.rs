//! Apps, tenants and their clients, and what deletes a tenant's rows.

pub(crate) mod app;
pub(crate) mod client;
pub(crate) mod client_login;
pub(crate) mod client_scope;
pub(crate) mod origin;
pub(crate) mod purge;
pub(crate) mod tenant;

pub use app::{NewApp, StoredApp};
pub use client::{ClientRow, ClientSpec, NewClient, ScopeUse};
pub use client_login::Candidate;
pub use tenant::{NewTenant, Tenant, TenantLimits, TenantStatus};
