//! The only SQL: what Regrant knows, in SQLite or PostgreSQL through one code path.
//!
//! The rule: a tenant's rows are reached through a [`TenantTx`] alone, which binds the tenant to every
//! statement; on PostgreSQL row-level security stands behind it. Ciphertext goes in and out unread.
//! Bulk work is set-based: no method runs a statement an item.
//! Start at [`Store`]; `dialect` names every difference between the two databases.

#![forbid(unsafe_code)]

mod app;
mod asset;
mod asset_list;
mod audit;
mod audit_key;
mod audit_kind;
mod audit_list;
mod audit_prune;
mod audit_walk;
mod backlog;
mod candidate;
mod client;
mod client_scope;
mod credential;
mod cut_off;
mod data_key;
mod delivery;
mod dialect;
mod due;
mod error;
mod event;
mod forecast;
mod grant;
mod idempotency;
mod inbox;
mod item;
mod login_attempt;
mod operator;
mod person;
mod person_list;
mod probe_due;
mod purge;
mod query;
mod quota;
mod reconnect;
mod reconnect_session;
mod row;
mod scope;
mod settle;
mod signing_key;
mod sole;
mod stand_in;
mod store;
mod tenant;
mod tenant_origin;
mod webhook;

pub use app::{NewApp, StoredApp};
pub use asset::{FailedProof, NewAsset, Registration};
pub use asset_list::AssetFilter;
pub use audit::{AuditChain, AuditEvent, AuditHead};
pub use audit_kind::AuditKind;
pub use audit_list::{AuditFilter, StoredCheckpoint};
pub use audit_walk::{AuditFault, AuditRow, Walked};
pub use backlog::{Backlog, TenantCounts, Waiting};
pub use candidate::Candidate;
pub use client::{ClientRow, ClientSpec, NewClient, ScopeUse};
pub use credential::StoredCredential;
pub use cut_off::{CutOffNote, CutOffReading};
pub use data_key::{NewDataKey, StoredDataKey};
pub use delivery::{Attempt, Delivery, DeliveryFilter, DueDelivery};
pub use due::{Claim, DueKind, Lease};
pub use error::Error;
pub use event::NewEvent;
pub use forecast::{ForecastFilter, ForecastLine, ForecastRow, ForecastTotals, Place};
pub use grant::GrantToken;
pub use idempotency::{IdempotencyKey, IdempotentCall};
pub use inbox::{NewWord, StoredDeletion, StoredWord};
pub use item::{Item, ItemResult, NewItem};
pub use operator::{Operator, OperatorSession, OperatorWithPassword};
pub use person::{PersonHash, Revoked};
pub use person_list::{PersonCounts, PersonRow};
pub use probe_due::{Claimer, ProbeClaim, ProbeLease};
pub use quota::Quota;
pub use reconnect::{Accepted, Begun, NewReconnect, Origin, Reconnect};
pub use reconnect_session::{NewReconnectSession, ReconnectSession, SessionCandidate};
pub use scope::{TenantScope, TenantTx};
pub use settle::{Activation, Confirmation, NewCredential, Promotion};
pub use signing_key::{NewSigningKey, StoredSigningKey};
pub use store::{NEWEST_MIGRATION, Settings, Store};
pub use tenant::{NewTenant, Tenant, TenantLimits, TenantStatus};
pub use webhook::{NewWebhookEndpoint, WebhookEndpoint};
