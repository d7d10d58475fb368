//! The only SQL: stores everything Regrant knows, in SQLite or PostgreSQL through one code path.
//!
//! The rule: a tenant's rows are reached only through a [`TenantTx`], which binds the tenant to every
//! statement; on PostgreSQL row-level security isolates tenants as well. Ciphertext is stored as it is.
//! Bulk work is set-based: no method runs one statement for each item.
//! Start at [`Store`]. A statement is one literal with named parameters (`sql/query.rs`);
//! `sql/dialect.rs` names every difference between the two databases.

#![forbid(unsafe_code)]

mod assets;
mod audit;
mod consents;
mod credentials;
mod error;
mod forecast;
mod inbound;
mod integrity;
mod links;
mod operators;
mod outage;
mod reconnects;
mod scope;
mod sql;
mod store;
mod tenants;
mod turns;
mod webhooks;
mod work;

pub use assets::{
    AssetFilter, BusinessProof, CountedRefusal, CutOffReading, DateReading, DiscoveredRow,
    Discovery, DiscoveryEnding, DiscoveryProgress, DiscoveryToken, NewAsset, NewDiscovery, Quota,
    Registration, ServedAsset,
};
pub use audit::{
    AuditChain, AuditEvent, AuditFault, AuditFilter, AuditHead, AuditKind, AuditRow, ChainReport,
    EventDetail, StoredCheckpoint,
};
pub use consents::{NewConsentCode, StoredConsent, StoredConsentCode};
pub use credentials::{
    Activation, AttributedCredential, Confirmation, DestroyedKek, GrantToken, InstallationColumn,
    InstallationSecret, KekRetirement, KekUse, NewCredential, NewDataKey, Promotion,
    RefreshableGrant, ResealedCredential, ResealedInstallationSecret, ResealedSecret,
    RewrappedDataKey, SealedSecret, SecretColumn, StoredCredential, StoredDataKey, WrappedBy,
    WrappedDataKey,
};
pub use error::Error;
pub use forecast::{CalendarFeed, ForecastFilter, ForecastRow};
pub use inbound::{
    GrantedConsent, NewNotice, PersonHash, RevokedConsent, StoredDeletion, StoredNotice,
    StoredUnknownError,
};
pub use integrity::{RowName, RowSeals, SealedRow, SlottedCredential};
pub use links::{BrowserHash, Link, LinkKey, LinkSummary, NewLink, NewLinkLogin, UnverifiedLink};
pub use operators::{
    LoginFailures, LoginOrigin, LoginRefusals, NewSigningKey, OperatorSession,
    OperatorWithPassword, StoredSigningKey,
};
pub use outage::Outage;
pub use reconnects::{
    AcceptedReconnect, EarlierUndo, IdempotencyKey, IdempotentCall, Item, ItemResult, NewItem,
    NewPreview, NewReconnect, NewReconnectSession, Preview, PreviewEnding, PreviewEvent,
    PreviewPerson, PreviewTally, RECORD_ROW_BYTES, Reconnect, ReconnectCause, ReconnectSession,
    ReconnectSessionSummary, ReconnectVisibility, SessionTokens, UndoableAsset, UndoneReconnect,
    UnverifiedSession,
};
/// Types of the domain that are stored as they are.
pub use regrant_domain::{
    ClientSpec, CutOffNote, Delivery, ForecastLine, ForecastPosition, ForecastTotals, Operator,
    PersonCounts, PersonFacts, ScopeUse, TenantLimits, TenantStatus,
};
pub use scope::{TenantScope, TenantTx};
pub use sql::ListedRows;
pub use store::{NEWEST_MIGRATION, Settings, Store};
pub use tenants::{
    ClientProof, ClientRow, DeletionCause, DeletionRecord, NewApp, NewClient, NewDeletion,
    NewTenant, StoredApp, StreamTicket, Tenant, UnverifiedClient,
};
pub use webhooks::{
    DeliveryFilter, DueDelivery, EventRange, NewEvent, NewWebhookEndpoint, SettledDelivery,
    StoredEvent, WebhookEndpoint,
};
pub use work::{
    Backlog, Claim, Claimer, DueKind, ErasureCause, Lease, Node, OwedErasures, PassedOver,
    ProbeClaim, ProbeLease, TenantCounts, WaitingWork,
};
