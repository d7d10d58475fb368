//! What clients, operators and browsers may do.

mod client;
mod network;
mod operator;
mod operator_account;
mod page_url;
mod permission;
mod reach;
mod read_reason;
mod retirement;
mod revoked_tokens;
mod web_origin;

pub use client::{ClientSpec, ScopeUse};
pub use network::network_of;
pub use operator::{InvalidOperatorName, OperatorName, OperatorRole};
pub use operator_account::Operator;
pub use page_url::{InvalidPageUrl, PageUrl};
pub use permission::{Permission, Permissions};
pub use reach::{Reach, ReachLimit};
pub use read_reason::{InvalidReadReason, ReadReason};
pub use retirement::{
    RETIREMENT_DELAY, RETIREMENT_OPEN_FOR, RetirementCaller, RetirementRequest, RetirementStep,
    decide_retirement,
};
pub use revoked_tokens::{MAX_REVOKED_TOKENS, RevokedTokens};
pub use web_origin::{InvalidWebOrigin, WebOrigin};
