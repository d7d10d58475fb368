//! Who may call: authentication, permissions, and what a page in a browser may do.
//!
//! The rule: a call is let in before a byte of its body is read. `authenticate.rs` decides who calls, `caller.rs` what
//! it may do, `cors.rs` and `browser.rs` what a page may call and read.

mod authenticate;
mod browser;
mod caller;
mod cors;

pub(crate) use authenticate::{authenticate, bearer};
pub(crate) use caller::{
    AssetsRead, AssetsWrite, AuditRead, Caller, ForecastRead, ReconnectsPreview, ReconnectsWrite,
    TokensRead, WebhooksWrite,
};
pub(crate) use cors::cors;
