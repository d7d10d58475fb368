//! Who may call what: scopes, tokens, tenant isolation, origins, sessions and rates.

mod admin_matrix;
mod bad_tokens;
mod cors;
mod dpop;
mod matrix;
mod oauth;
mod rates;
mod reach;
mod sessions;
mod strangers;
mod tampering;
