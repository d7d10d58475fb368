//! Who may call: authentication, permissions, and the calls that a page in a browser may make.
//!
//! The rule: Regrant decides about a call before it reads a byte of the body. `authenticate.rs` finds the caller by its
//! access token or ticket, `caller.rs` checks its permission, `cors.rs` and `browser.rs` limit pages.

mod access_token;
mod authenticate;
mod browser;
mod caller;
mod cors;
mod ticket;

pub(crate) use access_token::{read_bearer_token, uses_dpop_scheme};
pub(crate) use authenticate::{charge_body, require_caller};
pub(crate) use caller::{
    AssetsRead, AssetsWrite, AuditRead, Caller, EventsRead, ForecastRead, ReconnectsPreview,
    ReconnectsWrite, TokensRead, WebhooksWrite,
};
pub(crate) use cors::handle_cors;
