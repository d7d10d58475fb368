//! The words of Regrant as types: identifiers, assets, credentials, grants, outcomes, states, time.
//!
//! The one rule: no I/O and nothing asynchronous. Whatever decides something (an outcome, a state)
//! is a pure function here, so that a table of cases can prove it.
//! Start at [`settle`] for what a probe does to an asset and at [`state`] for what an asset is worth.

mod asset;
mod clock;
pub mod coverage;
mod credential;
mod cut_off;
mod error_chain;
mod event;
pub mod failover;
pub mod forecast;
mod grant;
mod graph_id;
mod ids;
mod inbox;
mod operator;
mod origin;
mod outcome;
mod permission;
mod plan_id;
mod proof;
mod reach;
mod read_reason;
mod reconnect;
pub mod refresh;
pub mod retry;
pub mod schedule;
mod scope_table;
mod secret;
pub mod settle;
pub mod state;
pub mod watch;
pub mod webhook;

pub use asset::{Asset, AssetFacts, AssetKind, UnknownAssetKind};
pub use clock::{Clock, Timestamp};
pub use credential::{Credential, CredentialKind, Slot};
pub use cut_off::{Confidence, CutOff, CutOffSource};
pub use error_chain::error_chain;
pub use event::EventKind;
pub use grant::{Grant, GrantedScope};
pub use graph_id::{AppId, AssetId, InvalidGraphId, PersonId};
pub use ids::{
    ClientId, CredentialId, DeliveryId, EventId, GrantId, InvalidId, OperatorId, OperatorSessionId,
    ReconnectId, ReconnectSessionId, RequestId, TenantId, WebhookEndpointId,
};
pub use inbox::{InboxKind, Word};
pub use operator::{InvalidOperatorName, OperatorName, OperatorRole, UnknownRole};
pub use origin::{InvalidOrigin, Origin};
pub use outcome::{Coverage, Outcome, Reason, ReasonCode, Serving, Who};
pub use permission::{Permission, Permissions, UnknownPermission};
pub use plan_id::PlanId;
pub use proof::{Proof, Proven, Refusal, RefusalKind};
pub use reach::{Reach, Within};
pub use read_reason::{InvalidReadReason, ReadReason};
pub use reconnect::{Counts, ReconnectStatus};
pub use scope_table::find_missing_scope;
pub use secret::{
    AccessToken, AppSecret, ClientSecret, InvalidPassword, InvalidSecret, Passphrase, Password,
    Sealed, VerifyToken,
};
