//! Log-in of clients: access tokens (RFC 6749 §4.4), what a client does with them, and the metadata that programs configure
//! themselves from.
//!
//! The rule: every error under `/oauth` is one of OAuth, and an unknown client gets the response of a wrong secret.
//! `client_form.rs` reads who the client is; `token.rs`, `revocation.rs` and `introspection.rs` are the endpoints.

mod client_form;
mod errors;
pub(super) mod introspection;
pub(super) mod keys;
pub(super) mod metadata;
pub(super) mod revocation;
pub(super) mod token;
