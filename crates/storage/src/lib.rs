//! The only SQL: what Regrant knows, in SQLite or PostgreSQL through one code path.
//!
//! The rule: a tenant's rows are reached through a [`TenantTx`] alone, which binds the tenant to every
//! statement; on PostgreSQL row-level security stands behind it. Ciphertext goes in and out unread.
//! Bulk work is set-based: no method runs a statement an item.
//! Start at [`Store`]; `dialect` names every difference between the two databases.

#![forbid(unsafe_code)]

mod assets;
mod audit;
mod credentials;
mod error;
mod forecast;
mod inbound;
mod operators;
mod reconnects;
mod scope;
mod sql;
mod store;
mod tenants;
mod webhooks;
mod work;

pub use assets::{
    AssetFilter, CutOffNote, CutOffReading, FailedProof, NewAsset, Quota, Registration,
};
pub use audit::{
    AuditChain, AuditEvent, AuditFault, AuditFilter, AuditHead, AuditKind, AuditRow,
    StoredCheckpoint, Walked,
};
pub use credentials::{
    Activation, Confirmation, GrantToken, NewCredential, NewDataKey, Promotion, StoredCredential,
    StoredDataKey,
};
pub use error::Error;
pub use forecast::{
    ForecastFilter, ForecastLine, ForecastRow, ForecastTotals, PersonCounts, PersonRow, Place,
};
pub use inbound::{NewWord, PersonHash, Revoked, StoredDeletion, StoredWord};
pub use operators::{
    NewSigningKey, Operator, OperatorSession, OperatorWithPassword, StoredSigningKey,
};
pub use reconnects::{
    Accepted, Begun, IdempotencyKey, IdempotentCall, Item, ItemResult, NewItem, NewReconnect,
    NewReconnectSession, Origin, Reconnect, ReconnectSession, SessionCandidate,
};
pub use scope::{TenantScope, TenantTx};
pub use store::{NEWEST_MIGRATION, Settings, Store};
pub use tenants::{
    Candidate, ClientRow, ClientSpec, NewApp, NewClient, NewTenant, ScopeUse, StoredApp, Tenant,
    TenantLimits, TenantStatus,
};
pub use webhooks::{
    Attempt, Delivery, DeliveryFilter, DueDelivery, NewEvent, NewWebhookEndpoint, WebhookEndpoint,
};
pub use work::{
    Backlog, Claim, Claimer, DueKind, Lease, ProbeClaim, ProbeLease, TenantCounts, Waiting,
};
